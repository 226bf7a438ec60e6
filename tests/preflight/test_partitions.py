"""Partitions that only the database has, and tables that were never analyzed."""

import json
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project, run, sql
from tests.support.little import command, execute

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


def test_rows_that_do_not_fit_into_their_partition(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(
        tmp_path,
        sql(
            "CREATE TABLE p (id int, at date) PARTITION BY RANGE (id); CREATE TABLE rest PARTITION OF p DEFAULT",
            "CREATE TABLE good (id int PRIMARY KEY, at date); CREATE TABLE bad (id int PRIMARY KEY, at date)",
        ),
        sql("CREATE TABLE new PARTITION OF p FOR VALUES FROM (50) TO (60)"),
        sql("CREATE TABLE fits PARTITION OF p FOR VALUES FROM (60) TO (70)"),
        sql("ALTER TABLE good RENAME TO better; ALTER TABLE p ATTACH PARTITION better FOR VALUES FROM (1) TO (10)"),
        sql("ALTER TABLE p ATTACH PARTITION bad FOR VALUES FROM (10) TO (20)"),
        sql("ALTER TABLE p DETACH PARTITION bad"),
    )
    run(made, database, "r1")
    execute(database, "INSERT INTO rest VALUES (55)", "INSERT INTO good VALUES (9)", "INSERT INTO bad VALUES (9), (10)")
    said = command(capsys, made, database, "preflight", "--format", "json")
    found = [
        (step["revision"], one["what"])
        for step in json.loads(said.out)["steps"]
        for one in step["findings"]
        if one["rule"] in ("WM201", "WM203")
    ]
    assert said.code == 1 and [revision for revision, _ in found] == ["r2", "r5"], found
    assert "1 row of bad breaks it (id 9)" in found[1][1], found


def test_a_small_table_that_was_never_analyzed(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (id int)"), sql("UPDATE t SET id = 1"))
    run(made, database, "r1")
    execute(database, "INSERT INTO t VALUES (1)")
    said = command(capsys, made, database, "preflight")
    assert said.code == 0, said
