"""The command `preflight`: rows that a revision would fail on or lose, code that it breaks, sessions in its way."""

import json
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from tests.running.attempts import project, run, sql
from tests.support.connections import connected
from tests.support.little import command, execute, value

MAKE = """
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN short AS text;
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE "T 1" (id int PRIMARY KEY, a int, b int, c text, d short, m mood, during int4range);
CREATE TABLE empty (id int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN given AS positive NOT NULL;
CREATE TABLE parted (k int, v int) PARTITION BY LIST (k);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE lone (id int PRIMARY KEY, big int, slug int);
CREATE TABLE codes (code int UNIQUE, sku int NOT NULL UNIQUE, slug int)"""
GOOD = """
INSERT INTO parents VALUES (1), (2);
INSERT INTO "T 1" SELECT n, n, 1, 'ok', 'ok', 'a', int4range(n, n + 1) FROM generate_series(1, 2) AS n;
INSERT INTO parted VALUES (1, 1);
INSERT INTO codes VALUES (NULL, 1, 1), (1, 2, 2)"""
BAD = """
INSERT INTO "T 1" VALUES (7, 1, 9, 'much too long', 'much too long', 'b', int4range(1, 2)),
    (8, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO parted VALUES (1, NULL);
INSERT INTO lone VALUES (3, 0, 7);
INSERT INTO codes VALUES (2, 3, 1)"""
# A step, and the rules and words of its findings on the bad rows.
STEPS = [
    ('ALTER TABLE "T 1" ALTER a SET NOT NULL', "WM201", 'set-not-null "T 1".a: 1 row of "T 1" breaks it (id 8)'),
    ('ALTER TABLE "T 1" ADD CONSTRAINT one UNIQUE (a)', "WM201", '"T 1": 1 row'),
    ('CREATE UNIQUE INDEX two ON "T 1" (a) WHERE b > 0', "WM201", "(id 7)"),
    ('ALTER TABLE "T 1" ADD CONSTRAINT three CHECK (b < 9)', "WM201", "(id 7)"),
    ('ALTER TABLE "T 1" ADD CONSTRAINT four FOREIGN KEY (b) REFERENCES parents', "WM201", "(id 7)"),
    ("ALTER DOMAIN short ADD CONSTRAINT five CHECK (length(VALUE) < 5)", "WM201", "(id 7)"),
    ("ALTER DOMAIN short SET NOT NULL", "WM201", "(id 8)"),
    ('ALTER TABLE "T 1" ADD CONSTRAINT six EXCLUDE USING gist (during WITH &&)', "WM201", "(id 7)"),
    ('ALTER TABLE "T 1" ALTER c TYPE varchar(3) USING left(c, 3)', "WM202", ": 1 row"),
    (
        "CREATE TYPE less AS ENUM ('a'); ALTER TABLE \"T 1\" ALTER m TYPE less USING nullif(m::text, 'b')::less;"
        " DROP TYPE mood; ALTER TYPE less RENAME TO mood",
        "WM202",
        ": 1 row",
    ),
    ("ALTER TABLE part ALTER v SET NOT NULL", "WM201", "1 row of part"),
    ("ALTER TABLE lone ADD x given", "WM201", "set-not-null lone.x: 1 row of lone breaks it (id 3)"),
    ("ALTER TABLE lone ADD y positive DEFAULT 0", "WM201", "add-domain-constraint positive_check on positive: 1 row"),
    ("ALTER TABLE lone ADD z int GENERATED ALWAYS AS (1 / big) STORED", "WM201", "division by zero"),
    ("CREATE INDEX odd ON lone ((7 / big))", "WM201", "index odd cannot be computed for a row of lone: division"),
    ("CREATE INDEX part_of ON lone (id) WHERE 8 / big > 1", "WM201", "index part_of cannot be computed"),
    ("ALTER TABLE lone ADD FOREIGN KEY (slug) REFERENCES codes (code)", "WM201", "1 row of lone breaks it (id 3)"),
]
REPLACED = "ALTER TABLE codes DROP sku; ALTER TABLE codes RENAME slug TO sku; ALTER TABLE codes ALTER sku SET NOT NULL"


@pytest.mark.parametrize("bad", [True, False], ids=["bad", "good"])
def test_rows_are_asked(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], bad: bool) -> None:
    made = project(tmp_path, sql(MAKE), *(sql(step) for step, *_ in STEPS))
    run(made, database, "r1")
    execute(database, GOOD, *([BAD] if bad else []))
    said = command(capsys, made, database, "preflight", "--format", "json")
    assert said.code == (1 if bad else 0), [f for s in json.loads(said.out)["steps"] for f in s["findings"]]
    steps = json.loads(said.out)["steps"]
    for (statement, rule, words), step in zip(STEPS, steps, strict=True):
        found = [one for one in step["findings"] if one["decide"]]
        if bad:
            (one,) = found
            assert one["rule"] == rule and words in one["what"], (statement, one)
        else:
            assert not found, (statement, found)
    assert value(database, "SELECT version_num FROM alembic_version") == "r1"


@pytest.mark.parametrize("bad", [True, False], ids=["bad", "good"])
def test_a_column_of_the_same_name_is_another_one(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], bad: bool
) -> None:
    made = project(tmp_path, sql(MAKE), sql(f"{REPLACED}; ALTER TABLE codes ADD UNIQUE (sku)"))
    run(made, database, "r1")
    execute(database, GOOD, *([BAD] if bad else []))
    said = command(capsys, made, database, "preflight")
    assert ("codes_sku_key on codes: 1 row of codes breaks it" in said.out) is bad, said


@pytest.mark.servers("pg18")
def test_a_column_that_is_computed_from_a_new_one(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = "ALTER TABLE lone ADD n int DEFAULT 1; ALTER TABLE lone ADD m int GENERATED ALWAYS AS (n + 1) STORED"
    made = project(tmp_path, sql(MAKE), sql(f"{steps}; ALTER TABLE lone ADD CHECK (m > 0)"))
    run(made, database, "r1")
    execute(database, GOOD, "INSERT INTO lone VALUES (1, 1, 1)")
    said = command(capsys, made, database, "preflight")
    assert said.code == 0 and "compute a column of it for each row" in said.out, said


def test_code_that_breaks(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(
        tmp_path,
        sql(f"{MAKE}; CREATE VIEW shown AS SELECT id FROM parents"),
        sql('ALTER TABLE "T 1" DROP during'),
        sql("ALTER TABLE parents RENAME TO elders"),
        sql("DROP VIEW shown"),
        sql('ALTER TABLE "T 1" ADD given int DEFAULT 1 NOT NULL; ALTER TABLE "T 1" ALTER given DROP DEFAULT'),
        sql('ALTER TABLE "T 1" ADD CONSTRAINT lone FOREIGN KEY (a) REFERENCES elders'),
        sql("CREATE TABLE fresh (id int NOT NULL); ALTER TABLE fresh DROP id"),
    )
    run(made, database, "r1")
    said = command(capsys, made, database, "preflight")
    assert said.code == 1, said
    for words in (
        'removes or renames column "T 1".during;',
        "removes or renames table parents;",
        "removes or renames view shown;",
        '"T 1".given must be given from now on;',
        'foreign key lone on "T 1" has no index on a:',
    ):
        assert words in " ".join(said.out.split()), (words, said.out)
    assert "fresh" not in said.out and "6 revisions are pending: breaks running code (4)." in said.out, said.out


def test_accepted_in_the_file(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(
        tmp_path,
        sql("CREATE TABLE t (a int, b int)"),
        f"# preflight: accept WM301: read by nobody\n    {sql('ALTER TABLE t DROP b')}",
    )
    run(made, database, "r1")
    said = command(capsys, made, database, "preflight")
    assert said.code == 0 and "safe, accepted (1)" in said.out and "accepted: read by nobody" in said.out, said


def test_a_backfill_that_comes_before(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(
        tmp_path,
        sql("CREATE TABLE t (id int PRIMARY KEY, a int)"),
        sql("UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER a SET NOT NULL"),
    )
    run(made, database, "r1")
    execute(database, "INSERT INTO t VALUES (1, NULL)")
    said = command(capsys, made, database, "preflight")
    assert "the revision changes rows of this table itself" in " ".join(said.out.split()), said
    assert "WM201" in said.out and "fails on rows" not in said.out, said


def test_nothing_pending_and_other_targets(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (a int)"), sql("DROP TABLE t"), sql("SELECT 1"))
    run(made, database, "r1")
    assert "1 revision is pending" in command(capsys, made, database, "preflight", "+1").out
    run(made, database)
    said = command(capsys, made, database, "preflight")
    assert said.code == 0 and "Nothing is pending" in said.out, said
    for form in ("json", "markdown", "github"):
        assert command(capsys, made, database, "preflight", "--format", form).code == 0


@pytest.mark.thorough
def test_a_session_in_the_way(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (a int)"), sql("ALTER TABLE t ADD b int"))
    run(made, database, "r1")
    with connected(database) as other:
        other.execute(text("SELECT pg_sleep(5.5) FROM (SELECT count(*) FROM public.t) AS one"))
        said = command(capsys, made, database, "preflight")
        assert said.code == 1 and "WM401" in said.out and "pg_terminate_backend" in said.out, said


def test_a_view_in_the_place_of_a_table_is_not_read(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (a int)"), sql("ALTER TABLE t ALTER a SET NOT NULL"))
    run(made, database, "r1")
    execute(database, "DROP TABLE t", "CREATE VIEW t AS SELECT 1 / 0 AS a")
    said = command(capsys, made, database, "preflight")
    assert said.code == 2 and "WM203" in said.out and "no table there" in said.out, said


def test_a_table_that_is_there_already(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(
        tmp_path,
        sql("CREATE TABLE old (a int)"),
        sql("ALTER TABLE old RENAME TO new; CREATE TABLE old (a int)"),
        sql("CREATE TABLE planted (a int)"),
    )
    run(made, database, "r1")
    execute(database, "CREATE TABLE planted (a int)")
    said = command(capsys, made, database, "preflight", "--format", "markdown")
    found = [line for line in said.out.splitlines() if line.startswith("| WM203")]
    assert said.code == 2 and len(found) == 1 and "| r3 | planted is in the database already" in found[0], said
