"""A graph of revisions in ASCII, as `git log --graph` draws one: `*` is a revision, lines lead down to its parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def drawn(revisions: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the graph, each with the revision that it shows, or "".

    `revisions` are ids with their parents' ids, each before its parents. A column of the graph leads down to the
    revision that it is waiting for.
    """
    waiting: list[str] = []
    for revision, parents in revisions:
        if revision not in waiting:
            waiting.append(revision)
        column = waiting.index(revision)
        while waiting.count(revision) > 1:
            last = len(waiting) - 1 - waiting[::-1].index(revision)
            yield _joined(len(waiting), column, last), ""
            del waiting[last]
        yield " ".join("*" if one == column else "|" for one in range(len(waiting))), revision
        if not parents:
            del waiting[column]
            if column < len(waiting):
                yield "| " * column + " /" * (len(waiting) - column), ""
            continue
        waiting[column] = parents[0]
        for parent in reversed(parents[1:]):
            yield "| " * column + "|" + "\\ " * (len(waiting) - column - 1) + "\\", ""
            waiting.insert(column + 1, parent)


def _joined(count: int, column: int, last: int) -> str:
    """Return the line on which the column `last` joins another one, and the columns to its right move to the left."""
    between = "|_" * (last - column - 1) + "|/"
    return "| " * column + between + " /" * (count - last - 1)
