"""Find the fork of a history with two heads: the revisions on either side, and the side that is the user's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import rivals
from whisper_migrate.history.history import History
from whisper_migrate.project.git import git

# Branches that everybody has; one's own upstream comes last, since one's revision may have been pushed there.
BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "@{upstream}")


@dataclass(frozen=True)
class Fork:
    """The revisions that both heads have in common, and those of either side, in the order in which they run."""

    common: list[Script]
    mine: list[Script]
    theirs: list[Script]

    @property
    def parent(self) -> str | None:
        """The parent of my first revision."""
        parent = self.mine[0].down_revision
        assert parent is None or isinstance(parent, str)
        return parent


def fork(history: History, name: str | None = None) -> Fork | None:
    """Return the fork of a history; None if its heads are none (see `rivals`). `name` may say which head is mine.

    Raises Failure for more than two heads, or if it is unknown which head is mine. My revisions must be a single line.
    """
    heads = [history.find(head) for head in sorted(rivals(history.scripts, history.heads))]
    if len(heads) < 2:
        return None
    if len(heads) > 2:
        raise Failure(history.several, "A rebase is of two. Join the others first: alembic merge REVISION REVISION")
    mine = _named(history, heads, name) if name else _unmerged(history, heads) or _newer(heads)
    if mine is None:
        raise Failure(f"{history.several} Nothing shows which is yours.", "Name it: migrate.py rebase REVISION")
    theirs = next(head for head in heads if head.revision != mine.revision)
    both = [*history.before(mine), mine], [*history.before(theirs), theirs]
    names = [{script.revision for script in side} for side in both]
    found = Fork(
        [script for script in both[0] if script.revision in names[1]],
        [script for script in both[0] if script.revision not in names[1]],
        [script for script in both[1] if script.revision not in names[0]],
    )
    parents = [found.mine[0].down_revision, *(script.revision for script in found.mine)]
    for script, parent in zip(found.mine, parents, strict=False):
        if isinstance(script.down_revision, tuple) or script.down_revision != parent:
            raise Failure(f"{history.path(script)} joins others: only a line of revisions can be rebased.")
    return found


def _named(history: History, heads: list[Script], name: str) -> Script:
    script = history.find(name)
    if script not in heads:
        raise Failure(f"{script.revision} is no head of the fork. {history.several}", "Name the head that is yours.")
    return script


def _unmerged(history: History, heads: list[Script]) -> Script | None:
    """Return the head whose file is not in the common branch, as far as git knows."""
    for branch in BRANCHES:
        if git(history.project.root, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
            unknown = [
                head
                for head in heads
                if not git(history.project.root, "ls-tree", "--name-only", branch, "--", str(history.path(head)))
            ]
            if len(unknown) == 1:
                return unknown[0]
    return None


def _newer(heads: list[Script]) -> Script | None:
    """Return the head that was written later, by the dates in the docstrings, else by those in the file names."""
    for pattern, texts in (
        (r"^Create Date: *(.+?) *$", [head.module.__doc__ or "" for head in heads]),
        (r"^(\d{8}(?:_\d+)?)_", [Path(head.path).name for head in heads]),
    ):
        dates = [match[1] if (match := re.search(pattern, text, re.MULTILINE)) else "" for text in texts]
        if all(dates) and dates[0] != dates[1]:
            return heads[dates.index(max(dates))]
    return None
