"""Constraints: every clause of each kind changes, is reported, and is reverted; also whether PostgreSQL keeps them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE EXTENSION btree_gist;
CREATE SCHEMA app;
CREATE TABLE p (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, CONSTRAINT p_a_b UNIQUE (a, b));
INSERT INTO p SELECT n, n, n FROM generate_series(1, 5) AS n;
CREATE TABLE t (
    id int PRIMARY KEY, p int, a int, b int, note text, room int, during tsrange,
    CONSTRAINT fk FOREIGN KEY (p) REFERENCES p, CONSTRAINT fk2 FOREIGN KEY (a, b) REFERENCES p (a, b),
    CONSTRAINT ck CHECK (a > 0), CONSTRAINT un UNIQUE (note),
    CONSTRAINT ex EXCLUDE USING gist (room WITH =, during WITH &&)
);
INSERT INTO t SELECT n, n, n, n, n, n, tsrange('2026-01-01', '2026-01-02') FROM generate_series(1, 5) AS n;
CREATE TABLE app."Order" ("Group" int, "select" int, CONSTRAINT "Order key" PRIMARY KEY ("Group"),
    CONSTRAINT "Größer ""als"" null" CHECK ("select" > 0),
        CONSTRAINT "self" FOREIGN KEY ("select") REFERENCES app."Order");
CREATE TABLE bare (id int NOT NULL, other int);
CREATE UNIQUE INDEX bare_id ON bare (id);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER stays_off BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER stays_on BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER stays_off;
"""
GREATER = '"Größer ""als"" null"'
# Foreign keys and exclusions with PERIOD and WITHOUT OVERLAPS
PERIODS = """
CREATE TABLE rooms (id int, valid daterange, CONSTRAINT rooms_key PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE stays (id int, room int, valid daterange,
    CONSTRAINT stays_room FOREIGN KEY (room, PERIOD valid) REFERENCES rooms (id, PERIOD valid));
"""


def case(name: str, change: str, *named: str, since: int = 14, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named, since)


def other(name: str, constraint: str, definition: str, since: int = 14, before: str = "") -> Case:
    """A change of a constraint of `t`."""
    change = f"ALTER TABLE t DROP CONSTRAINT {constraint}; ALTER TABLE t ADD CONSTRAINT {constraint} {definition}"
    return case(name, change, f"~ constraint {constraint} on t: definition", since=since, before=before)


CASES = [
    case("primary key added", "ALTER TABLE bare ADD PRIMARY KEY (id)", "+ constraint bare_pkey on bare"),
    case(
        "primary key of columns that could be NULL",
        "ALTER TABLE bare ADD PRIMARY KEY (id, other)",
        "+ constraint bare_pkey on bare",
        "~ column bare.other: not null",
    ),
    case(
        "primary key from an index",
        "ALTER TABLE bare ADD CONSTRAINT bare_id PRIMARY KEY USING INDEX bare_id",
        "+ constraint bare_id on bare",
        "- index bare_id",
    ),
    case("primary key dropped", "ALTER TABLE t DROP CONSTRAINT t_pkey", "- constraint t_pkey on t"),
    case(
        "primary key dropped and NULL",
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER id DROP NOT NULL",
        "- constraint t_pkey on t",
        "~ column t.id: not null",
    ),
    case(
        "primary key dropped with foreign keys to it",
        "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE",
        "- constraint p_pkey on p",
        "- constraint fk on t",
    ),
    other("primary key of other columns", "t_pkey", "PRIMARY KEY (id, p)"),
    case(
        "primary key changed under a foreign key",
        "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE;"
        "ALTER TABLE p ADD CONSTRAINT p_pkey PRIMARY KEY (id) INCLUDE (a);"
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p",
        "~ constraint p_pkey on p: definition",
    ),
    case(
        "primary key, quoted",
        'ALTER TABLE app."Order" DROP CONSTRAINT "Order key" CASCADE',
        '- constraint "Order key" on app."Order"',
    ),
    case("renamed", "ALTER TABLE t RENAME CONSTRAINT ck TO ck2", "- constraint ck on t", "+ constraint ck2 on t"),
    case(
        "primary key renamed",
        "ALTER TABLE p RENAME CONSTRAINT p_pkey TO renamed",
        "- constraint p_pkey on p",
        "+ constraint renamed on p",
    ),
    case("unique added", "ALTER TABLE t ADD UNIQUE (a, b)", "+ constraint t_a_b_key on t"),
    case("unique dropped", "ALTER TABLE t DROP CONSTRAINT un", "- constraint un on t"),
    case(
        "unique dropped under a foreign key",
        "ALTER TABLE p DROP CONSTRAINT p_a_b CASCADE",
        "- constraint p_a_b on p",
        "- constraint fk2 on t",
    ),
    case(
        "unique is an index now",
        "ALTER TABLE t DROP CONSTRAINT un; CREATE UNIQUE INDEX un ON t (note)",
        "- constraint un on t",
        "+ index un",
    ),
    other("unique of other columns", "un", "UNIQUE (note, a)"),
    other(
        "unique in another order",
        "un",
        "UNIQUE (b, note)",
        before="ALTER TABLE t DROP CONSTRAINT un, ADD CONSTRAINT un UNIQUE (note, b)",
    ),
    other("unique NULLS NOT DISTINCT", "un", "UNIQUE NULLS NOT DISTINCT (note)", since=15),
    other("unique INCLUDE", "un", "UNIQUE (note) INCLUDE (a)"),
    other("unique deferrable", "un", "UNIQUE (note) DEFERRABLE"),
    other("unique deferred", "un", "UNIQUE (note) DEFERRABLE INITIALLY DEFERRED"),
    other("primary key deferrable", "t_pkey", "PRIMARY KEY (id) DEFERRABLE"),
    case(
        "storage parameter of its index",
        "ALTER INDEX un SET (fillfactor = 70)",
        "~ constraint un on t: index options none -> fillfactor=70",
    ),
    case(
        "storage parameter no more",
        "ALTER INDEX t_pkey RESET (fillfactor)",
        "~ constraint t_pkey on t: index options",
        before="ALTER INDEX t_pkey SET (fillfactor = 70)",
    ),
    case(
        "added with a storage parameter",
        "ALTER TABLE t ADD CONSTRAINT n UNIQUE (a) WITH (fillfactor = 50)",
        "+ constraint n on t",
    ),
    case("clustered", "ALTER TABLE t CLUSTER ON t_pkey", "~ constraint t_pkey on t: clustered no -> yes"),
    case(
        "clustered on another",
        "ALTER TABLE t CLUSTER ON un",
        "~ constraint un on t: clustered",
        before="ALTER TABLE t CLUSTER ON t_pkey",
    ),
    case(
        "clustered no more",
        "ALTER TABLE t SET WITHOUT CLUSTER",
        "~ constraint t_pkey on t: clustered",
        before="ALTER TABLE t CLUSTER ON t_pkey",
    ),
    case(
        "changed while clustered",
        "ALTER TABLE t DROP CONSTRAINT un, ADD CONSTRAINT un UNIQUE (note, a); ALTER TABLE t CLUSTER ON un",
        "~ constraint un on t: definition",
        before="ALTER TABLE t CLUSTER ON un",
    ),
    case("check added", "ALTER TABLE t ADD CHECK (note <> '' AND b BETWEEN 1 AND 10)", "+ constraint t_check on t"),
    case("check dropped", "ALTER TABLE t DROP CONSTRAINT ck", "- constraint ck on t"),
    case(
        "check dropped, quoted",
        f'ALTER TABLE app."Order" DROP CONSTRAINT {GREATER}',
        f'- constraint {GREATER} on app."Order"',
    ),
    other("check says another", "ck", "CHECK (a > -1)"),
    other("check with a quote and a percent sign", "ck", "CHECK (note <> 'it''s 100% :x')"),
    other("check NO INHERIT", "ck", "CHECK (a > 0) NO INHERIT"),
    other("check not valid", "ck", "CHECK (a > 0) NOT VALID"),
    case("check added, not valid", "ALTER TABLE t ADD CONSTRAINT ck3 CHECK (b > 3) NOT VALID", "+ constraint ck3 on t"),
    case(
        "check validated",
        "ALTER TABLE t VALIDATE CONSTRAINT ck3",
        "~ constraint ck3 on t: definition",
        before="ALTER TABLE t ADD CONSTRAINT ck3 CHECK (b > 0) NOT VALID",
    ),
    other("check not enforced", "ck", "CHECK (a > 0) NOT ENFORCED", since=18),
    case(
        "check of a function",
        "ALTER TABLE t ADD CONSTRAINT good CHECK (good(t))",
        "+ constraint good on t",
        before="CREATE FUNCTION good(t) RETURNS boolean LANGUAGE sql AS 'SELECT $1.a > 0';",
    ),
    case(
        "table dropped with a check of a function of itself",
        "DROP TABLE t CASCADE; DROP FUNCTION IF EXISTS good",
        "- constraint good on t",
        before="CREATE FUNCTION good(t) RETURNS boolean LANGUAGE sql AS 'SELECT $1.a > 0';"
        "ALTER TABLE t ADD CONSTRAINT good CHECK (good(t))",
    ),
    case("exclusion dropped", "ALTER TABLE t DROP CONSTRAINT ex", "- constraint ex on t"),
    other("exclusion by another operator", "ex", "EXCLUDE USING gist (room WITH =, during WITH -|-)"),
    other("exclusion by another method", "ex", "EXCLUDE USING hash (room WITH =)"),
    other("exclusion of some rows", "ex", "EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (a > 1)"),
    other(
        "exclusion deferrable", "ex", "EXCLUDE USING gist (room WITH =, during WITH &&) DEFERRABLE INITIALLY DEFERRED"
    ),
    case("exclusion without a table", "DROP TABLE t", "- constraint ex on t"),
    case(
        "WITHOUT OVERLAPS no more",
        "ALTER TABLE stays DROP CONSTRAINT stays_room; ALTER TABLE rooms DROP CONSTRAINT rooms_key;"
        "ALTER TABLE rooms ADD CONSTRAINT rooms_key PRIMARY KEY (id, valid)",
        "~ constraint rooms_key on rooms: definition",
        since=18,
        before=PERIODS,
    ),
    case(
        "unique WITHOUT OVERLAPS",
        "ALTER TABLE stays ADD CONSTRAINT apart UNIQUE (id, valid WITHOUT OVERLAPS)",
        "+ constraint apart on stays",
        since=18,
        before=PERIODS,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_constraint(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE t ENABLE TRIGGER stays_on")
