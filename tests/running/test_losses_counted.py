"""The database itself counts the losses of a run or a repair, row by row."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project, run, sql
from tests.support.little import command, execute, value

MAKE = """
CREATE TYPE mood AS ENUM ('a', 'b', 'c');
CREATE TYPE place AS (name text, n int);
CREATE TYPE word AS (said varchar(9), "By" text);
CREATE TABLE "T 1" (id int PRIMARY KEY, short varchar(20), digits text, "Or not" text DEFAULT 'x', plain int, m mood,
    ms mood[], at timestamp, p place, ps place[], w word);
CREATE TABLE gone (id int);
CREATE TABLE empty (id int)"""
ROWS = """
INSERT INTO "T 1" VALUES
    (1, 'long enough', '1', 'x', 1, 'a', '{a,c}', '2020-01-01 12:00', '(a,1)', '{"(b,)"}', '(no,x)'),
    (2, 'ok', 'abc', 'y', NULL, 'c', '{b}', NULL, '(b,)', NULL, '(certainly,x)'),
    (3, NULL, '007', 'x', 3, 'b', '{}', '2020-01-01 00:00', NULL, NULL, NULL),
    (4, 'four', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '(,)');
INSERT INTO gone VALUES (1), (2), (3)"""
# A step that loses something, the line of the plan, and in how many rows; how it is undone by hand, for a repair.
STEPS = (
    ('ALTER TABLE "T 1" ALTER short TYPE varchar(3) USING left(short, 3)', '"T 1".short: values of type character', 2),
    ('ALTER TABLE "T 1" ALTER digits TYPE int USING CASE WHEN digits ~ $$^\\d+$$ THEN digits::int END', "digits", 2),
    ('ALTER TABLE "T 1" DROP "Or not"', 'column "T 1"."Or not"', 2),
    ('ALTER TABLE "T 1" DROP plain', 'column "T 1".plain', 2),
    ("DROP TABLE gone", "table gone", 3),
    ('ALTER TABLE "T 1" ALTER at TYPE date', '"T 1".at', 1),
    (
        "CREATE TYPE less AS ENUM ('a', 'b'); ALTER TABLE \"T 1\" ALTER m TYPE less USING nullif(m::text, 'c')::less,"
        " ALTER ms TYPE less[] USING array_remove(ms::text[], 'c')::less[]; DROP TYPE mood;"
        " ALTER TYPE less RENAME TO mood",
        'in "T 1".m:',
        1,
    ),
    ("ALTER TYPE place DROP ATTRIBUTE n CASCADE", 'in "T 1".p:', 1),
    (
        'CREATE TYPE short AS (said varchar(3), "By" text); ALTER TABLE "T 1" ALTER w TYPE short'
        ' USING ROW((w).said::varchar(3), (w)."By")::short; DROP TYPE word; ALTER TYPE short RENAME TO word',
        'in "T 1".w:',
        1,
    ),
)


def test_the_plan_counts_rows(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, sql(MAKE), *(sql(step) for step, *_ in STEPS), sql("DROP TABLE empty"))
    run(made, database, "r1")
    execute(database, ROWS)
    said = command(capsys, made, database, "upgrade", "--plan")
    assert said.code == 0, said
    lines = [line.strip() for line in said.out.splitlines() if line.strip().startswith(("loses", "drops"))]
    for _, words, rows in STEPS:
        (line,) = [line for line in lines if words in line]
        assert line.endswith(f": {rows} row{'s' if rows > 1 else ''}"), said.out
    for array in ("ms", "ps"):
        assert any(f'in "T 1".{array}:' in line and line.endswith(": 1 row") for line in lines), said.out
    assert "drops table empty, which loses no row" in lines and len(lines) == len(STEPS) + 3, said.out
    assert value(database, 'SELECT count(*) FROM "T 1"') == 4 and value(database, "SELECT count(*) FROM gone") == 3


def test_rows_of_partitions_and_child_tables_are_counted_once(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = (
        "CREATE TABLE p (id int, n int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE above (a int, b int); CREATE TABLE below (c int) INHERITS (above)",
    )
    dropped = (
        "ALTER TABLE p DROP n; ALTER TABLE above DROP a; ALTER TABLE below NO INHERIT above; ALTER TABLE below DROP b"
    )
    made = project(tmp_path, sql(*tables), sql(dropped))
    run(made, database, "r1")
    execute(
        database, "INSERT INTO p VALUES (1, 1); INSERT INTO above VALUES (1, 1); INSERT INTO below VALUES (2, 2, 2)"
    )
    said = command(capsys, made, database, "upgrade", "--plan")
    lines = sorted(line.strip() for line in said.out.splitlines() if line.strip().startswith("loses"))
    assert lines == [
        "loses column above.a: 2 rows",
        "loses column below.b: 1 row",
        "loses column p.n: 1 row",
    ], said.out


def test_the_repair_counts_rows(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a hand-made column, what is not its default; of a wider type, what the narrower one does not hold."""
    made = project(
        tmp_path,
        sql(
            "CREATE TYPE place AS (name text)",
            'CREATE TABLE "T 1" (id int PRIMARY KEY, short varchar(3), digits int, m int, p place)',
        ),
    )
    run(made, database)
    by_hand = (
        'ALTER TABLE "T 1" ALTER short TYPE varchar(20)',
        'ALTER TABLE "T 1" ALTER digits TYPE text',
        'ALTER TABLE "T 1" ADD "Or not" text DEFAULT \'x\'',
        "ALTER TYPE place ADD ATTRIBUTE n int CASCADE",
        'INSERT INTO "T 1" SELECT n, $$abc$$, $$5$$, 1, $$(a,)$$, $$x$$ FROM generate_series(10, 99) AS n',
        "INSERT INTO \"T 1\" (id, short, digits, p, \"Or not\") VALUES (1, 'long', '1', NULL, 'x')",
        "INSERT INTO \"T 1\" (id, short, digits, p, \"Or not\") VALUES (2, 'ok', 'abc', '(b,)', 'y')",
        "INSERT INTO \"T 1\" (id, short, digits, p, \"Or not\") VALUES (3, 'ab', '07', '(b,7)', 'x')",
    )
    execute(database, *by_hand)
    said = command(capsys, made, database, "repair", "--apply")
    assert said.code == 2 and "data would be lost (5 rows)" in said.err, said


def test_a_generated_column_of_another_type_loses_nothing(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    generated = "ADD g {} GENERATED ALWAYS AS (id * 2) STORED"
    made = project(
        tmp_path,
        sql(f"CREATE TABLE t (id int); ALTER TABLE t {generated.format('bigint')}"),
        sql(f"ALTER TABLE t DROP g, {generated.format('smallint')}"),
    )
    run(made, database, "r1")
    execute(database, "INSERT INTO t VALUES (1), (2)")
    said = command(capsys, made, database, "upgrade", "--plan")
    assert said.code == 0 and "loses" not in said.out, said


def test_type_that_every_value_fits_is_no_loss(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    up = "CREATE TABLE t (a bigint, b text); INSERT INTO t VALUES (1, 'x')"
    narrow = ("ALTER TABLE t ALTER a TYPE integer, ALTER b TYPE varchar(9)",)
    made = project(tmp_path, sql(up), sql(*narrow), sql("ALTER TABLE t ADD COLUMN c integer"))
    run(made, database, "r1")
    said = command(capsys, made, database, "upgrade", "--plan")
    assert said.code == 0 and "loses" not in said.out and "drops" not in said.out, said
