"""Prove pairs on one server, and tell deliberate refusals from failures."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from tests.fuzz.pairs import Pair, Refused, project_in, prove_pair
from tests.support.servers import Maker
from whisper_migrate.errors import Failure

# Deliberate refusals, each with its pattern. Every other refusal by the planner is a failure.
DELIBERATE = {
    "a value of a composite type whose attributes change places": re.compile(
        r"Column .+ holds values of composite type .+, whose attributes change places: no expression can move them over"
    ),
    "other places for the attributes that a typed table has its columns from": re.compile(
        r"No SQL can make composite type .+ anew under the table .+, which is made of it"
        r"|Table .+ cannot be one of type .+: its columns stay in their places"
    ),
    "an expression of a column whose table has two levels of child tables": re.compile(
        r"Column .+ cannot lose its expression: its table has child tables with child tables"
    ),
    "another type of a partition key": re.compile(
        r"Column .+ is part of the partition key, and its type cannot change"
    ),
}
FAILED = "FAILED"


@dataclass(frozen=True)
class Outcome:
    """The result for a pair: proved, refused for a known reason, or FAILED; with the message."""

    word: str
    said: str = ""

    @property
    def failed(self) -> bool:
        return self.word == FAILED


class Prover:
    """Proves pairs with two databases per pair, and a folder for revision files."""

    def __init__(self, server: URL) -> None:
        self._maker = Maker(server)
        self._folder = tempfile.TemporaryDirectory()
        self._project = project_in(Path(self._folder.name))

    def outcome(self, pair: Pair) -> Outcome:
        """Prove a pair, and return the result."""
        try:
            prove_pair(self._maker, self._project, pair.before, pair.after, pair.in_file)
        except Refused as refusal:
            return Outcome("refused by PostgreSQL", str(refusal))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            names = DELIBERATE.items() if isinstance(error, Failure) else ()
            name = next((name for name, pattern in names if pattern.match(str(error))), None)
            return Outcome(f"refused by us: {name}" if name else FAILED, said)
        finally:
            self._maker.drop()
        return Outcome("proved")

    def smaller(self, pair: Pair) -> Pair:
        """Return a failing pair with as few changes as possible."""
        size = len(pair.changed)
        while size > 0:
            names = sorted(pair.changed)
            for start in range(0, len(names), size):
                less = pair.without(*names[start : start + size])
                pair = less if self.outcome(less).failed else pair
            size //= 2
        return pair

    def close(self) -> None:
        self._maker.close()
        self._folder.cleanup()


own: Prover  # of this process, if it is one of several workers


def start(server: URL) -> None:
    """Prepare this process for proving pairs."""
    global own
    own = Prover(server)


def prove(number: int, version: int) -> tuple[Outcome, str]:
    """Prove the pair of this number; return the result, and the minimal pair as text if it failed."""
    pair = Pair.of(number, version)
    outcome = own.outcome(pair)
    return outcome, f"\n{own.smaller(pair)}" if outcome.failed else ""
