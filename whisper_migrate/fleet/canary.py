"""Choose the databases that an upgrade tries first: only databases with pending revisions show whether it fails."""

from __future__ import annotations

from collections.abc import Sequence

from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import each
from whisper_migrate.history.history import History


def canaries(history: History, members: Sequence[Member], jobs: int, count: int) -> list[Member]:
    """Return the first `count` members that have pending revisions, or whose stamp cannot be read.

    Members are read in their order, `jobs` at a time, until enough are found.
    """
    found: list[Member] = []
    for start in range(0, len(members) if count else 0, jobs):
        some = members[start : start + jobs]
        stamps = dict(each(some, jobs, lambda member: in_snapshot(member.url, stamped)))
        found += [member for member in some if _may_be_pending(history, stamps[member])]
        if len(found) >= count:
            break
    return found[:count]


def _may_be_pending(history: History, stamps: list[str] | Failure | None) -> bool:
    if isinstance(stamps, Failure):
        return True
    try:
        return bool(history.pending(stamps or []))
    except Failure:
        return True
