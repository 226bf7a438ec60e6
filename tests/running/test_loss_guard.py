"""Rows that a downgrade deletes without having named them, or that came after the word, are lost to nobody."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import Said, project, sql
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.running import checked
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.runner import runner

pytestmark = pytest.mark.servers("pg18", "pg15")

TABLES = sql(
    "CREATE TABLE p (id integer PRIMARY KEY)",
    "CREATE TABLE c (id integer REFERENCES p ON DELETE CASCADE)",
    "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM p'",
    "CREATE FUNCTION sweep() RETURNS void LANGUAGE sql AS 'TRUNCATE p, c'",
)
ROWS = ("DELETE FROM p", "INSERT INTO p VALUES (1), (2)", "INSERT INTO c VALUES (1), (1), (2)")
# What a downgrade does, and how many rows that loses.
DOWNS = {
    "a function": (sql("SELECT wipe()"), 5),
    "a function in a block": (sql("DO $$ BEGIN PERFORM wipe(); END $$"), 5),
    "a cursor": ("op.get_bind().connection.cursor().execute('DELETE FROM c WHERE id = 1')", 2),
    "a cascade": (sql("DELETE FROM p WHERE id > 0"), 5),
    "a table": (sql("DROP TABLE c"), 3),
    "what it has made itself": (sql("CREATE TABLE z AS SELECT 1 AS n", "DELETE FROM z", "DROP TABLE z"), 0),
}


def downgraded(
    made: Project, url: URL, word: str | None, first: Callable[[], object] = lambda: None, to: str = "-1"
) -> None:
    """Take revisions back, by default the last; `first` is called when the word has been read."""
    with runner(made, url, "downgrade", to, lambda _: None, Patience(retry_for=5), Said()) as ready:
        listeners = ready.opened.listeners

        def comes(_: object) -> Callable[[], None]:
            first()
            return lambda: None

        ready.opened.listeners = (comes, *listeners)
        checked.downgraded(ready, lambda _: None, word=word, unchecked=True)


@pytest.mark.thorough
def test_rows_are_counted_where_they_are_lost(tmp_path: Path, database: URL) -> None:
    name = database.database
    state = "SELECT (SELECT version_num FROM alembic_version), count(*) FROM p"
    for number, (what, (down, rows)) in enumerate(DOWNS.items()):
        made = project(tmp_path / str(number), TABLES, "pass", downs=("pass", down))
        with runner(made, database, "upgrade", "head", lambda _: None, None, Said()) as ready:
            ready()
        ask(database, *ROWS)
        if rows:
            for word, more in ((f"{name}:{rows - 1}", 0), (f"{name}:{rows}", 1)):
                comes = partial(ask, database, *["INSERT INTO c VALUES (1)"] * more)
                with pytest.raises(Failure, match=f"--allow-data-loss {name}:{rows + more}"):
                    downgraded(made, database, word, comes)
                assert ask(database, state) == [("r2", 2)], what
            ask(database, *ROWS)
        downgraded(made, database, f"{name}:{rows}" if rows else None)
        assert ask(database, "SELECT version_num FROM alembic_version") == [("r1",)], what
        ask(database, "DROP TABLE IF EXISTS c", "DROP TABLE p", "DROP FUNCTION wipe", "DROP FUNCTION sweep")
        ask(database, "DROP TABLE alembic_version, whisper_ledger")


def test_truncation_by_a_function_is_refused(tmp_path: Path, database: URL) -> None:
    """PostgreSQL does not count the rows; a table that is rewritten, or that the revision names, is no such case."""
    rewrite = sql("ALTER TABLE p ALTER COLUMN id TYPE bigint", "ALTER TABLE c ALTER COLUMN id TYPE bigint")
    made = project(tmp_path, TABLES, "pass", "pass", downs=("pass", sql("SELECT sweep()"), rewrite))
    with runner(made, database, "upgrade", "head", lambda _: None, None, Said()) as ready:
        ready()
    ask(database, *ROWS)
    downgraded(made, database, None)
    refused = r"calls truncates c and p, .* not counted"
    with pytest.raises(Failure, match=refused) as caught:
        downgraded(made, database, f"{database.database}:99")
    assert "op.execute('TRUNCATE public.c, public.p')" in str(caught.value.remedy)
    assert ask(database, "SELECT count(*), (SELECT version_num FROM alembic_version) FROM c") == [(3, "r2")]
    ask(database, "TRUNCATE p, c")
    downgraded(made, database, None)
    assert ask(database, "SELECT version_num FROM alembic_version") == [("r1",)]


BLOCK = "with op.get_context().autocommit_block():\n    "
PROCEDURE = sql(
    "CREATE PROCEDURE clear() LANGUAGE plpgsql AS 'BEGIN DELETE FROM c; COMMIT; DELETE FROM p; END'",
    "CREATE FUNCTION wipe_all() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM p; RETURN NULL; END'",
    "CREATE TABLE bell (n integer)",
    "CREATE TRIGGER ring AFTER INSERT ON bell FOR EACH ROW EXECUTE FUNCTION wipe_all()",
)
# What a downgrade does in several transactions, and how many rows that loses.
SEVERAL = {
    "a function": (BLOCK + sql("SELECT wipe()"), 5),
    "a trigger": (BLOCK + sql("INSERT INTO bell VALUES (1)"), 5),
    "a block of code": (BLOCK + sql("DO $$ BEGIN PERFORM wipe(); END $$"), 5),
    "before the autocommit block": (sql("SELECT wipe()") + f"\n{BLOCK}{sql('ANALYZE p')}", 5),
    "before a commit": (sql("SELECT wipe()") + "\nop.get_bind().commit()", 5),
    "behind the autocommit block": (f"{BLOCK}{sql('CREATE TABLE y ()')}\n{sql('SELECT wipe()')}", 5),
}


@pytest.mark.parametrize(("down", "rows"), SEVERAL.values(), ids=SEVERAL)
def test_each_transaction_of_a_revision_is_counted(down: str, rows: int, tmp_path: Path, database: URL) -> None:
    made, name = project(tmp_path, TABLES, PROCEDURE, "pass", downs=("pass", "pass", down)), database.database
    with runner(made, database, "upgrade", "head", lambda _: None, None, Said()) as ready:
        ready()
    ask(database, *ROWS)
    for word in (None, f"{name}:{rows - 1}"):
        with pytest.raises(Failure, match=f"(?s)was not reverted.*--allow-data-loss {name}:{rows}"):
            downgraded(made, database, word)
        assert ask(database, "SELECT (SELECT version_num FROM alembic_version), count(*) FROM p") == [("r3", 2)]
    downgraded(made, database, f"{name}:{rows}")
    assert ask(database, "SELECT version_num, (SELECT count(*) FROM p) FROM alembic_version") == [("r2", 0)]


def test_a_procedure_that_commits_is_not_run_by_a_downgrade(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLES, PROCEDURE, "pass", downs=("pass", "pass", BLOCK + sql("CALL clear()")))
    with runner(made, database, "upgrade", "head", lambda _: None, None, Said()) as ready:
        ready()
    ask(database, *ROWS)
    with pytest.raises(Failure, match=r"was not run: it commits by itself, .*: CALL clear\(\)\."):
        downgraded(made, database, f"{database.database}:99")
    assert ask(database, "SELECT version_num, (SELECT count(*) FROM c) FROM alembic_version") == [("r3", 3)]


def test_rows_of_one_revision_are_not_counted_in_the_next(tmp_path: Path, database: URL) -> None:
    """PostgreSQL adds what a session has just committed to the counts of its next transaction, for a second."""
    calls = sql("SELECT wipe()"), sql("INSERT INTO p VALUES (1)", "SELECT wipe()")
    made = project(tmp_path, TABLES, "pass", "pass", downs=("pass", calls[1], calls[0]))
    with runner(made, database, "upgrade", "head", lambda _: None, None, Said()) as ready:
        ready()
    ask(database, *ROWS)
    with pytest.raises(Failure, match=f"--allow-data-loss {database.database}:5"):
        downgraded(made, database, None)
    downgraded(made, database, f"{database.database}:6", to="r1")
    assert ask(database, "SELECT version_num, (SELECT count(*) FROM p) FROM alembic_version") == [("r1", 0)]
