"""Each report format contains each finding: every finding is rendered in every format."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from sqlalchemy import URL

from tests.objects.roles import ROLES
from tests.pages.links import Page
from tests.reports.test_reports import SCHEMAS
from tests.support import little
from whisper_migrate import reports
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.models.source_lines import Place
from whisper_migrate.state.anomalies import Anomaly
from whisper_migrate.state.drift import Failing, Verdict, check
from whisper_migrate.state.nearest import Candidate

pytestmark = pytest.mark.servers("pg18")

MODELS = """
class Extra(Base):
    __tablename__ = "extra"
    id: Mapped[int] = mapped_column(primary_key=True)


ENTITIES.append(PGFunction("public", "broken()", "RETURNS integer LANGUAGE sql AS $$ SELECT nope $$"))
"""
IGNORE = '[[tool.whisper_migrate.ignore]]\nkind = "table"\nidentity = "public.tmp_*"\nreason = "scratch of ours"\n'
DRIFT = (
    ROLES,
    "ALTER TABLE authors ALTER born SET NOT NULL",
    "CREATE TABLE tmp_rows ()",
    "ALTER TABLE tags OWNER TO keeper",
)
MADE = {
    "unwritten": "extra",
    "drift": "authors.born",
    "ignored": "scratch of ours",
    "failing": 'broken(): column "nope" does not exist.',
    "notes": "Owners differ within schema public",
}
CODE, STOP = "The code of a.py was edited.", "Two was stopped in its middle."
ADDED: dict[str, tuple[Any, str]] = {
    "failing": ((Failing("f(): no table t.", Place("models.py", 7)),), "f(): no table t."),
    "refused": ((Failing("index i: no such class", Place("models.py", 8)),), "index i: no such class"),
    "notes": (("Owners differ.",), "Owners differ."),
    "extensions": (("citext 1.5",), "citext 1.5"),
    "unreadable": (("subscriptions: not a superuser.",), "subscriptions: not a superuser."),
    "nearest": (Candidate("fade", Catalog({}), []), "fade"),
    "anomalies that differ": ([Anomaly("one", CODE, "Mend it.", differs=True)], CODE),
    "anomalies that do not": ([Anomaly("one", "No ledger tells.", "Stamp it.")], "No ledger tells."),
    "anomalies of a half run": ([Anomaly("two", STOP, "Go on.", differs=True, word="Stopped")], STOP),
}


HERE = r"\bmake (?:revision|upgrade|repair|check-drift)\b|\bmigrate\.py [a-z]"  # commands of this repository


def texts(value: object) -> Iterator[str]:
    """Yield every string in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def said(form: str, verdict: Verdict) -> str:
    """Return the text of a report, without the escapes of its format."""
    text = str(reports.report(form).render(verdict, "postgresql://somewhere/here"))
    if form == "sarif":
        document = json.loads(text)
        Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())).validate(document)
        assert all(result["locations"] for result in document["runs"][0]["results"])  # required by code scanning
    if form == "html":
        return Page(text).text
    return "\n".join(texts(json.loads(text))) if form in ("json", "sarif") else text.replace("%25", "%")


def test_remedies_are_commands_of_the_program_that_was_called(
    tmp_path: Path, server: URL, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = check(little.project(tmp_path, MODELS), server, little.at(database, "one", *DRIFT))
    stopped = Anomaly("two", STOP, "Finish it: make upgrade, or see: migrate.py status", differs=True)
    found = replace(found, anomalies=[stopped], nearest=Candidate("fade", Catalog({}), []))
    for form in set(reports.NAMES) - {"text"}:  # the console does it when it prints text
        monkeypatch.setattr(sys, "argv", ["scripts/migrate.py"])
        assert re.search(HERE, said(form, found)), form
        monkeypatch.setattr(sys, "argv", ["/usr/bin/whisper-migrate"])
        text = said(form, found)
        assert re.findall(HERE, text) == [], form
        assert "whisper-migrate upgrade" in text, form


def test_every_form_carries_every_finding(tmp_path: Path, server: URL, database: URL) -> None:
    project = little.project(tmp_path, MODELS, IGNORE)
    found = check(project, server, little.at(database, "two", *DRIFT))
    for form in reports.NAMES:
        text = said(form, found)
        for field, words in MADE.items():
            assert words in text, (form, field)
        source = little.line_of(project, "broken()")
        where = source.replace(":", ",line=") if form == "github" else source
        assert form == "sarif" or where in text, form
        for field, (value, words) in ADDED.items():
            assert words not in text
            assert words in said(form, replace(found, **{field.partition(" ")[0]: value})), (form, field)
