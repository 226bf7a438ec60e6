"""Report for GitHub Actions: one annotation per finding, at its line in the models if known (workflow commands)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.catalog.describe import line, outline, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.models.source_lines import Place
from whisper_migrate.state.drift import Verdict
from whisper_migrate.state.remarks import Kind, remarks
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.program import as_called


def render(verdict: Verdict, database: str | None) -> str:
    """Return a line `::error file=...,line=...,title=...::message` per finding; a notice if nothing differs."""
    return "\n".join(_annotations(verdict))


def _annotations(verdict: Verdict) -> Iterator[str]:
    for change in outline(verdict.unwritten):
        yield _annotation(verdict, change, "Unwritten", 'The history lacks this: make revision msg="what changes"')
    for script in verdict.pending:
        where = {"file": _in_repository(verdict, str(verdict.history.path(script))), "title": "Pending"}
        yield annotation("warning", where, f"{script.revision} {title(script)}: {as_called('make upgrade')}")
    for change in outline(verdict.drift):
        yield _annotation(verdict, change, "Drift", "The database differs from the history: make repair")
    if near := verdict.nearest:
        said = f"The database is nearer to {near.revision}, {near.difference}: {as_called('migrate.py adopt')}"
        yield annotation("error", {"title": "Wrong stamp"}, said)
    for anomaly in verdict.anomalies:
        level, word = ("error", anomaly.word) if anomaly.differs else ("notice", "Note")
        yield annotation(level, {"title": word}, f"{anomaly.what}\n{as_called(anomaly.remedy)}".strip())
    for ignored in verdict.ignored:
        yield annotation("notice", {"title": "Ignored"}, f"{line(ignored.change)} ({ignored.pattern.reason})")
    for remark in remarks(verdict):
        level = "notice" if remark.kind is Kind.NOTE else "warning"
        yield annotation(level, {**_where(verdict, remark.place), "title": remark.kind.value}, as_called(remark.text))
    if verdict.clean and verdict.whole:
        yield annotation("notice", {"title": "No drift"}, f"{' and '.join(verdict.compared)}: nothing differs")


def _annotation(verdict: Verdict, change: Change, word: str, remedy: str) -> str:
    where = _where(verdict, verdict.place(change.object))
    return annotation("error", {**where, "title": word}, f"{line(change)}\n{as_called(remedy)}")


def _where(verdict: Verdict, place: Place | None) -> dict[str, str]:
    return {"file": _in_repository(verdict, place.file), "line": str(place.line)} if place else {}


def _in_repository(verdict: Verdict, file: str) -> str:
    """Return a file's path from the folder that GitHub has checked out, where the project is a part of it."""
    path, checkout = verdict.project.root.absolute() / file, os.environ.get("GITHUB_WORKSPACE")
    return str(path.relative_to(checkout)) if checkout and path.is_relative_to(checkout) else file


def annotation(name: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_escaped(scrubbed(message))}"


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")


def _escaped(value: str) -> str:
    one_line = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(one_line).replace("##[", "\\x23#[")
