"""The remedy for a revision that fails on the rows of a database."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project, sql
from tests.support.little import command
from tests.support.projects import ask

DROP, BACK = "ALTER TABLE t DROP COLUMN b", "ALTER TABLE t ADD COLUMN b integer NOT NULL"


@pytest.mark.servers("pg18")
def test_a_downgrade_that_needs_values_names_its_file(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    first = sql("CREATE TABLE t (a integer, b integer NOT NULL)")
    made = project(tmp_path, first, sql(DROP), downs=(sql("DROP TABLE t"), sql(BACK)))
    assert command(capsys, made, database, "upgrade").code == 0
    ask(database, "INSERT INTO t VALUES (1)")
    said = command(capsys, made, database, "downgrade", "-1")
    file = "alembic/versions/r2.py"
    fill = f"Fill the column in downgrade() of {file}, before its NOT NULL; then: migrate.py downgrade r1"
    assert said.code == 2 and fill in said.err, said
    (tmp_path / file).write_text(
        (tmp_path / file).read_text().replace("integer NOT NULL", "integer NOT NULL DEFAULT 7")
    )
    assert command(capsys, made, database, "downgrade", "r1", "--no-check").code == 0
    assert ask(database, "SELECT b FROM t") == [(7,)]
