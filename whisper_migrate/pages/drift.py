"""The report of drift as one file of HTML, which can be sent by mail: it refers to no other file and has no script."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.script import Script

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.catalog.describe import differences, line, outline, title
from whisper_migrate.catalog.model import Change, Object
from whisper_migrate.models.source_lines import Place
from whisper_migrate.pages.definitions import definition
from whisper_migrate.pages.side_by_side import Marked, marked
from whisper_migrate.pages.templates import FOLDER, html, trusted
from whisper_migrate.state.drift import Verdict
from whisper_migrate.state.remarks import remarks
from whisper_migrate.wording.hidden_characters import in_html
from whisper_migrate.wording.program import as_called

IN_DEFINITION = ("not null", "default", "generated", "generated kind", "identity kind")  # of a column
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
        typed=as_called,
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
    drifted = Section(
        "Drift",
        f"The database differs from the history at {verdict.at}.",
        "History",
        "Database",
        _findings(verdict, verdict.drift),
        "migrate.py adopt" if verdict.nearest else "make repair",
    )
    unwritten = Section(
        "Unwritten",
        "The models differ from the history.",
        "History",
        "Models",
        _findings(verdict, verdict.unwritten),
        'make revision msg="what changes"',
    )
    return [section for section in (drifted, unwritten) if section.findings]


def _findings(verdict: Verdict, changes: list[Change]) -> list[Finding]:
    """Return a finding for each change; one for all changes of a new or dropped table."""
    found = []
    for change in outline(changes):
        item = change.object
        parts = [one.object for one in changes if one.object.parent == item.identity] if change.sign != "~" else []
        rows = [(name, *marked(scrubbed(before), scrubbed(after))) for name, before, after in _sides(change, parts)]
        found.append(Finding(line(change), LOOKS[change.sign], rows, verdict.place(item), verdict.touched(change)))
    return found


def _sides(change: Change, parts: list[Object]) -> list[tuple[str, str, str]]:
    """Return both definitions of an object, and the attributes that differ but are in neither definition."""
    before, after = (definition(item, parts) if item else "" for item in (change.before, change.after))
    rows = [("definition", before, after)] if before != after else []
    hidden = IN_DEFINITION if rows and change.object.kind == "column" else ()
    return rows + [
        (name, old, new)
        for name, old, new in differences(change)
        if name not in hidden and not (rows and old in before and new in after)
    ]
