"""Whether a child table defines an inherited column itself: reported, and reverted if PostgreSQL can."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip
from tests.support import little

BEFORE = """
CREATE TABLE g (id int, note text DEFAULT 'g', v int, CONSTRAINT pos CHECK (id > 0));
CREATE TABLE p (more int) INHERITS (g);
CREATE TABLE c (extra int, own text) INHERITS (p);
CREATE TABLE n (note text DEFAULT 'n', CONSTRAINT pos CHECK (id > 0)) INHERITS (g);
CREATE TABLE other (id int);
CREATE INDEX c_note ON c (note);
COMMENT ON CONSTRAINT pos ON g IS 'first';
COMMENT ON CONSTRAINT pos ON c IS 'last';
INSERT INTO c VALUES (1, 'x', 2, 3, 4, 'y');
"""
ADD_CHECK = "ADD CONSTRAINT pos CHECK (id > 0)"


def case(name: str, change: str, *named: str) -> Case:
    return Case(name, BEFORE, change, named)


CASES = [
    case(
        "a new child table that defines what it inherits",
        f"CREATE TABLE n2 (note text NOT NULL, z int); ALTER TABLE n2 ADD id int, ADD v int, {ADD_CHECK}, INHERIT g",
        "+ table n2",
    ),
    case("a new parent and child", "CREATE TABLE q (b text); CREATE TABLE r (b text) INHERITS (q)", "+ table r"),
    case(
        "a new child of a generated column",
        "CREATE TABLE q (a int, b int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE r (a int) INHERITS (q)",
        "+ table r",
    ),
    case(
        "a table that left and came back",
        "ALTER TABLE c NO INHERIT p; ALTER TABLE c INHERIT p",
        "~ column c.note: inherited only yes -> no",
        "~ constraint pos on c: inherited only yes -> no",
    ),
    case("a table that left", "ALTER TABLE c NO INHERIT p", "~ table c: parents", "~ column c.more: inherited only"),
    case("a table with one more parent", "ALTER TABLE c INHERIT other", "~ table c: parents p -> p, other"),
    case(
        "a column that only the parent dropped",
        "ALTER TABLE ONLY p DROP COLUMN more",
        "- column p.more",
        "~ column c.more: inherited only yes -> no",
    ),
    case(
        "a table made anew without columns of its own",
        "DROP TABLE n; CREATE TABLE n (CONSTRAINT pos CHECK (id > 0)) INHERITS (g);"
        "ALTER TABLE n ALTER note SET DEFAULT 'n'",
        "~ column n.note: inherited only no -> yes",
    ),
    case("a check defined too", f"ALTER TABLE c {ADD_CHECK}", "~ constraint pos on c: inherited only yes -> no"),
    case("a check defined too in between", f"ALTER TABLE p {ADD_CHECK}", "~ constraint pos on p: inherited only"),
    case(
        "a check no more defined",
        f"ALTER TABLE g DROP CONSTRAINT pos; ALTER TABLE n DROP CONSTRAINT pos; ALTER TABLE g {ADD_CHECK}",
        "~ constraint pos on n: inherited only no -> yes",
    ),
    case(
        "a check that is gone above",
        "ALTER TABLE g DROP CONSTRAINT pos",
        "- constraint pos on g",
        "- constraint pos on c",
    ),
    case(
        "a check that is gone everywhere",
        "ALTER TABLE g DROP CONSTRAINT pos; ALTER TABLE n DROP CONSTRAINT pos",
        "- constraint pos on n",
    ),
    case(
        "a check that is another",
        "ALTER TABLE g DROP CONSTRAINT pos; ALTER TABLE n DROP CONSTRAINT pos;"
        "ALTER TABLE g ADD CONSTRAINT pos CHECK (id > -1); ALTER TABLE n ADD CONSTRAINT pos CHECK (id > -1)",
        "~ constraint pos on g: definition",
        "~ constraint pos on n: definition",
    ),
    case(
        "a check that is not inherited",
        "ALTER TABLE g DROP CONSTRAINT pos; ALTER TABLE g ADD CONSTRAINT pos2 CHECK (id > 0) NO INHERIT",
        "+ constraint pos2 on g CHECK ((id > 0)) NO INHERIT",
    ),
    case(
        "NOT NULL in a child table first",
        "ALTER TABLE c ALTER v SET NOT NULL; ALTER TABLE g ALTER v SET NOT NULL",
        "~ column g.v: not null no -> yes",
        "~ column c.v: not null no -> yes",
    ),
    case(
        "NOT NULL in each table, from the last to the first",
        "ALTER TABLE c ALTER v SET NOT NULL; ALTER TABLE p ALTER v SET NOT NULL; ALTER TABLE g ALTER v SET NOT NULL",
        "~ column c.v: not null no -> yes",
        "~ column p.v: not null no -> yes",
    ),
    case("NOT NULL in every table", "ALTER TABLE g ALTER v SET NOT NULL", "~ column g.v: not null no -> yes"),
    case("a column that is gone above", "ALTER TABLE g DROP COLUMN note", "- column g.note", "- column c.note"),
    case("a column that is gone everywhere", "ALTER TABLE g DROP note; ALTER TABLE n DROP note", "- column n.note"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_inheritance(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_not_null_of_a_partition_and_of_its_parent(make_database: MakeDatabase) -> None:
    before = "CREATE TABLE l (a int) PARTITION BY LIST (a); CREATE TABLE l1 PARTITION OF l DEFAULT"
    change = "ALTER TABLE l1 ALTER a SET NOT NULL; ALTER TABLE l ALTER a SET NOT NULL"
    assert_round_trip(make_database, Case("both", before, change, ("~ column l.a: not null", "~ column l1.a: not")))


def test_partitions_are_alike_however_they_were_made(make_database: MakeDatabase) -> None:
    before = """
    CREATE TABLE t (a int, b text, CHECK (a > 0)) PARTITION BY LIST (a);
    CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2)
    """
    change = """
    DROP TABLE t1; CREATE TABLE t1 (a int, b text, CONSTRAINT t_a_check CHECK (a > 0));
    ALTER TABLE t ATTACH PARTITION t1 FOR VALUES IN (1);
    ALTER TABLE t DETACH PARTITION t2; ALTER TABLE t ATTACH PARTITION t2 FOR VALUES IN (2)
    """
    assert_no_change(make_database, before, change)


MADE = "CREATE TABLE public.p (a integer, b text, CHECK (a > 0)); CREATE TABLE public.c (d integer) INHERITS (public.p)"
REVERTED = (
    "ALTER TABLE c ADD CONSTRAINT p_a_check CHECK (a > 0)",
    "ALTER TABLE p ADD e integer; ALTER TABLE c DROP d",
)


@pytest.mark.thorough
def test_repair_reverts_what_statements_can(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """Differences that no statement can revert are reported with the reason."""
    project = little.project(tmp_path)
    (tmp_path / "alembic/versions/three.py").write_text(
        little.REVISION.format(message="children", revision="three", parent="two", sql=MADE)
    )
    little.at(database, "two", MADE, "UPDATE alembic_version SET version_num = 'three'", *REVERTED)
    check = ("check-drift", "--only", "database")
    assert little.command(capsys, project, database, *check).code == 1
    word = ("--allow", "drop-column p.e")
    assert little.command(capsys, project, database, "repair", "--apply", *word).code == 0
    assert little.command(capsys, project, database, *check).code == 0

    little.execute(database, "ALTER TABLE c NO INHERIT p", "INSERT INTO c VALUES (1, 'b', 2)")
    said = little.command(capsys, project, database, "repair", "--apply")
    assert said.code == 1 and "but for this. Not repaired: c.a, c.b. The child table defines it" in " ".join(
        said.err.split()
    )
    assert little.value(database, "SELECT count(*) FROM p") == 1
    said = little.command(capsys, project, database, *check)
    lines = [line.strip().partition("  (")[0] for line in said.out.splitlines()]
    assert said.code == 1 and [line for line in lines if line.startswith(("+ ", "- ", "~ "))] == [
        "~ column c.a: inherited only yes -> no",
        "~ column c.b: inherited only yes -> no",
    ]
    said = little.command(capsys, project, database, "repair", "--apply")
    assert said.code == 2 and "Not repaired: c.a, c.b." in said.err
