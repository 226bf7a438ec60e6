"""Partitions that only the database has, and tables that were never analyzed."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.little import command, execute
from tests.running.attempts import project, run, sql

MANY = "UPDATE pg_class SET reltuples = 10000000 WHERE relname LIKE 'Part %'"
STEPS = {
    "ALTER TABLE s.parts ALTER n TYPE bigint": "WM101 table-rewrite: blocks all access to s.parts (10,000,000 rows",
    "ALTER TABLE s.parts ALTER n SET NOT NULL": "WM103 scan-under-lock: blocks all access to s.parts",
    "ALTER TABLE s.parts ADD CHECK (n > 0)": "WM103 scan-under-lock: blocks all access to s.parts",
    "CREATE INDEX ON s.parts (n)": "WM102 blocking-index-build: blocks writes to s.parts",
    "UPDATE s.parts SET n = n + 1": "WM105 many-rows-changed: changes up to all rows of s.parts",
    "ALTER TABLE s.parts ADD m int": "",
}


def test_partitions_of_the_database_alone(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(
        tmp_path,
        sql("CREATE SCHEMA s; CREATE TABLE s.parts (id int, n int) PARTITION BY LIST (id)"),
        *(sql(step) for step in STEPS),
    )
    run(made, database, "r1")
    execute(
        database,
        'CREATE TABLE s."Part 1" PARTITION OF s.parts FOR VALUES IN (1, NULL)',
        "CREATE TABLE s.other PARTITION OF s.parts FOR VALUES IN (2) PARTITION BY LIST (n)",
        "INSERT INTO s.parts VALUES (1, 1)",
        MANY,
    )
    said = command(capsys, made, database, "preflight")
    assert said.code == 1, said
    for number, (step, words) in enumerate(STEPS.items(), 2):
        part = " ".join(said.out.partition(f"r{number} does")[2].split("\nr")[0].split())
        assert (words in part and part.count("! WM10") == 1) if words else "WM10" not in part, (step, part)


def test_a_small_table_that_was_never_analyzed(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (id int)"), sql("UPDATE t SET id = 1"))
    run(made, database, "r1")
    execute(database, "INSERT INTO t VALUES (1)")
    said = command(capsys, made, database, "preflight")
    assert said.code == 0, said
