"""The report of drift as one file of HTML, which can be sent by mail: it refers to no other file and has no script."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.script import Script

from whisper_migrate.catalog.describe import differences, line, outline, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.models.source_lines import Place
from whisper_migrate.pages.definitions import definition
from whisper_migrate.pages.side_by_side import Marked, marked
from whisper_migrate.pages.templates import FOLDER, html, trusted
from whisper_migrate.state.drift import Verdict
from whisper_migrate.state.remarks import remarks
from whisper_migrate.wording.hidden_characters import in_html
from whisper_migrate.wording.program import called, in_its_words

LOOKS = {"+": "plus", "-": "minus", "~": "tilde"}


@dataclass(frozen=True)
class Finding:
    """A difference: its line, the rows `(attribute, before, after)` with marks, and where it comes from."""

    line: str
    look: str
    rows: list[tuple[str, Marked, Marked]]
    place: Place | None
    script: Script | None


@dataclass(frozen=True)
class Section:
    """All findings of one kind. `before` and `after` name the two sides; `remedy` is a command."""

    word: str
    explanation: str
    before: str
    after: str
    findings: list[Finding]
    remedy: str


def page(verdict: Verdict, database: str | None) -> str:
    """Return the report of a verdict."""
    text = html(
        "drift.html",
        verdict=verdict,
        database=database,
        summary=_summary(verdict),
        sections=_sections(verdict),
        pending=[(script.revision, title(script)) for script in verdict.pending],
        ignored=[(line(one.change), one.pattern.reason) for one in verdict.ignored],
        remarks=[(one.kind.value, one.text, one.place) for one in remarks(verdict)],
        typed=_typed,
        css=trusted((FOLDER / "style.css").read_text(encoding="utf-8")),
    )
    return in_html(text)


def _summary(verdict: Verdict) -> str:
    if verdict.clean:
        return "Nothing differs." if verdict.whole else "Nothing differs in the objects that could be read."
    numbers = [
        (len(outline(verdict.drift)), "change of the database", "changes of the database"),
        (len(outline(verdict.unwritten)), "change of the models", "changes of the models"),
        (len(verdict.pending), "pending revision", "pending revisions"),
        (sum(one.differs for one in verdict.anomalies), "doubt about the stamp", "doubts about the stamp"),
    ]
    return f"{', '.join(f'{number} {one if number == 1 else many}' for number, one, many in numbers if number)}."


def _sections(verdict: Verdict) -> list[Section]:
    at = verdict.revision or "no revision"
    drifted = Section(
        "Drift",
        f"The database differs from the history at {at}.",
        "History",
        "Database",
        [_finding(verdict, change) for change in outline(verdict.drift)],
        "migrate.py adopt" if verdict.nearest else "make repair",
    )
    unwritten = Section(
        "Unwritten",
        "The models differ from the history.",
        "History",
        "Models",
        [_finding(verdict, change) for change in outline(verdict.unwritten)],
        'make revision msg="what changes"',
    )
    return [section for section in (drifted, unwritten) if section.findings]


def _finding(verdict: Verdict, change: Change) -> Finding:
    rows = [(name, *marked(before, after)) for name, before, after in _sides(change)]
    item = change.object
    return Finding(line(change), LOOKS[change.sign], rows, verdict.place(item), verdict.touched(change))


def _sides(change: Change) -> list[tuple[str, str, str]]:
    """Return both definitions of an object; if they are equal, or there are none, the attributes that differ."""
    before, after = (definition(item) if item else "" for item in (change.before, change.after))
    rows = [("definition", before, after)] if before != after else []
    if change.before and change.after:
        shown = before + after
        rows += [row for row in differences(change) if row[1] not in shown or row[2] not in shown]
    return rows or differences(change)


def _typed(command: str) -> str:
    """Return a command as the program that was called takes it."""
    return in_its_words(command, called())
