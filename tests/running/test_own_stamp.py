"""A revision that changes alembic_version is refused by its name, in a run and in a shadow: nothing of it is kept."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project, run, sql, write
from tests.support.projects import ask
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History

pytestmark = pytest.mark.thorough

VERSION = "public.alembic_version"
# What a revision does, and what is said of the table then.
CHANGES = {
    f"DELETE FROM {VERSION}": "has no revision",
    f"TRUNCATE {VERSION}": "has no revision",
    f"UPDATE {VERSION} SET version_num = 'other'": "has other",
    f"INSERT INTO {VERSION} VALUES ('other')": "has other, r1",
    f"INSERT INTO {VERSION} VALUES ('r2')": "has r1, r2",
    f"DROP TABLE {VERSION}": "has no revision",
    f"ALTER TABLE {VERSION} RENAME TO old": "has no revision",
    f"ALTER TABLE {VERSION} SET SCHEMA other": "has no revision",
    f"ALTER TABLE {VERSION} ALTER version_num TYPE integer USING 1": "has 1",
    f"ALTER TABLE {VERSION} RENAME version_num TO number": "cannot be read any more",
}
ALLOWED = f"ALTER TABLE {VERSION} ALTER version_num TYPE varchar(255)"
MADE = sql("CREATE TABLE u (n integer)")


def test_stamp_is_left_to_alembic(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, sql("CREATE SCHEMA other"), MADE)
    run(made, database, "r1")
    with shadows(database) as throwaway, connected(throwaway.create("one")) as shadow:
        History(made).replay(shadow, "r1")
        for change, now in CHANGES.items():
            write(made, 2, f"{MADE}\n{sql(change)}")
            with pytest.raises(Failure) as caught:
                run(made, database)
            assert "Revision r2 changes public.alembic_version" in caught.value.what, change
            assert f"it had r1, and {now})" in caught.value.what, change
            assert ask(database, f"SELECT version_num, to_regclass('u') FROM {VERSION}") == [("r1", None)], change
            with pytest.raises(Failure, match=r"Revision r2 changes public\.alembic_version"):
                History(made).replay(shadow)
            shadow.rollback()
        write(made, 2, f"{MADE}\n{sql(ALLOWED)}")
        History(made).replay(shadow)
    assert run(made, database).after == ["r2"]
