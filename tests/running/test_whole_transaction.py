"""A revision that ends its transaction is refused by name: it is not stamped, and the ledger has no entry."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql, write
from tests.support.connections import connected
from tests.support.little import command
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History

FIRST = sql("CREATE TABLE t (n integer)", "INSERT INTO t SELECT generate_series(1, 10)")
WORK = sql("CREATE TABLE u (n integer)", "UPDATE t SET n = n + 1")
SESSION = "from sqlalchemy.orm import Session\nsession = Session(op.get_bind())\n"
RAW = "cursor = op.get_bind().connection.cursor()\n"
UNHEARD = "import psycopg2\ncursor = op.get_bind().connection.cursor(cursor_factory=psycopg2.extensions.cursor)\n"

# The end of a revision, after which its previous work is not in the database.
ENDED = {
    "a session": f"{SESSION}session.execute(sa.text('SELECT 1'))\nsession.rollback()",
    "a session that fails": f"{SESSION}try:\n    with session.begin():\n        session.execute(sa.text('SELECT 1'))\n"
    "        raise ValueError\nexcept ValueError:\n    pass",
    "the connection": "op.get_bind().rollback()",
    "the connection, before a block": f"op.get_bind().rollback()\n{alone('CREATE INDEX CONCURRENTLY t_n ON t (n)')}",
    "a statement": sql("ROLLBACK"),
    "a statement with a comment": sql("-- for ever\n/* and ever */ rollback work;"),
    "and a new one": sql("ROLLBACK AND CHAIN"),
    "abort": sql("ABORT"),
    "two statements in one": sql("SELECT 1; ROLLBACK; SELECT 2"),
    "in one, and a new one": sql("SELECT 1; ROLLBACK AND CHAIN; CREATE TABLE public.x ()"),
    "in one, and begun again": sql("SELECT 1; ROLLBACK; BEGIN"),
    "in one, with a commit": sql("SELECT 1; COMMIT; SELECT 2"),
    "in one that begins with it": sql("COMMIT; BEGIN"),
    "in one, commit and chain": sql("SELECT 1; COMMIT AND CHAIN; CREATE TABLE x ()"),
    "in one, behind texts": sql("SELECT 'a;', $$;$$, $b$ $$; $b$ /* ; /* */ ; */; -- ;\n/* */END"),
    "the driver's cursor": f"{RAW}cursor.execute('ROLLBACK')",
    "the driver's cursor, and a new one": f"{RAW}cursor.execute('ROLLBACK AND CHAIN; CREATE TABLE x ()')",
    "the driver's cursor, committing": f"{RAW}cursor.execute('COMMIT; BEGIN')",
    "bytes": f"{RAW}cursor.execute(b'COMMIT')",
    "composed SQL": f"{RAW}from psycopg2.sql import SQL\ncursor.execute(SQL('COM') + SQL('MIT'))",
    "the driver": "op.get_bind().connection.rollback()",
    "the driver's commit": "op.get_bind().connection.commit()",
    "the driver itself": "op.get_bind().connection.driver_connection.commit()",
    "the driver's block": "with op.get_bind().connection.driver_connection:\n    pass",
    "the driver, set back": "op.get_bind().connection.reset()",
    "the driver, which commits each statement then": "driver = op.get_bind().connection.driver_connection\n"
    "driver.rollback()\ndriver.autocommit = True",
    "the driver, by its level": "op.get_bind().connection.driver_connection.set_isolation_level(0)",
    "a refusal that is swallowed": "try:\n    op.get_bind().connection.commit()\nexcept Exception:\n    pass",
    "a class of cursors of its own": f"{UNHEARD}cursor.execute('ROLLBACK')",
}
# Nothing but PostgreSQL knows of it.
COMMITTED = {
    "a class of cursors of its own": f"{UNHEARD}cursor.execute('COMMIT')",
    "a new transaction": f"{UNHEARD}cursor.execute('COMMIT; BEGIN')",
}
# Refused before it runs where each statement is a transaction: in an autocommit block, and after a COMMIT.
BLOCKS = {
    "several in one": alone("COMMIT; BEGIN"),
    "a commit behind another": alone("CREATE TABLE x (); COMMIT"),
    "a rollback between others": alone("SELECT 1; ROLLBACK AND CHAIN; CREATE TABLE x ()"),
    "a rollback": alone("BEGIN", "ROLLBACK"),
    "an abort": alone("BEGIN", "-- all of it\nABORT WORK;"),
    "prepared": alone("BEGIN", "PREPARE TRANSACTION 'p'"),
    "after a COMMIT": sql("COMMIT", "BEGIN", "ROLLBACK"),
}
# These end no transaction, or are recorded in the journal.
ALLOWED = {
    "savepoints": "bind = op.get_bind()\nwith bind.begin_nested() as one:\n"
    "    op.execute('DELETE FROM t')\n    one.rollback()\n"
    + sql("SAVEPOINT a", "DELETE FROM t", "ROLLBACK TO SAVEPOINT a"),
    "a session that commits": f"{SESSION}session.execute(sa.text('SELECT 1'))\nsession.commit()\nsession.close()",
    "a block": alone("CREATE INDEX CONCURRENTLY t_n ON t (n)"),
    "COMMIT": sql("COMMIT", "CREATE INDEX CONCURRENTLY t_n ON t (n)"),
    "COMMIT AND CHAIN": sql("COMMIT AND CHAIN", "ALTER TABLE t ADD m integer"),
    "the connection's commit": "op.get_bind().commit()\n" + sql("ALTER TABLE t ADD m integer"),
    "settings": sql("RESET ALL", "SET LOCAL lock_timeout = '5s'", "RESET ALL"),
    "a failure in a savepoint": "try:\n    with op.get_bind().begin_nested():\n        op.execute('SELECT 1 / 0')\n"
    "except sa.exc.DBAPIError:\n    pass",
    "nothing": "pass",
}
STATE = "SELECT version_num, to_regclass('u') IS NOT NULL, (SELECT sum(n) FROM t) FROM alembic_version"
LEDGER = "SELECT string_agg(revision, ' ' ORDER BY number) FROM whisper_ledger"
UNDO = ("DROP TABLE IF EXISTS u, w, whisper_journal", "DROP INDEX IF EXISTS t_n", "UPDATE t SET n = n - 1 WHERE n > 10")


def refused(folder: Path, url: URL, end: str) -> str:
    """Return the message about such a revision, from a run and from its proof; neither creates a table `w`."""
    made = project(folder, FIRST, f"{WORK}\n{end}\n{sql('CREATE TABLE public.w ()')}")
    with pytest.raises(Failure) as caught:
        run(made, url)
    assert "r2" in caught.value.what and caught.value.remedy, caught.value
    assert ask(url, LEDGER) == [("r1",)] and ask(url, "SELECT to_regclass('w')") == [(None,)]
    return caught.value.what


@pytest.mark.thorough
def test_ended_by_itself(tmp_path: Path, database: URL) -> None:
    for number, (name, end) in enumerate(ENDED.items()):
        said = refused(tmp_path / str(number), database, end)
        assert "does not count as applied" in said, (name, said)
        assert ask(database, STATE) == [("r1", False, 55)], name


def test_committed_by_itself(tmp_path: Path, database: URL) -> None:
    for number, (name, end) in enumerate(COMMITTED.items()):
        said = refused(tmp_path / str(number), database, end)
        assert "what it committed by itself" in said and "is in the database" in said, (name, said)
        assert ask(database, STATE) == [("r1", True, 65)], name
        ask(database, UNDO[0], "UPDATE t SET n = n - 1")


def test_end_of_a_transaction_where_each_statement_is_one(tmp_path: Path, database: URL) -> None:
    for number, (name, end) in enumerate(BLOCKS.items()):
        said = refused(tmp_path / str(number), database, end)
        assert "r2 ends a transaction (`" in said and "that statement was not run" in said, (name, said)
        assert ask(database, "SELECT to_regclass('x')") == [(None,)], name
        ask(database, *UNDO)


@pytest.mark.thorough
def test_what_ends_no_transaction_runs(tmp_path: Path, database: URL) -> None:
    for number, (name, end) in enumerate(ALLOWED.items()):
        made = project(tmp_path / str(number), FIRST, f"{WORK}\n{end}", downs=("pass", "pass"))
        assert run(made, database).after == ["r2"], name
        assert ask(database, STATE) == [("r2", True, 65)], name
        run(made, database, "-1", "downgrade")
        ask(database, "DROP TABLE u", "DROP INDEX IF EXISTS t_n", "ALTER TABLE t DROP COLUMN IF EXISTS m")
        ask(database, "UPDATE t SET n = n - 1", "DROP TABLE IF EXISTS whisper_journal")


# Ways for a revision to handle a failed statement.
AFTERWARDS = {
    "rolls back, and raises it": "except Exception:\n    op.get_bind().rollback()\n    raise",
    "rolls back by SQL": "except Exception:\n    op.execute('ROLLBACK')\n    raise",
    "swallows it": "except Exception:\n    pass",
    "swallows it, and goes on": f"except Exception:\n    pass\n{sql('CREATE TABLE public.w ()')}",
    "swallows it, and has a block": f"except Exception:\n    pass\n{alone('CREATE INDEX CONCURRENTLY t_n ON t (n)')}",
    "cleans up": "finally:\n    op.execute('RESET lock_timeout')",
    "cleans up in Python": "finally:\n    del nothing",
    "raises another": "except Exception as error:\n    raise ValueError('no rule for t') from error",
}


@pytest.mark.servers("pg18")
def test_true_failure_is_told_whatever_is_done_about_it(tmp_path: Path, database: URL) -> None:
    for number, (name, end) in enumerate(AFTERWARDS.items()):
        made = project(tmp_path / str(number), FIRST, f"{WORK}\ntry:\n    op.execute('SELECT 1 / 0')\n{end}")
        with pytest.raises(Failure, match=r"rolled back: division by zero. r2 was at: SELECT 1 / 0\b") as caught:
            run(made, database)
        assert ("no rule for t" in str(caught.value)) == (name == "raises another")
        assert ask(database, STATE) == [("r1", False, 55)], name


@pytest.mark.servers("pg18")
def test_checked_run_and_proof_refuse_it_in_a_shadow(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    made = project(tmp_path, FIRST, f"{WORK}\n{sql('SELECT 1; COMMIT')}")
    said = command(capsys, made, database, "upgrade")
    assert said.code == 2 and "r2 ends the transaction that it runs in (`COMMIT` in `SELECT 1; COMMIT`)" in said.err
    assert ask(database, "SELECT to_regclass('t')") == [(None,)]
    history = History(made)
    with connected(database) as shadow:
        history.step(shadow, "r1", "upgrade")
        for end in ENDED.values():
            write(made, 2, f"{WORK}\n{end}")
            with pytest.raises(Failure, match=r"r2 .*does not count as applied"):
                History(made).step(shadow, "r2", "upgrade")
            shadow.rollback()
    assert ask(database, STATE) == [("r1", False, 55)]


HANDLED = {
    "finally": ("finally:\n    op.execute('DROP TABLE x')", 'table "x" does not exist'),
    "finally, in Python": ("finally:\n    [][0]", "IndexError: list index out of range"),
    "except": ("except ValueError:\n    op.execute('DROP TABLE x')", 'table "x" does not exist'),
}


@pytest.mark.servers("pg18")
def test_failure_of_a_clean_up_does_not_replace_the_one_before_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    for number, (name, (end, last)) in enumerate(HANDLED.items()):
        made = project(tmp_path / str(number), FIRST, f"try:\n    raise ValueError('no rule for t')\n{end}")
        said = command(capsys, made, database, "upgrade")
        for told in (said.err, said.out):
            words = " ".join(told.split())
            assert last in words and "Before that ValueError: no rule for t (alembic/versions/r2.py:" in words, name


EXITS = ("SystemExit(0)", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException('odd')")


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_ended_the_program(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL) -> None:
    """An exit that only happens with rows, so no shadow reveals it: exit code 0 would mean success."""
    for number, error in enumerate(EXITS):
        name = error.partition("(")[0]
        when = f"if op.get_bind().scalar(sa.text('SELECT count(*) FROM t')):\n    raise {error}"
        made = project(tmp_path / str(number), FIRST, f"{WORK}\n{when}")
        said = command(capsys, made, database, "upgrade")
        assert said.code == 2 and "Traceback" not in said.err and f"rolled back: {name}" in said.err, said
        assert "(alembic/versions/r2.py:" in said.err and ask(database, STATE) == [("r1", False, 55)], said
        write(made, 2, f"raise {error}")
        assert (
            f"the upgrade fails in a shadow (alembic/versions/r2.py): {name}"
            in command(capsys, made, database, "prove").out
        )


@pytest.mark.servers("pg18")
def test_isolation_level_is_set_first(tmp_path: Path, database: URL) -> None:
    """PostgreSQL refuses to set the level after the first query of a transaction."""
    level = sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "CREATE TABLE u (n integer)")
    assert run(project(tmp_path, FIRST, level), database).after == ["r2"]


def test_details_of_a_cursor_of_its_own(tmp_path: Path, database: URL) -> None:
    """PostgreSQL's message about a statement that was not run by SQLAlchemy."""
    made = project(tmp_path, FIRST, f"{RAW}cursor.execute('INSERT INTO t VALUES (1); CREATE UNIQUE INDEX i ON t (n)')")
    with pytest.raises(Failure, match=r"r2.py:\d+\)\. DETAIL: Key \(n\)=\(1\) is duplicated"):
        run(made, database)
    with connected(database) as connection, pytest.raises(Failure, match="DETAIL: Key"):
        History(made).replay(connection)
