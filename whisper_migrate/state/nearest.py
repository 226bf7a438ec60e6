"""Find the revision that a database equals or is nearest to: replay the history, and compare after each revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from whisper_migrate.catalog.describe import outline
from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import strangers
from whisper_migrate.project.ignore import split
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.sign_of_life import counting


@dataclass(frozen=True)
class Candidate:
    """A revision, or several joined by commas, with the catalog there, and the differences of the database from it."""

    revision: str
    catalog: Catalog
    changes: list[Change]

    @property
    def distance(self) -> int:
        """A measure of the differences."""
        return distance(self.changes)

    @property
    def difference(self) -> str:
        """The differences in words, such as `3 differences: 2 functions differ, 1 table missing`."""
        count = len(outline(self.changes))
        return f"{counted(count, 'difference')}: {tally(self.changes)}" if count else "no difference"


def distance(changes: list[Change]) -> int:
    """Measure differences: unexpected and missing objects count two, objects that differ count one."""
    return sum(1 if change.sign == "~" else 2 for change in changes)


def candidates(history: History, made: Shadows, actual: Catalog, joint: Sequence[str] = ()) -> list[Candidate]:
    """Return all revisions with their differences from a database, the nearest first, else in the history's order.

    Of equally near revisions, those of the history come before those that were squashed. `joint` are targets of several
    revisions joined by commas, which are compared too, and come first.
    """
    found: list[Candidate] = []
    known: dict[Change, bool] = {}
    states = (_states(part, made, str(number)) for number, part in enumerate((history, *history.archives)))
    for revision, shadow in chain(_together(history, made, joint), *states):
        if any(one.revision == revision for one in found):
            continue
        # Neighbouring revisions differ in few objects, so unchanged definitions are stored and compared only once.
        catalog = inspect(shadow, like=found[-1].catalog if found else actual)
        changes, _ = split(diff(catalog, actual), history.project.ignored, catalog, actual)
        unknown = [change for change in changes if change not in known]
        differing = {id(change) for change in settled(shadow, unknown)}
        known |= {change: id(change) in differing for change in unknown}
        shadow.rollback()
        real = [change for change in changes if known[change]]
        found.append(Candidate(revision, catalog, real + strangers(history.project, catalog, actual)))
    return sorted(found, key=lambda one: one.distance)


def _together(history: History, made: Shadows, joint: Sequence[str]) -> Iterator[tuple[str, Connection]]:
    """Yield each target of several revisions with a shadow that is at it."""
    for number, target in enumerate(joint):
        with connected(made.create(f"joint{number}")) as shadow:
            history.replay(shadow, *target.split(","))
            yield target, shadow


def _states(history: History, made: Shadows, name: str) -> Iterator[tuple[str, Connection]]:
    """Yield each revision with a shadow that is at it.

    All revisions use one shadow, except where the history branches.
    """
    run: set[str] = set()
    revisions = history.newest_first()[::-1]
    with (
        connected(made.create(f"walk{name}")) as walk,
        counting("comparing with revision") as count,
    ):
        for number, script in enumerate(revisions):
            count(len(revisions))
            history.step(walk, script.revision, "upgrade")
            if run == {other.revision for other in history.before(script)}:
                yield script.revision, walk
            else:
                with connected(made.create(f"branch{name}_{number}")) as branch:
                    history.replay(branch, script.revision)
                    yield script.revision, branch
            run.add(script.revision)


def tally(changes: list[Change]) -> str:
    """Count changes by kind, the most frequent first: `17 functions differ, 2 tables missing, 1 column more`."""
    numbers = Counter((change.sign, change.object.kind) for change in outline(changes))
    return ", ".join(f"{counted(count, kind)} {_verb(sign, count)}" for (sign, kind), count in numbers.most_common())


def _verb(sign: str, count: int) -> str:
    if sign == "~":
        return verb(count, "differs", "differ")
    return "missing" if sign == "-" else "more"
