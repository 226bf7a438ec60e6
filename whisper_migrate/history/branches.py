"""Which heads of a history belong side by side, and which are a fork that somebody has to join."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from alembic.script import Script, ScriptDirectory

from whisper_migrate.errors import Failure

if TYPE_CHECKING:
    from whisper_migrate.history.history import History


def rivals(scripts: ScriptDirectory, heads: Sequence[str]) -> list[str]:
    """Return the heads that make a fork: they come from one revision, and no branch label tells them apart.

    Two people write such heads in two checkouts. Heads with bases of their own, or with labels of their own, are
    branches of the project.
    """
    found = {name: scripts.get_revision(name) for name in heads}
    forked = {head.revision for pair in combinations(found.values(), 2) if _are_rivals(scripts, *pair) for head in pair}
    return [name for name in heads if name in forked]


def parents(script: Script) -> list[str]:
    """Return the ids in a revision's down_revision, sorted."""
    down = script.down_revision
    return sorted([down] if isinstance(down, str) else down or ())


def needed(script: Script) -> list[str]:
    """Return the ids in a revision's down_revision and depends_on, sorted."""
    others = script.dependencies
    return sorted({*parents(script), *([others] if isinstance(others, str) else others or ())})


def labels(scripts: ScriptDirectory, heads: Sequence[str]) -> dict[str, str]:
    """Return a name for each head: a branch label that no other head has, else its id."""
    found = {head: scripts.get_revision(head).branch_labels for head in sorted(heads)}
    names = {}
    for head, own in found.items():
        others = set().union(*(theirs for one, theirs in found.items() if one != head))
        names[head] = min(own - others, default=head)
    return names


def scripts_of(history: History, target: str) -> list[Script]:
    """Return the revisions of a target: an id or its beginning, several joined by commas, `head` (all heads), `base`.

    There is none for `base`. A head that another one depends on is left out, as Alembic does in its version table.
    Raises Failure for a fork, and for an unknown id.
    """
    if target == "base":
        return []
    if target in ("head", "heads"):
        history.require_no_fork()
        return _ends(history)
    return [history.find(name) for name in target.split(",")]


def joint(history: History, stamps: Sequence[str]) -> list[str]:
    """Return the targets that several revisions make together: the stamps of a database, and all heads."""
    found = []
    try:
        left = history.pending(list(stamps))
    except Failure:  # the stamps are of no file, or do not fit together
        stamps, left = (), history.newest_first()
    if len(stamps) > 1:
        found.append(",".join(stamps))
    if left and len(history.heads) > 1:
        found.append(",".join(sorted(script.revision for script in _ends(history))))
    return found


def _ends(history: History) -> list[Script]:
    heads = [history.find(head) for head in history.heads]
    included = {script.revision for head in heads for script in history.before(head)}
    return [head for head in heads if head.revision not in included]


def _are_rivals(scripts: ScriptDirectory, one: Script, other: Script) -> bool:
    is_shared = bool(_lineage(scripts, one) & _lineage(scripts, other))
    return is_shared and one.branch_labels == other.branch_labels


def _lineage(scripts: ScriptDirectory, head: Script) -> set[str]:
    """Return a head and all revisions below it by `down_revision`; `depends_on` is not followed."""
    found: set[str] = set()
    left = [head.revision]
    while left:
        if (revision := left.pop()) not in found:
            found.add(revision)
            left += parents(scripts.get_revision(revision))
    return found
