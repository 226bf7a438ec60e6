"""`--format json`: one document on standard output, whatever env.py and the revisions print."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from sqlalchemy import URL

from tests.project.test_as_it_is import DROP, NOTES, made, revision
from tests.support.little import ROOT, execute, plain
from whisper_migrate.commands import NAMES, command

pytestmark = pytest.mark.servers("pg18")

LOUD = """
import logging
import os
import sys

print("printed by env.py")
print("by the first stream", file=sys.__stdout__)
os.system("echo by a process")
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, force=True)
logging.info("logged by env.py")
"""
LOUDLY = 'print("printed by a revision"); __import__("os").system("echo by a process of it"); '
# The arguments, the exit code at a drifted database with one revision pending, and some keys with their values.
COMMANDS: dict[str, tuple[int, dict[str, Any]]] = {
    "current --check-heads": (1, {"revisions": ["one"], "heads": ["two"], "pending": ["two"]}),
    "history": (0, {"heads": ["two"]}),
    "history --applied": (0, {}),
    "show two": (0, {"revision": "two", "parents": ["one"], "followers": [], "is_head": True}),
    "status": (0, {"revisions": ["one"], "pending": [{"revision": "two", "message": "more"}], "not_checked": None}),
    "whereami": (1, {"revisions": ["one"], "is_right": False, "sort": "changed", "equal": []}),
    "preflight": (0, {"revisions": ["one"], "safe": True, "unknown": None, "now": []}),
    "prove": (1, {"clean": False, "heads": ["two"], "obstacle": None, "unproved": []}),
    "upgrade --plan": (0, {"direction": "upgrade", "unknown": None, "rows_lost": None}),
    "downgrade base --plan": (0, {"rows_lost": 1, "steps": [{"revision": "one", "message": "one", "losses": ANY}]}),
    "check-drift": (1, {"clean": False, "revision": "one"}),
    "fleet BROKEN status": (2, {"alike": False, "action": "status"}),
    "fleet FILE check-drift": (1, {"action": "check-drift"}),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose env.py and revisions print."""
    made(tmp_path, before=LOUD)
    revision(tmp_path / "alembic/versions", "one", None, LOUDLY + NOTES, DROP)
    more = 'op.execute("CREATE TABLE more (id integer)")'
    revision(tmp_path / "alembic/versions", "two", "one", LOUDLY + more, 'op.execute("DROP TABLE more")', "more")
    return tmp_path


def run(folder: Path, database: URL, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: its standard output is a file for its processes as well."""
    environ = {**os.environ, "DATABASE_URL": plain(database), "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "whisper_migrate", *words]
    return subprocess.run(program, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def keys(value: Any) -> set[str]:
    """Return all keys of a document, at any depth."""
    if isinstance(value, dict):
        return {*value, *(key for one in value.values() for key in keys(one))}
    return {key for one in value for key in keys(one)} if isinstance(value, list) else set()


@pytest.mark.thorough
def test_standard_output_is_the_document(folder: Path, database: URL) -> None:
    assert run(folder, database, "upgrade", "+1").returncode == 0
    execute(database, "ALTER TABLE notes ADD secret text", "INSERT INTO notes DEFAULT VALUES")
    (folder / "FILE").write_text(f"a {plain(database)}\n")
    (folder / "BROKEN").write_text(f"a {plain(database)}\nb {plain(database.set(database='no_such'))}\n")
    text = (ROOT / "docs/JSON.md").read_text() + (ROOT / "docs/DRIFT_REPORT.md").read_text()
    documented = {word for code in re.findall("(?<!`)`([^`\n]+)`(?!`)", text) for word in re.findall(r"\w+", code)}
    loud = ""
    for words, (code, expected) in COMMANDS.items():
        said = run(folder, database, *words.split(), "--format", "json")
        assert said.returncode == code, (words, said.stdout, said.stderr)
        document = json.loads(said.stdout)
        assert {key: document[key] for key in expected} == expected, words
        assert document["version"] == 1 and keys(document) <= documented, (words, keys(document) - documented)
        loud += said.stderr
    for words in (
        "printed by env.py",
        "by the first stream",
        "by a process\n",
        "logged by env.py",
        "by a process of it",
    ):
        assert words in loud


def test_every_command_that_reads_has_the_option() -> None:
    writing = {"adopt", "cache", "create", "psql", "rebase", "repair", "squash", "stamp", "stop", "url", "init", "docs"}
    assert [
        name for name in NAMES if name not in writing and "form" not in {one.name for one in command(name).params}
    ] == []


@pytest.mark.thorough
def test_a_run_has_no_document(folder: Path, database: URL) -> None:
    for words in ("upgrade", "upgrade --sql", "downgrade base", "fleet pyproject.toml upgrade"):
        said = run(folder, database, *words.split(), "--format", "json")
        assert (said.returncode, said.stdout) == (2, "") and "--format json is for" in said.stderr, said
