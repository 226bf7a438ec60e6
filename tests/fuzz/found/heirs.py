"""Tables that inherit from others."""

from tests.fuzz.found import Found

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
    Found(
        "statistics of an inherited column",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
        "ALTER TABLE t ALTER x SET STATISTICS 50; ALTER TABLE heir ALTER x SET STATISTICS 9",
        "ALTER TABLE heir ALTER x SET STATISTICS 9",
    ),
    Found(
        "inherited check in two printings",
        "",
        "CREATE TABLE t (x integer, kind varchar(9), CONSTRAINT c CHECK (kind IN ('a', 'b')));"
        "CREATE TABLE heir () INHERITS (t)",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
    ),
    Found(
        "published heirs",
        "CREATE TABLE t (x integer); CREATE TABLE heir (y integer) INHERITS (t)",
        "CREATE PUBLICATION pub FOR TABLE heir (x)",
        "CREATE PUBLICATION pub FOR TABLE t (x)",
        15,
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
        "default of an heir's column that gets another type with its parent's",
        "",
        "CREATE TABLE t (x text); CREATE TABLE heir (x text DEFAULT 'x') INHERITS (t);"
        "CREATE TABLE last () INHERITS (heir)",
        "CREATE TABLE t (x timestamptz); CREATE TABLE heir () INHERITS (t); CREATE TABLE last () INHERITS (heir)",
    ),
    Found(
        "view of an heir's column that goes with its parent's",
        "",
        "CREATE TABLE t (x integer, y text); CREATE TABLE heir () INHERITS (t); CREATE VIEW v AS SELECT y FROM heir;"
        "CREATE FUNCTION f(r v) RETURNS boolean RETURN r IS NULL",
        "CREATE TABLE t (x integer, y integer GENERATED ALWAYS AS (x + 1) STORED); CREATE TABLE heir () INHERITS (t);"
        "CREATE VIEW v AS SELECT y FROM heir; CREATE FUNCTION f(r v) RETURNS boolean RETURN r IS NULL",
    ),
    Found(
        "comment on an identity that is new above an heir",
        "",
        "CREATE TABLE t (x integer); CREATE TABLE heir () INHERITS (t)",
        "CREATE TABLE t (x integer, y bigint GENERATED ALWAYS AS IDENTITY); COMMENT ON COLUMN t.y IS 'one';"
        "CREATE TABLE heir () INHERITS (t)",
    ),
    Found(
        "comment on statistics of a table between a parent and an heir",
        "CREATE TABLE t (x integer); CREATE TABLE between (x integer, y integer)",
        "CREATE STATISTICS st ON x, y FROM between; COMMENT ON STATISTICS st IS 'one'; CREATE TABLE heir (x integer)",
        "ALTER TABLE between ADD z integer; CREATE STATISTICS st ON x, z FROM between;"
        "COMMENT ON STATISTICS st IS 'one'; ALTER TABLE between INHERIT t; CREATE TABLE heir () INHERITS (between)",
    ),
    Found(
        "policy over what its table is an heir of no longer",
        "",
        "CREATE TABLE t (x integer) PARTITION BY LIST (x); CREATE TABLE a (x integer);"
        "CREATE POLICY p ON a USING (EXISTS (SELECT FROM t))",
        "CREATE TABLE t (x integer); CREATE TABLE a () INHERITS (t);"
        "CREATE POLICY p ON a USING (EXISTS (SELECT FROM t))",
    ),
    Found(
        "a check of an heir whose name its table's check takes",
        "",
        "CREATE TABLE t (x integer, CONSTRAINT c CHECK (x > 0));"
        " CREATE TABLE heir (y integer, CONSTRAINT k CHECK (y > 0)) INHERITS (t)",
        "CREATE TABLE t (x integer, CONSTRAINT k CHECK (x > 0));"
        " CREATE TABLE heir (y integer, CONSTRAINT c CHECK (y > 0)) INHERITS (t)",
    ),
    Found(
        "a key of an heir whose name its table's check takes",
        "",
        "CREATE TABLE t (x integer, CONSTRAINT c CHECK (x > 0));"
        " CREATE TABLE heir (y integer, CONSTRAINT k UNIQUE (y)) INHERITS (t)",
        "CREATE TABLE t (x integer, CONSTRAINT k CHECK (x > 0)); CREATE TABLE heir (y integer) INHERITS (t)",
    ),
]
