"""The result of a survey as plain data, for `--format json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whisper_migrate.errors import Failure
from whisper_migrate.fleet.compare import Compared
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.survey import Standing, Survey
from whisper_migrate.reports.json import plain_change


def document(found: Survey, members: Sequence[Member], compared: Sequence[Compared] | None) -> dict[str, Any]:
    """Return the state of each member, in the order of the file.

    `compared` are the comparisons with the history; None if only the status was wanted.
    """
    standings = {standing.member: standing for standing in found.standings}
    drift = {standing.member: one.drift for one in compared or () for standing in one.standings}
    databases = []
    for member in members:
        failure = found.failed.get(member)
        entry = {"name": member.name, **_state(standings.get(member)), "failed": _failed(failure)}
        if compared is not None:
            changes = drift.get(member)
            entry["drift"] = [plain_change(change) for change in changes] if changes is not None else None
        databases.append(entry)
    return {"alike": found.alike and not found.failed, "databases": databases}


def _state(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    return {
        "revision": ", ".join(standing.revisions) or None,
        "revisions": list(standing.revisions),
        "pending": standing.pending,
        "server": standing.version,
        "fingerprint": standing.fingerprint,
        "ignored": standing.ignored,
        "unreadable": list(standing.unreadable),
        "changed": [{"revision": one.revision, "what": one.what, "remedy": one.remedy} for one in standing.changed],
    }


def _failed(failure: Failure | None) -> dict[str, Any] | None:
    return {"what": failure.what, "remedy": failure.remedy} if failure else None
