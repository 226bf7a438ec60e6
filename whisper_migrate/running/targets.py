"""Explain why a target leads nowhere (`+1` at the head, `-1` at a merge, an ambiguous id), with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError

from whisper_migrate.catalog.names import joined
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import labels, needed, parents
from whisper_migrate.history.history import History
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.revision_ids import ids

STEPS = re.compile(r"(?P<start>\w*)(?P<sign>[+-])(?P<number>\d+)")
SEE = "See the revisions there are with: migrate.py history"


def refusal(history: History, direction: str, target: str, stamps: Sequence[str], said: str) -> Failure:
    """Return the failure for a target; `said` is Alembic's own message, used for an unknown id."""
    found = STEPS.fullmatch(target)
    if found and not found["start"]:
        return _of_steps(history, direction, target, found["sign"], int(found["number"]), list(stamps))
    if ":" in target:
        return Failure(f"{target} is a range, which is for a script.", f"migrate.py {direction} --sql {target}")
    if "@" in target:
        label = target.partition("@")[0]
        if any(label in script.branch_labels for script in history.newest_first()):
            at = ids(stamps)
            return Failure(f"The database is at {at}: {target} leads to no revision from there.", SEE)
        return Failure(f"The history has no branch {label}, so {target} leads nowhere.", f"migrate.py {direction} head")
    if target == "heads" and len(history.heads) > 1:
        return Failure(f"heads are {joined(history.heads)}: a {direction} goes to one of them, or below them.", SEE)
    if found and _is_known(history, found["start"]):
        start = None if found["start"] in ("head", "base") else history.find(found["start"])
        below = start and found["sign"] == "-" and int(found["number"]) <= len(history.before(start))
        if start and below:
            return _of_merge(history, direction, target, start.revision)
        return Failure(f"There is no revision so many steps from {found['start']}: {target}.", SEE)
    known = sorted(script.revision for script in history.newest_first() if script.revision.startswith(target))
    if len(known) > 1 and target not in known:
        return Failure(
            f"{target} begins the ids of {counted(len(known), 'revision')}: {joined(known)}.",
            f"Type more of it: migrate.py {direction} {known[0]}",
        )
    if direction == "downgrade" and known:
        at = ids(stamps)
        return Failure(f"The database is at {at}, and {known[0]} is not before that.", f"migrate.py upgrade {known[0]}")
    return Failure(said, SEE)


def _of_steps(history: History, direction: str, target: str, sign: str, number: int, stamps: list[str]) -> Failure:
    at, wanted = ids(stamps), "+" if direction == "upgrade" else "-"
    other = "downgrade" if direction == "upgrade" else "upgrade"
    if sign != wanted:
        return Failure(f"{target} is for a{'n' if other == 'upgrade' else ''} {other}.", f"migrate.py {other} {target}")
    if not number:
        return Failure(f"{target} is no step: nothing was run.", f"migrate.py {direction} {wanted}1")
    if direction == "upgrade":
        left = len(history.pending(stamps))
        if not left:
            return Failure(f"The database is at {at}, the head: no revision comes after it.", "migrate.py status")
        if left >= number:
            ways = [f"migrate.py upgrade {name}" for name in sorted(_ways_up(history, target, stamps))]
            return Failure(f"The history has branches: {target} does not say on which.", "; or ".join(ways))
        there = f"{counted(left, 'revision')} {verb(left, 'comes', 'come')}"
        return Failure(f"Only {there} after {at}, and {target} asks for {number}.", "migrate.py upgrade head")
    if not stamps:
        return Failure("The database is at no revision: there is none to revert.", "migrate.py status")
    if len(stamps) > 1:
        first = f"The database is stamped with {counted(len(stamps), 'revision')} at once ({at})"
        ways = [f"migrate.py downgrade {name}{target}" for name in _branches(history, stamps)]
        return Failure(
            f"{first}: {target} does not say which to revert.", "; or ".join(ways) or history.way_out(stamps)
        )
    script = history.find(stamps[0])
    applied = len(history.before(script)) + 1
    if isinstance(script.down_revision, tuple) or number < applied:
        return _of_merge(history, direction, target, stamps[0])
    return Failure(
        f"Only {counted(applied, 'revision')} {verb(applied, 'is', 'are')} applied, and {target} would revert"
        f" {number}.",
        "migrate.py downgrade base",
    )


def _of_merge(history: History, direction: str, target: str, revision: str) -> Failure:
    """Return the failure for steps back from a merge, or from a revision above a merge."""
    script = history.find(revision)
    joins, remedy = f"Below {revision} the history has branches", SEE
    if isinstance(script.down_revision, tuple):
        sides = parents(script)
        joins = f"{revision} joins {joined(sides)}"
        remedy = "; or ".join(f"migrate.py {direction} {side}" for side in sides)
    return Failure(f"{joins}: {target} does not say which of them to go back to.", remedy)


def _ways_up(history: History, target: str, stamps: list[str]) -> Iterator[str]:
    """Yield targets to type instead of a step up without a branch: by label, else the revisions that are next."""
    names = labels(history.scripts, history.heads)
    if all(name != head for head, name in names.items()):
        yield from (f"{name}@{target}" for name in names.values())
        return
    pending = history.pending(stamps)
    left = {script.revision for script in pending}
    yield from (script.revision for script in pending if left.isdisjoint(needed(script)))


def _branches(history: History, stamps: list[str]) -> list[str]:
    """Return the labels, each with an @, of the branches of a database that is stamped with several revisions."""
    names = labels(history.scripts, stamps) if all(_is_known(history, one) for one in stamps) else {}
    return [f"{name}@" for head, name in names.items() if name != head]


def _is_known(history: History, name: str) -> bool:
    try:
        return name in ("head", "base") or history.holding(name).scripts.get_revision(name) is not None
    except (CommandError, RevisionError):
        return False
