"""What pairs have found, each in a few lines: it is proved by itself and through a revision's file."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import MakeDatabase
from tests.fuzz.pairs import project_in, prove_pair

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Found:
    """Two schemas, and what they have in common; `since` is the first version of PostgreSQL that has all of it."""

    name: str
    common: str
    before: str
    after: str
    since: int = 14

    def __str__(self) -> str:
        return self.name


REFERRING = (
    "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES a"
)
LOGGED = "CREATE TABLE a (x integer PRIMARY KEY); CREATE TABLE b (x integer PRIMARY KEY)"
UNLOGGED = LOGGED.replace("TABLE", "UNLOGGED TABLE")

FOUND = [
    Found(
        "statistics of a column that is new together with an heir",
        "CREATE TABLE a (x integer)",
        "",
        "ALTER TABLE a ADD z integer; ALTER TABLE a ALTER z SET STATISTICS 50; CREATE TABLE heir () INHERITS (a);"
        " ALTER TABLE heir ALTER z SET STATISTICS -1",
    ),
    Found(
        "identity of a column that is new above an heir",
        "CREATE TABLE a (x integer); CREATE TABLE heir () INHERITS (a)",
        "",
        "ALTER TABLE a ADD z integer NOT NULL; ALTER TABLE a ALTER z ADD GENERATED ALWAYS AS IDENTITY (START 5)",
    ),
    Found("tables that refer to each other go unlogged", "", f"{LOGGED}; {REFERRING}", f"{UNLOGGED}; {REFERRING}"),
    Found("tables that refer to each other from now on get logged", "", UNLOGGED, f"{LOGGED}; {REFERRING}"),
    Found("default of a view's column", "CREATE VIEW v AS SELECT 1 AS x", "", "ALTER VIEW v ALTER x SET DEFAULT 2"),
    Found(
        "key that includes a column",
        "CREATE TABLE other ()",
        "",
        'CREATE TABLE t (x integer, "a (b)" integer, UNIQUE (x) INCLUDE ("a (b)"), UNIQUE ("a (b)"))',
    ),
    Found(
        "statistics of an inherited column",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
        "ALTER TABLE t ALTER x SET STATISTICS 50; ALTER TABLE heir ALTER x SET STATISTICS 9",
        "ALTER TABLE heir ALTER x SET STATISTICS 9",
    ),
    Found(
        "check of a partitioned table by another name",
        "",
        "CREATE TABLE t (x integer, CONSTRAINT a CHECK (x > 0)) PARTITION BY LIST (x);"
        "CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE TABLE t (x integer, CONSTRAINT b CHECK (x > 0)) PARTITION BY LIST (x);"
        "CREATE TABLE p PARTITION OF t DEFAULT",
    ),
    Found(
        "foreign key of a partitioned table by another name",
        "CREATE TABLE other (x integer PRIMARY KEY); CREATE TABLE t (x integer) PARTITION BY LIST (x);"
        "CREATE TABLE p PARTITION OF t DEFAULT",
        "ALTER TABLE t ADD CONSTRAINT a FOREIGN KEY (x) REFERENCES other",
        "ALTER TABLE t ADD CONSTRAINT b FOREIGN KEY (x) REFERENCES other",
    ),
    Found(
        "inherited check in two printings",
        "",
        "CREATE TABLE t (x integer, kind varchar(9), CONSTRAINT c CHECK (kind IN ('a', 'b')));"
        "CREATE TABLE heir () INHERITS (t)",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
    ),
    Found(
        "part of an index in two printings",
        "CREATE TABLE t (x integer, kind varchar(9)) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE INDEX i ON t (x) WHERE kind IN ('a', 'b')",
        "",
    ),
    Found(
        "option of the TOAST table that a new column brings",
        "",
        "CREATE TABLE t (x integer)",
        "CREATE TABLE t (x integer, note text) WITH (toast.autovacuum_enabled = false)",
    ),
    Found(
        "published table that goes unlogged",
        "CREATE TABLE other (x integer)",
        "CREATE TABLE t (x integer); CREATE PUBLICATION pub FOR TABLE t, other",
        "CREATE UNLOGGED TABLE t (x integer); CREATE PUBLICATION pub FOR TABLE other",
    ),
    Found(
        "published heirs",
        "CREATE TABLE t (x integer); CREATE TABLE heir (y integer) INHERITS (t)",
        "CREATE PUBLICATION pub FOR TABLE heir (x)",
        "CREATE PUBLICATION pub FOR TABLE t (x)",
        15,
    ),
    Found(
        "type of the column that a table is divided by",
        "CREATE TABLE other (x integer)",
        "CREATE TABLE t (x integer, y integer) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t FOR VALUES IN (1);"
        "CREATE VIEW v AS SELECT x FROM t",
        "CREATE TABLE t (x bigint, y integer) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t FOR VALUES IN (1);"
        "CREATE VIEW v AS SELECT x FROM t",
    ),
    Found(
        "two keys for one foreign key",
        "CREATE TABLE t (x integer NOT NULL, y integer)",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (x); ALTER TABLE t ADD FOREIGN KEY (y) REFERENCES t (x)",
        "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (x); ALTER TABLE t ADD CONSTRAINT u UNIQUE (x) INCLUDE (y);"
        "ALTER TABLE t ADD FOREIGN KEY (y) REFERENCES t (x)",
    ),
    Found(
        "name that a sequence takes over from a domain that is used",
        "",
        "CREATE DOMAIN a AS integer; CREATE TYPE b AS (x a)",
        "CREATE SEQUENCE a; CREATE TABLE b ()",
    ),
    Found(
        "rows in a materialized view",
        "CREATE TABLE other ()",
        "CREATE TABLE t (x integer); CREATE MATERIALIZED VIEW v AS SELECT o AS whole FROM t AS o",
        "CREATE TABLE t (x bigint, y integer DEFAULT 1); CREATE MATERIALIZED VIEW v AS SELECT o AS whole FROM t AS o",
    ),
    Found("sequence that turns round", "", "CREATE SEQUENCE s", "CREATE SEQUENCE s INCREMENT BY -1"),
    Found("sequence with other bounds", "", "CREATE SEQUENCE s MINVALUE -5", "CREATE SEQUENCE s"),
    Found(
        "generated column of a column with another type, both under an index",
        "",
        "CREATE TABLE t (x smallint, y integer GENERATED ALWAYS AS (x + 1) STORED); CREATE INDEX i ON t (y, x)",
        "CREATE TABLE t (x bigint, y integer); CREATE INDEX i ON t (y, x)",
    ),
    Found(
        "column that a key includes, under a foreign key",
        "",
        "CREATE TABLE t (x integer, y integer, UNIQUE (x) INCLUDE (y));"
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x)",
        "CREATE TABLE t (x integer, y text, UNIQUE (x) INCLUDE (y));ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x)",
    ),
    Found(
        "rights on the sequence of an identity that goes",
        "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO PUBLIC",
        "CREATE TABLE t (x integer GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE t (x integer NOT NULL)",
    ),
    Found(
        "policy over a view of its own table, which goes",
        "",
        "CREATE TABLE t (x integer); CREATE VIEW v AS TABLE t; CREATE POLICY p ON t USING (EXISTS (SELECT FROM v));"
        "COMMENT ON POLICY p ON t IS 'round'",
        "",
    ),
    Found(
        "default that calls a function of its own table",
        "",
        "CREATE TABLE t (x bigint, y integer); CREATE FUNCTION f() RETURNS bigint RETURN (SELECT count(*) FROM t);"
        "ALTER TABLE t ALTER x SET DEFAULT f()",
        "",
    ),
    Found(
        "partition that a foreign key refers to",
        "CREATE TABLE other ()",
        "CREATE TABLE t (x integer PRIMARY KEY, FOREIGN KEY (x) REFERENCES t) PARTITION BY LIST (x);"
        "CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE TABLE t (x integer PRIMARY KEY)",
    ),
    Found(
        "foreign table in the place of a partitioned one",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w",
        "CREATE TABLE t (x integer) PARTITION BY LIST (x)",
        "CREATE FOREIGN TABLE t (x bigint) SERVER s",
    ),
    Found(
        "table that is typed no longer",
        "CREATE TYPE ty AS (x integer, y integer)",
        "CREATE TABLE t OF ty",
        "CREATE TABLE t (x integer, z text)",
    ),
    Found(
        "check of a domain in an array",
        "",
        "CREATE DOMAIN d AS integer; CREATE TABLE t (x d[], y d)",
        "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE t (x d[], y d)",
    ),
    Found(
        "check of a domain that a type comes to hold",
        "",
        "CREATE DOMAIN d AS integer; CREATE TYPE ty AS (x integer); CREATE TABLE t (x ty)",
        "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > 0); CREATE TYPE ty AS (x integer, y d);"
        "CREATE TABLE t (x ty)",
    ),
    Found(
        "comment on a view's column that loses its default",
        "CREATE VIEW v AS SELECT 1 AS x",
        "ALTER VIEW v ALTER x SET DEFAULT 2; COMMENT ON COLUMN v.x IS 'one'",
        "",
    ),
    Found(
        "heir with a check in two printings",
        "CREATE TABLE t (x varchar(9), CONSTRAINT c CHECK (x IN ('a', 'b')))",
        "CREATE TABLE heir () INHERITS (t)",
        "CREATE TABLE heir (x varchar(9))",
    ),
    Found(
        "compression of a column that heirs get",
        "",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
        "CREATE TABLE t (x integer, y text COMPRESSION pglz); CREATE TABLE heir () INHERITS (t)",
    ),
    Found(
        "option of a TOAST table that is not there for a while",
        "",
        "CREATE TABLE t (x text) WITH (toast.autovacuum_enabled = false)",
        "CREATE TABLE t (x bigint, y text) WITH (toast.autovacuum_enabled = false)",
    ),
]


@pytest.mark.parametrize("in_file", [False, True], ids=["statements", "file"])
@pytest.mark.parametrize("found", FOUND, ids=str)
def test_found(make_database: MakeDatabase, tmp_path: Path, found: Found, in_file: bool) -> None:
    if make_database.version < found.since:
        pytest.skip(f"PostgreSQL {found.since} has this, {make_database.version} has not")
    prove_pair(make_database, project_in(tmp_path), [found.common, found.before], [found.common, found.after], in_file)
