"""A dump whose load was killed in the middle: adopt prints the statements that are missing, and keeps the rows."""

import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.roads.rows import changed, rows
from tests.roads.test_roads import FOLDING
from tests.state.dump import dump, load
from tests.state.v106 import BASELINE
from tests.support import little
from tests.support.projects import HEAD, ROOT, ask
from whisper_migrate.project.project import Project

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
KEY = r"ALTER TABLE ONLY \S+\n    ADD CONSTRAINT \S+ "
# By name: the first statements that are missing, and the share of their kind that is there.
CUTS = {
    "half of the tables": ("CREATE TABLE ", 0.5),
    "no key": (f"{KEY}(PRIMARY|UNIQUE)", 0.0),
    "half of the keys": (f"{KEY}(PRIMARY|UNIQUE)", 0.5),
    "no index": ("CREATE INDEX ", 0.0),
    "no trigger": ("CREATE TRIGGER ", 0.0),
    "no foreign key": (f"{KEY}FOREIGN", 0.0),
}


@pytest.mark.parametrize("cut", CUTS)
def test_missing_statements_are_written_into_a_script(
    cut: str, old: URL, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pattern, share = CUTS[cut]
    text, file = dump(old), tmp_path / "missing statements.sql"
    places = [found.start() for found in re.finditer(f"^{pattern}", text, re.MULTILINE)]
    database = load(text[: places[int(len(places) * share)]], make_database())
    loaded = "\nCOPY " in text[: places[int(len(places) * share)]]
    before = rows(old if loaded else database)  # the rows of a table without its key have other checksums

    def command(*arguments: str, code: int = 0) -> str:
        said = little.command(capsys, Project(ROOT), database, *arguments)
        assert said.code == code, said
        return said.out

    found, told = command("whereami", code=1), command("adopt", "-o", str(file), code=1)
    assert "-> migrate.py adopt " in found
    assert ("Rows that were not loaded are missing" in told) == ("It is an unfinished" in found)
    if file.exists():
        assert f"-> migrate.py psql -X -v ON_ERROR_STOP=1 -f '{file}'" in told
        load(file.read_text(), database)
    assert f"Adopted at {BASELINE}" in command("adopt", "--reconcile")
    assert changed(before, rows(database)) == set()
    command("upgrade")
    assert "nothing differs" in command("check-drift")
    assert changed(before, rows(database)) <= {*FOLDING, "universal_users.preferences"}
    assert ask(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_a_script_that_cannot_be_written_is_told(
    old: URL, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    database = make_database(template=old)
    ask(database, "ALTER TABLE conversations DROP CONSTRAINT conversations_pkey CASCADE")
    said = little.command(capsys, Project(ROOT), database, "adopt", "-o", str(tmp_path / "none" / "x.sql"))
    assert said.code == 2 and "x.sql cannot be written: " in said.err
