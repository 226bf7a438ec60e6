"""Objects on tables, and standalone objects."""

from tests.fuzz.found import Found

FOUND = [
    Found("default of a view's column", "CREATE VIEW v AS SELECT 1 AS x", "", "ALTER VIEW v ALTER x SET DEFAULT 2"),
    Found(
        "published table that goes unlogged",
        "CREATE TABLE other (x integer)",
        "CREATE TABLE t (x integer); CREATE PUBLICATION pub FOR TABLE t, other",
        "CREATE UNLOGGED TABLE t (x integer); CREATE PUBLICATION pub FOR TABLE other",
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
        "comment on a view's column that loses its default",
        "CREATE VIEW v AS SELECT 1 AS x",
        "ALTER VIEW v ALTER x SET DEFAULT 2; COMMENT ON COLUMN v.x IS 'one'",
        "",
    ),
    Found(
        "function that gets an argument with a default, called by a function that stays and by a table that goes",
        "",
        "CREATE FUNCTION g(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + 1;"
        "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + g(2);"
        "CREATE TABLE t (x integer CHECK (x > g(2)))",
        "CREATE FUNCTION g(x integer, y integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + 1;"
        "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + g(2);",
    ),
    Found(
        "sequence that a foreign table without a handler uses too",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE b (x bigint);"
        "CREATE FOREIGN TABLE c (z bigint) SERVER s; CREATE TABLE p (y bigint) PARTITION BY LIST (y);"
        "CREATE TABLE q PARTITION OF p FOR VALUES IN (1); CREATE FOREIGN TABLE r PARTITION OF p DEFAULT SERVER s",
        "CREATE SEQUENCE n; ALTER TABLE b ALTER x SET DEFAULT nextval('n');"
        "ALTER TABLE p ALTER y SET DEFAULT nextval('n');"
        "ALTER FOREIGN TABLE c ALTER z SET DEFAULT nextval('n')",
        "",
    ),
]
