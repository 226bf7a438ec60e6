"""Questions about rows of tables that pending revisions have renamed, extended or filled before."""

import json
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project, run, sql
from tests.support.little import command, execute

pytestmark = pytest.mark.thorough

# The table of each case is "T n" with three rows: a is 1, 2, NULL and b is 'x' in each.
MAKE = 'CREATE TABLE "T {n}" (id int PRIMARY KEY, a int, b text)'
ROWS = "INSERT INTO \"T {n}\" VALUES (1, 1, 'x'), (2, 2, 'x'), (3, NULL, 'x')"
FAILS = True
MENDED = False  # a finding without a decision
# The revisions of a case, and the finding of its last revision: whether it asks for a decision, and its words.
CASES: list[tuple[list[str], tuple[bool, str] | None]] = [
    (['ALTER TABLE "T {n}" ADD c int NOT NULL'], (FAILS, "3 rows")),
    (['ALTER TABLE "T {n}" ADD c int DEFAULT 1 UNIQUE'], (FAILS, "2 rows")),
    (['ALTER TABLE "T {n}" ADD c int DEFAULT 1 CHECK (c > 5)'], (FAILS, "3 rows")),
    (['ALTER TABLE "T {n}" ADD c int DEFAULT 9 REFERENCES "T {n}"'], (FAILS, "3 rows")),
    (['ALTER TABLE "T {n}" ADD c int', 'ALTER TABLE "T {n}" ALTER c SET NOT NULL'], (FAILS, "3 rows")),
    (['ALTER TABLE "T {n}" RENAME a TO "A"; ALTER TABLE "T {n}" ALTER "A" SET NOT NULL'], (FAILS, "(id 3)")),
    (['ALTER TABLE "T {n}" RENAME a TO z', 'CREATE UNIQUE INDEX ON "T {n}" (b) WHERE z > 0'], (FAILS, "(id 2)")),
    (['ALTER TABLE "T {n}" RENAME TO u{n}; ALTER TABLE u{n} ADD CHECK (a > 1)'], (FAILS, "(id 1)")),
    (
        ['ALTER TABLE "T {n}" RENAME TO u{n}', "ALTER TABLE u{n} ADD FOREIGN KEY (a) REFERENCES u{n} (id)"],
        None,
    ),
    (
        [
            'ALTER TABLE "T {n}" RENAME id TO key',
            "CREATE TABLE p{n} (id int PRIMARY KEY)",
            'ALTER TABLE "T {n}" ADD FOREIGN KEY (key) REFERENCES p{n}',
        ],
        (FAILS, "3 rows"),
    ),
    (['UPDATE "T {n}" SET b = \'a\'; ALTER TABLE "T {n}" ALTER a SET NOT NULL'], (FAILS, "(id 3)")),
    (['UPDATE "T {n}" SET a = 0 WHERE a IS NULL', 'ALTER TABLE "T {n}" ALTER a SET NOT NULL'], (MENDED, "perhaps")),
    (
        ['ALTER TABLE "T {n}" ADD c int', 'UPDATE "T {n}" SET c = 1', 'ALTER TABLE "T {n}" ALTER c SET NOT NULL'],
        (MENDED, "perhaps"),
    ),
    (
        [
            'CREATE TABLE p{n} (id int PRIMARY KEY); INSERT INTO p{n} SELECT id FROM "T {n}"',
            'ALTER TABLE "T {n}" ADD FOREIGN KEY (id) REFERENCES p{n}',
        ],
        (MENDED, "an earlier revision changes rows of p"),
    ),
    (['ALTER TABLE "T {n}" ADD c serial NOT NULL, ADD d int DEFAULT random() * 9 NOT NULL'], None),
    (['ALTER TABLE "T {n}" ADD c int DEFAULT 7 NOT NULL CHECK (c > 5)'], None),
    (['ALTER TABLE "T {n}" ADD CONSTRAINT n{n} CHECK (a > 5) NOT VALID'], None),
    (['CREATE TABLE k{n} () INHERITS ("T {n}"); CREATE UNIQUE INDEX ON "T {n}" (id, b)'], None),
]
SHARED = """
CREATE DOMAIN inner_d AS int;
CREATE DOMAIN outer_d AS inner_d;
CREATE TABLE of_domain (id int PRIMARY KEY, a outer_d);
CREATE TABLE up (id int);
CREATE TABLE down () INHERITS (up);
CREATE TABLE parts (id int, n int) PARTITION BY LIST (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF parts FOR VALUES IN (2, 3)"""
SHARED_ROWS = """
INSERT INTO of_domain VALUES (1, 1);
INSERT INTO up VALUES (1);
INSERT INTO down VALUES (1);
INSERT INTO parts VALUES (1, 1), (1, 1), (2, 1), (3, 1)"""


def test_rows_as_the_revision_finds_them(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    numbered = list(enumerate(CASES))
    steps = [sql(step.format(n=n)) for n, (revisions, _) in numbered for step in revisions]
    steps += [
        sql("ALTER DOMAIN inner_d ADD CHECK (VALUE > 3)"),
        sql("ALTER TABLE up ADD UNIQUE (id)"),
        sql("CREATE UNIQUE INDEX ON parts (id)"),
    ]
    made = project(tmp_path, sql(*(MAKE.format(n=n) for n, _ in numbered), SHARED), *steps)
    run(made, database, "r1")
    execute(database, *(ROWS.format(n=n) for n, _ in numbered), SHARED_ROWS)
    said = command(capsys, made, database, "preflight", "--format", "json")
    assert said.code == 1, said
    found = [
        [one for one in step["findings"] if one["rule"] in ("WM201", "WM203")] for step in json.loads(said.out)["steps"]
    ]
    *cases, domain, inherited, parts = found
    assert [one["table"] for one in domain] == ["of_domain"] and not inherited, (domain, inherited)
    assert len(parts) == 1 and ": 1 row of parts" in parts[0]["what"], parts
    place = 0
    for revisions, expected in CASES:
        place += len(revisions)
        first, last = [one for step in cases[place - len(revisions) : place - 1] for one in step], cases[place - 1]
        assert not first, (revisions, first)
        assert [one["decide"] for one in last] == ([] if expected is None else [expected[0]]), (revisions, last)
        assert expected is None or expected[1] in last[0]["what"], (revisions, last)
