"""Report for programs: the verdict as JSON. docs/DRIFT_REPORT.md describes the format; `version` changes with it."""

from __future__ import annotations

import json
from typing import Any

from whisper_migrate.addresses.secret_parameters import scrubbed_values
from whisper_migrate.catalog.describe import differences, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.state.anomalies import Anomaly
from whisper_migrate.state.drift import Verdict
from whisper_migrate.wording.hidden_characters import in_json
from whisper_migrate.wording.program import as_called

VERSION = 1


def render(verdict: Verdict, database: str | None) -> str:
    """Return the verdict as a JSON document."""
    return in_json(json.dumps(scrubbed_values(document(verdict, database)), indent=2, ensure_ascii=False))


def document(verdict: Verdict, database: str | None) -> dict[str, Any]:
    """Return the verdict as plain data."""
    return {
        "version": VERSION,
        "clean": verdict.clean and verdict.whole,
        "compared": list(verdict.compared),
        "database": database,
        "revision": ", ".join(verdict.revisions) or None,
        "head": ", ".join(verdict.history.heads) or None,
        "revisions": list(verdict.revisions),
        "heads": verdict.history.heads,
        "unwritten": [_change(verdict, change) for change in verdict.unwritten],
        "pending": [{"revision": script.revision, "message": title(script)} for script in verdict.pending],
        "drift": [_change(verdict, change) for change in verdict.drift],
        "anomalies": list(map(plain_anomaly, verdict.anomalies)),
        "nearest": verdict.nearest.revision if verdict.nearest else None,
        "ignored": [
            {
                "finding": ignored.finding,
                "sign": ignored.change.sign,
                "kind": ignored.change.object.kind,
                "identity": ignored.change.object.identity,
                "reason": ignored.pattern.reason,
            }
            for ignored in verdict.ignored
        ],
        "notes": list(map(as_called, verdict.notes)),
        "extensions": list(verdict.extensions),
        "failing": list(map(str, verdict.failing)),
        "refused": list(map(str, verdict.refused)),
        "unreadable": list(verdict.unreadable),
    }


def plain_anomaly(anomaly: Anomaly) -> dict[str, Any]:
    """Return a finding of the ledger as plain data."""
    return {
        "revision": anomaly.revision,
        "what": anomaly.what,
        "remedy": as_called(anomaly.remedy) or None,
        "differs": anomaly.differs,
    }


def plain_change(change: Change) -> dict[str, Any]:
    """Return a change as plain data."""
    item = change.object
    return {
        "sign": change.sign,
        "kind": item.kind,
        "identity": item.identity,
        "table": item.parent,
        "differences": [
            {"attribute": name, "before": before, "after": after} for name, before, after in differences(change)
        ],
    }


def _change(verdict: Verdict, change: Change) -> dict[str, Any]:
    place = verdict.place(change.object)
    script = verdict.touched(change)
    return {
        **plain_change(change),
        "model": {"file": place.file, "line": place.line} if place else None,
        "last_revision": script.revision if script else None,
    }
