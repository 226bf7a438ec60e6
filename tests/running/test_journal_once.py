"""A statement that writes runs once, even if a later one fails; PostgreSQL decides whether it has written."""

import re
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import AUTOCOMMIT, alone, project, run, sql
from tests.running.test_journal import FAIL, FIRST, journal
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project

PAY = sql(
    "CREATE TABLE paid (id serial, n integer)",
    "CREATE FUNCTION pay() RETURNS integer LANGUAGE sql AS 'INSERT INTO paid (n) VALUES (5) RETURNING n'",
    "CREATE FUNCTION pay_quietly() RETURNS void LANGUAGE plpgsql AS"
    " $$BEGIN PERFORM pay(); EXCEPTION WHEN OTHERS THEN NULL; END$$",
    "CREATE PROCEDURE pay_twice() LANGUAGE sql AS 'SELECT pay(); SELECT pay()'",
    "CREATE PROCEDURE pay_and_commit() LANGUAGE plpgsql AS $$BEGIN PERFORM pay(); COMMIT; PERFORM pay(); END$$",
)
# Each statement adds 5 or 10 to `paid`, or creates a table: a second time it would add twice, or fail.
WRITING = {
    "SELECT pay()": 5,
    "(SELECT pay())": 5,
    "-- interest\nSELECT n FROM pay() AS n": 5,
    "SELECT pay_quietly()": 5,
    "SELECT 1 AS one INTO made": 0,
    "CREATE TABLE made AS SELECT pay()": 5,
    "WITH one AS (SELECT 5 AS n) INSERT INTO paid (n) SELECT n FROM one": 5,
    "WITH one AS (SELECT pay() AS n) SELECT n FROM one": 5,
    "VALUES (pay())": 5,
    "EXPLAIN (ANALYZE, COSTS off) INSERT INTO paid (n) VALUES (5)": 5,
    "CALL pay_twice()": 10,
    "CALL pay_and_commit()": 10,
    "DO $$BEGIN PERFORM pay(); END$$": 5,
    "DO $$BEGIN PERFORM pay(); COMMIT; PERFORM pay(); END$$": 10,
    "COPY paid (n) FROM PROGRAM 'echo 5'": 5,
    "SET lock_timeout = '5s'; INSERT INTO paid (n) VALUES (5)": 5,
    "SELECT 1; INSERT INTO paid (n) VALUES (5)": 5,
    "INSERT INTO paid (n) VALUES (5)": 5,
    "INSERT INTO paid (n) VALUES (5) RETURNING n": 5,
    "WITH one AS (INSERT INTO paid (n) VALUES (5) RETURNING n) SELECT n FROM one": 5,
    "CREATE OR REPLACE FUNCTION made() RETURNS integer LANGUAGE sql AS 'DELETE FROM paid RETURNING n'": 0,
}
UNIQUE = alone("CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)")
READS = (
    "op.get_bind().execute(sa.text('SELECT count(*) FROM t')).scalar_one()\nsa.inspect(op.get_bind()).get_columns('t')"
)


def paid(url: URL) -> object:
    return ask(url, "SELECT coalesce(sum(n), 0) FROM paid")[0][0]


@pytest.mark.thorough
@pytest.mark.parametrize("place", ["in the block", "before it"])
def test_statement_that_writes_is_run_once(tmp_path: Path, database: URL, place: str) -> None:
    """In the block, or in the transaction that the block commits. Statements that only read run each time."""
    run(project(tmp_path / "first", FIRST, PAY), database)
    ask(database, "UPDATE t SET n = 1 WHERE id < 3")
    for number, (statement, pays) in enumerate(WRITING.items(), 3):
        if place == "before it" and "COMMIT" in statement.upper():
            continue  # not allowed in a transaction
        begin = alone(statement) if place == "in the block" else sql(statement)
        read = "with op.get_context().autocommit_block():\n" + textwrap.indent(READS, "    ")
        ask(database, "DELETE FROM paid", "DROP TABLE IF EXISTS made", "UPDATE alembic_version SET version_num = 'r2'")
        made = project(tmp_path / str(number), FIRST, PAY, f"{READS}\n{begin}\n{read}\n{READS}\n{UNIQUE}\n{read}")
        for _ in range(3):
            with pytest.raises(
                Failure, match=r"in the middle of r3: could not create unique index .* statements? (is|are) done"
            ):
                run(made, database)
            assert paid(database) == pays, statement
        ask(database, "UPDATE t SET n = 0 WHERE id = 1")
        assert run(made, database).after == ["r3"] and journal(database) == [], statement
        assert paid(database) == pays, statement
        ask(database, "DROP INDEX t_n", "UPDATE t SET n = 1 WHERE id < 3")


NEW = "CREATE TABLE new (n integer)"
SETTING = {
    "several": ("SET statement_timeout = 0; SET search_path TO app, public", NEW),
    "beside another": ("SET search_path TO app, public; INSERT INTO public.paid (n) VALUES (5)", NEW),
    "by a function": ("INSERT INTO paid (n) VALUES (5); SELECT set_config('search_path', 'app, public', false)", NEW),
    "prepared": (
        "INSERT INTO paid (n) VALUES (5); PREPARE made AS SELECT 5 AS n",
        "CREATE TABLE app.new AS EXECUTE made",
    ),
}
INSIDE = "DO $$BEGIN PERFORM pay(), set_config('search_path', 'app, public', false); END$$"


def failed(folder: Path, url: URL, setting: str, later: str) -> Project:
    """Return a project whose revision r4 has failed between the two statements, by rows that are mended since."""
    begin = sql("CREATE SCHEMA app", "UPDATE t SET n = 1 WHERE id < 3")
    made = project(folder, FIRST, PAY, begin, f"{alone(setting)}\n{UNIQUE}\n{alone(later)}")
    with pytest.raises(Failure, match=r"in the middle of r4: could not create unique index"):
        run(made, url)
    ask(url, "UPDATE t SET n = id")
    return made


@pytest.mark.parametrize("name", SETTING)
def test_settings_of_a_statement_that_is_done(name: str, tmp_path: Path, database: URL) -> None:
    """A revision that goes on behind a statement has the session which that statement made."""
    made = failed(tmp_path, database, *SETTING[name])
    assert run(made, database).after == ["r4"]
    there = "SELECT to_regclass('app.new') IS NOT NULL, to_regclass('public.new') IS NULL"
    assert ask(database, there) == [(True, True)] and paid(database) == (0 if name == "several" else 5)


def test_settings_of_a_block_that_is_done(tmp_path: Path, database: URL) -> None:
    made = failed(tmp_path, database, INSIDE, NEW)
    with pytest.raises(Failure, match=r"cannot be taken up again: it needs the settings .*: DO "):
        run(made, database)
    assert paid(database) == 5 and ask(database, "SELECT to_regclass('public.new') IS NULL") == [(True,)]


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_rows_of_a_statement_that_is_done_are_not_made_up(tmp_path: Path, database: URL) -> None:
    """A revision that uses rows of a writing SELECT is refused; a revision that ignores the rows resumes."""
    bind = "op.get_bind().execute(sa.text('SELECT pay()'))"
    for number, rows in enumerate(
        (f"{bind}.scalar_one()", f"list({bind})", f"{bind}.all()", "op.get_bind().scalar(sa.text('SELECT pay()'))")
    ):
        for block in (f"{AUTOCOMMIT}\n    {rows}", f"{rows}\n{AUTOCOMMIT}\n    pass"):
            made = project(tmp_path / f"{number}{len(block)}", FIRST, PAY, f"{block}\n{FAIL}")
            with pytest.raises(
                Failure, match=r"in the middle of r3: division by zero. 1 of its statements is done"
            ) as first:
                run(made, database)
            assert "goes on behind it, unless it needs the rows of statement 1 again" in str(first.value.remedy)
            with pytest.raises(Failure, match=r"wants the rows .* SELECT pay\(\)") as caught:
                run(made, database)
            assert paid(database) == 5
            (forget,) = re.findall(r"DELETE[^;]*;", str(caught.value.remedy))
            ask(database, forget, "DELETE FROM paid")


@pytest.mark.servers("pg18")
def test_procedure_that_commits_and_fails_is_not_run_again(tmp_path: Path, database: URL) -> None:
    body = "BEGIN PERFORM pay(); COMMIT; PERFORM 1 / 0; END"
    made = project(tmp_path, FIRST, PAY, alone(f"DO $${body}$$"))
    with pytest.raises(Failure, match=r"in the middle of r3: division by zero") as caught:
        run(made, database)
    assert "Nothing tells how far statement 1 came" in str(caught.value)
    with pytest.raises(Failure, match="was stopped while its statement 1 ran"):
        run(made, database)
    assert paid(database) == 5
    # a string that would hide it from the journal is not run at all
    for number, hidden in enumerate(("SELECT pay(); COMMIT; SELECT 1 / 0", "SELECT pay(); COMMIT; BEGIN"), 4):
        ask(database, "DELETE FROM paid", "DELETE FROM whisper_journal")
        made = project(tmp_path / str(number), FIRST, PAY, alone(hidden))
        for _ in range(2):
            with pytest.raises(Failure, match="r3 ends a transaction"):
                run(made, database)
        assert paid(database) == 0, hidden
