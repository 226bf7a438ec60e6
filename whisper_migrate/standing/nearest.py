"""Which revision a database equals, or is nearest to: the history is replayed, and compared after each revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from alembic.script import Script
from sqlalchemy import Connection

from whisper_migrate.catalog import Catalog, Change, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows
from whisper_migrate.history import History
from whisper_migrate.ignore import split
from whisper_migrate.inspect import inspect
from whisper_migrate.plurals import counted, verb
from whisper_migrate.settle import settled
from whisper_migrate.words import outline


@dataclass(frozen=True)
class Candidate:
    """A revision, what its catalog holds, and what differs from there to the database."""

    revision: str
    catalog: Catalog
    changes: list[Change]

    @property
    def distance(self) -> int:
        """How far away the database is: something more or missing counts twice as much as another form of it."""
        return sum(1 if change.sign == "~" else 2 for change in self.changes)

    @property
    def difference(self) -> str:
        """`3 differences: 2 functions differ, 1 table missing`; "no difference"."""
        count = len(outline(self.changes))
        return f"{counted(count, 'difference')}: {tally(self.changes)}" if count else "no difference"


def candidates(history: History, made: Shadows, actual: Catalog) -> list[Candidate]:
    """Every revision beside the database, the nearest first, and of those that are as near the one that comes first.

    Those that were folded into another one come behind those of the history.
    """
    found: list[Candidate] = []
    known: dict[Change, bool] = {}
    for script, shadow in chain.from_iterable(
        _states(part, made, str(number)) for number, part in enumerate((history, *history.archives))
    ):
        if any(one.revision == script.revision for one in found):
            continue
        # One after another they differ in a few objects: what is the same is kept, and judged, once.
        catalog = inspect(shadow, like=found[-1].catalog if found else actual)
        changes, _ = split(diff(catalog, actual), history.project.ignored, catalog, actual)
        unknown = [change for change in changes if change not in known]
        differing = {id(change) for change in settled(shadow, unknown)}
        known |= {change: id(change) in differing for change in unknown}
        shadow.rollback()
        found.append(Candidate(script.revision, catalog, [change for change in changes if known[change]]))
    return sorted(found, key=lambda one: one.distance)


def _states(history: History, made: Shadows, name: str) -> Iterator[tuple[Script, Connection]]:
    """Each revision with a shadow that stands there: one for all of them, but where the history has branches."""
    run: set[str] = set()
    with connected(made.create(f"walk{name}")) as walk:
        for number, script in enumerate(reversed(history.newest_first())):
            history.step(walk, script.revision, "upgrade")
            if run == {other.revision for other in history.before(script)}:
                yield script, walk
            else:
                with connected(made.create(f"branch{name}_{number}")) as branch:
                    history.replay(branch, script.revision)
                    yield script, branch
            run.add(script.revision)


def tally(changes: list[Change]) -> str:
    """How many of which kind, in words, the most first: `17 functions differ, 2 tables missing, 1 column more`."""
    numbers = Counter((change.sign, change.object.kind) for change in outline(changes))
    return ", ".join(f"{counted(count, kind)} {_verb(sign, count)}" for (sign, kind), count in numbers.most_common())


def _verb(sign: str, count: int) -> str:
    if sign == "~":
        return verb(count, "differs", "differ")
    return "missing" if sign == "-" else "more"
