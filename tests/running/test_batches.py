"""A marked UPDATE runs in batches of rows, each a transaction of its own, and changes what the whole one would."""

from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import URL

from tests.running.attempts import Said, alone, project, run, sql, write
from tests.support.projects import ask
from whisper_migrate.databases.batched_update import MARK
from whisper_migrate.errors import Failure

ROWS = "INSERT INTO t (id, n) SELECT i, i % 5 FROM generate_series(1, 50) AS i"
PLAIN = ("CREATE TABLE t (id integer PRIMARY KEY, n integer, m text)", ROWS)
COMPOSITE = (
    "CREATE TABLE t (day timestamptz, name text, id integer, n integer, m text, PRIMARY KEY (name, day))",
    "INSERT INTO t SELECT timestamptz '2026-10-25' + i * interval '1.000001 h', chr(97 + i % 3) || '''%', i, i % 5"
    " FROM generate_series(1, 50) AS i",
)
OTHER_TYPES = (
    "CREATE TABLE t (b bytea, u uuid, d numeric, n integer, m text, PRIMARY KEY (b, u, d))",
    "INSERT INTO t SELECT decode(md5((i % 3)::text), 'hex'), md5((i % 7)::text)::uuid, i / 7.0, i % 5"
    " FROM generate_series(1, 50) AS i",
)
PARTITIONED = (
    "CREATE TABLE t (id integer PRIMARY KEY, n integer, m text) PARTITION BY HASH (id)",
    "CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    ROWS,
)
OTHER = (*PLAIN, "CREATE TABLE other AS SELECT i AS id, 'x' || i AS word FROM generate_series(1, 50) AS i")
QUOTED = ('CREATE TABLE t ("I d" integer PRIMARY KEY, n integer, m text)', ROWS.replace("(id,", '("I d",'))

# The tables, and the UPDATE that runs in batches.
IN_BATCHES = {
    "a condition": (PLAIN, "UPDATE t SET m = 'x' WHERE m IS NULL"),
    "no condition": (PLAIN, "UPDATE t SET m = n"),
    "a condition with OR": (PLAIN, "UPDATE t SET m = 'x' WHERE n = 1 OR n = 2"),
    "comments": (PLAIN, "UPDATE t SET m = 'x' -- WHERE\nWHERE n = 1 -- the rest"),
    "a semicolon": (PLAIN, "UPDATE t SET m = 'a;b' WHERE n = 1;"),
    "a subquery": (PLAIN, "UPDATE t SET m = (SELECT count(*) FROM t AS o WHERE o.id < t.id) WHERE n <> 3"),
    "not idempotent": (PLAIN, "UPDATE t SET n = n + 1"),
    "percent signs": (PLAIN, "UPDATE t SET m = '100%' WHERE id % 2 = 0 AND m IS DISTINCT FROM '%s'"),
    "an alias": (PLAIN, "UPDATE t AS x SET m = x.n WHERE x.n > 1"),
    "only": (PLAIN, "UPDATE ONLY t SET m = n"),
    "another table": (OTHER, "UPDATE t SET m = o.word FROM other AS o WHERE o.id = t.id AND o.id > 7"),
    "a schema": (PLAIN, "update public.t set m = n where id > 3"),
    "a key of two columns": (COMPOSITE, "UPDATE t SET m = n WHERE id <> 9"),
    "a key of other types": (OTHER_TYPES, "UPDATE t SET m = n"),
    "partitions": (PARTITIONED, "UPDATE t SET m = n WHERE id <> 9"),
    "a quoted key": (QUOTED, "UPDATE t SET m = n"),
    "no rows": ((*PLAIN, "DELETE FROM t"), "UPDATE t SET m = n"),
}
# Those that have to run as one statement, and the reason.
AS_A_WHOLE = {
    "no key": (("CREATE TABLE t (id integer, n integer, m text)", ROWS), "UPDATE t SET m = n", "no primary key"),
    "a key that is set": (PLAIN, "UPDATE t SET id = id + 100", "no primary key that stays"),
    "a key among others": (PLAIN, "UPDATE t SET (m, id) = ('x', id + 100)", "no primary key that stays"),
    "rows of a child": (
        (*PLAIN, "CREATE TABLE child () INHERITS (t)", "INSERT INTO child SELECT id, n FROM t WHERE id < 9"),
        "UPDATE t SET m = n",
        "no primary key",
    ),
    "rows to return": (PLAIN, "UPDATE t SET m = n RETURNING id", "only an UPDATE without RETURNING"),
    "no update": (PLAIN, "DELETE FROM t WHERE n = 1", "only an UPDATE"),
}
STATE = "SELECT to_jsonb(t) FROM t ORDER BY to_jsonb(t)::text"


def whole(folder: Path, database: URL, tables: tuple[str, ...], update: str) -> list[tuple[object, ...]]:
    """Return the rows after the statement as it stands, in tables that are dropped again."""
    ask(database, *tables, update)
    rows = ask(database, STATE)
    ask(database, "DROP TABLE IF EXISTS other, t CASCADE")
    return rows


@pytest.mark.parametrize("name", IN_BATCHES)
def test_batches_change_the_rows_that_the_whole_update_changes(tmp_path: Path, database: URL, name: str) -> None:
    tables, update = IN_BATCHES[name]
    wanted = whole(tmp_path, database, tables, update)
    made = project(tmp_path, sql(*tables), alone(f"{MARK} {update}"))
    run(made, database, "r1")
    said = Said()
    run(made, database, said=said, batch_rows=7)
    assert ask(database, STATE) == wanted
    assert f"in {len(wanted) // 7 + 1} batch" in said
    assert ask(database, "SELECT 1 FROM whisper_journal") == []


@pytest.mark.parametrize("name", AS_A_WHOLE)
def test_statement_without_batches_runs_as_a_whole(tmp_path: Path, database: URL, name: str) -> None:
    tables, update, why = AS_A_WHOLE[name]
    wanted = whole(tmp_path, database, tables, update)
    made = project(tmp_path, sql(*tables), alone(f"{MARK} {update}"))
    said = Said()
    run(made, database, said=said, batch_rows=7)
    assert ask(database, STATE) == wanted
    (line,) = [line for line in said.lines if "Not in batches, but as one statement: " in line]
    assert why in line


def test_run_goes_on_behind_the_last_batch(tmp_path: Path, database: URL) -> None:
    first, fill = sql(*PLAIN, "UPDATE t SET n = 0 WHERE id = 23"), "UPDATE t SET m = 10 / n, n = n + 100"
    made = project(tmp_path, first.replace("i % 5", "1 + i % 5"), alone(f"{MARK} {fill}"))
    so_far = "division by zero. 0 of its statements are done, and 20 rows of statement 1"
    with pytest.raises(Failure, match=so_far) as caught:
        run(made, database, batch_rows=10)
    assert "goes on behind them" in str(caught.value.remedy)
    assert ask(database, "SELECT count(*) FROM t WHERE n > 100") == [(20,)]
    ask(database, "UPDATE t SET n = 1 WHERE id = 23", "INSERT INTO t VALUES (0, 1)")
    said = Said()
    assert run(made, database, said=said, batch_rows=15).after == ["r2"]
    assert "Statement 1 goes on behind 20 rows." in said and "Statement 1: 50 rows in 3 batches." in said
    assert ask(database, "SELECT id FROM t WHERE n NOT BETWEEN 101 AND 199") == [(0,)]
    assert ask(database, "SELECT 1 FROM whisper_journal") == []


@pytest.mark.parametrize("update", ["best AS t SET m = t.n", "public.best t SET m = n", 'best AS "B" SET m = "B".n'])
def test_alias_that_ends_the_name_of_the_table(tmp_path: Path, database: URL, update: str) -> None:
    tables = [statement.replace("INTO t ", "INTO best ").replace("TABLE t ", "TABLE best ") for statement in PLAIN]
    said = Said()
    run(project(tmp_path, sql(*tables), alone(f"{MARK} UPDATE {update}")), database, said=said, batch_rows=20)
    assert "50 rows in 3 batches" in said and ask(database, "SELECT 1 FROM best WHERE m IS NULL") == []


def test_changed_update_is_not_taken_up(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, sql(*PLAIN), alone(f"{MARK} UPDATE t SET m = 1 / (id - 23)"))
    with pytest.raises(Failure, match="20 rows of statement 1"):
        run(made, database, batch_rows=10)
    write(made, 2, alone(f"{MARK} UPDATE t SET m = 1 / (id - 24)"))
    with pytest.raises(Failure, match="has changed since"):
        run(made, database, batch_rows=10)


def test_journal_of_an_earlier_release_is_taken_up(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, sql(*PLAIN), alone(f"{MARK} UPDATE t SET m = 1 / (id - 23)"))
    run(made, database, "r1")
    ask(
        database,
        "CREATE TABLE whisper_journal (revision text, direction text, statement integer, sha256 text NOT NULL, sql text"
        " NOT NULL, rows integer, began timestamptz NOT NULL DEFAULT clock_timestamp(), done timestamptz,"
        " PRIMARY KEY (revision, direction, statement))",
    )
    with pytest.raises(Failure, match="20 rows of statement 1"):
        run(made, database, batch_rows=10)
    ask(database, "UPDATE t SET id = 1000 WHERE id = 23")
    assert run(made, database, batch_rows=10).after == ["r2"]
    assert ask(database, "SELECT count(*) FROM t WHERE m IS NULL") == [(0,)]


HOLD = """
CREATE FUNCTION hold(id integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    WHILE id = 3 AND NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP;
    RETURN 'held';
END $$"""


def test_batches_get_smaller_when_a_session_waits_for_one(tmp_path: Path, database: URL) -> None:
    more = "INSERT INTO t (id) SELECT i FROM generate_series(51, 1000) AS i"
    made = project(tmp_path, sql(*PLAIN, HOLD, more), alone(f"{MARK} UPDATE t SET m = hold(id)"))
    run(made, database, "r1")
    blocked = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%hold(id)%' AND state ="
    blocked += " 'active' AND pid <> pg_backend_pid()) LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot();"
    blocked += " END LOOP; UPDATE t SET n = 7 WHERE id = 1; END $$"
    waiter = Thread(target=ask, args=(database, blocked))
    waiter.start()
    said = Said()
    run(made, database, said=said, batch_rows=400)
    waiter.join()
    assert "1000 rows in 4 batches" in said  # of 400, 200 and 400 rows; without the pause, they are 400, 400 and 200
    assert ask(database, "SELECT n FROM t WHERE id = 1") == [(7,)]
    assert ask(database, "SELECT count(*) FROM t WHERE m = 'held'") == [(1000,)]
