"""Hostile names and texts in a database: no report lets them control the terminal or hide themselves."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

BODY = "\n".join(f"\t-- \x1b{number}" for number in range(100)) + "\nSELECT who"
CHANGES = (
    "COMMENT ON TABLE tags IS 'a\x1b[2J \u202e b'",
    'CREATE TABLE "x\x1b[31m\ny" (a integer)',
    "ALTER TABLE authors ADD CONSTRAINT few CHECK (CASE WHEN born > 1 THEN true ELSE born IS NULL END)",
    f"CREATE OR REPLACE FUNCTION greet(who text) RETURNS text LANGUAGE sql IMMUTABLE AS $${BODY}$$",
)


def test_nothing_hides(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    little.at(database, "two", *CHANGES)
    text = little.command(capsys, project, database, "check-drift").out
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text) is None
    lines = text.splitlines()
    assert r'  + table "x\x1b[31m\ny"' in lines
    assert any(r"text none -> a\x1b[2J" in line or r"(a\x1b[2J \u202e b)" in line for line in lines)
    assert any("few on authors CHECK (CASE WHEN (born > 1) THEN true ELSE (born IS NULL) END)" in one for one in lines)
    assert any(re.fullmatch(r" +\+ +-- \\x1b7", line) for line in lines)
    assert any("... and " in line for line in lines) and not any("\\x1b90" in line for line in lines)

    document = json.loads(little.command(capsys, project, database, "check-drift", "--format", "json").out)
    assert any(BODY in part["after"] for change in document["drift"] for part in change["differences"])
    commands = little.command(capsys, project, database, "check-drift", "--format", "github").out.splitlines()
    assert all(line.startswith("::error ") for line in commands) and len(commands) == 4

    refused = little.command(capsys, project, database, "repair", "--apply")
    assert refused.code == 2 and r'drop-table "x\x1b[31m' in refused.err and "\x1b" not in refused.err
