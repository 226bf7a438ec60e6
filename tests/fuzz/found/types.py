"""Types, and the columns that hold their values."""

from tests.fuzz.found import Found

FOUND = [
    Found(
        "name that a sequence takes over from a domain that is used",
        "",
        "CREATE DOMAIN a AS integer; CREATE TYPE b AS (x a)",
        "CREATE SEQUENCE a; CREATE TABLE b ()",
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
        "another kind of type by the same name",
        "CREATE TABLE t (n integer)",
        "CREATE TYPE a AS ENUM ('x', 'y'); CREATE TYPE b AS (v a); ALTER TABLE t ADD x a, ADD y a[], ADD z b",
        "CREATE TYPE a AS (x text, y integer); CREATE TYPE b AS (v a); ALTER TABLE t ADD x a, ADD y a[], ADD z b",
    ),
    Found(
        "range in the place of a domain that is a column's default",
        "",
        "CREATE DOMAIN a AS text DEFAULT 'x' CONSTRAINT c CHECK (VALUE <> 'no'); COMMENT ON DOMAIN a IS 'one';"
        "CREATE TABLE t (x a DEFAULT 'y'); CREATE VIEW v AS TABLE t",
        "CREATE TYPE a AS RANGE (subtype = date); CREATE TABLE t (x a DEFAULT 'empty'); CREATE VIEW v AS TABLE t",
    ),
    Found(
        "check of a domain in an array that calls what is made again",
        "",
        "CREATE FUNCTION f(x integer) RETURNS integer IMMUTABLE RETURN x;"
        "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > f(1)); CREATE TABLE t (x d[], y d)",
        "CREATE FUNCTION f(x integer, y integer DEFAULT 1) RETURNS integer IMMUTABLE RETURN x;"
        "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > f(1)); CREATE TABLE t (x d[], y d)",
    ),
    Found(
        "name of a domain's NOT NULL, while an array has values of the domain",
        "",
        "CREATE DOMAIN a AS bigint NOT NULL; CREATE TABLE t (x a[])",
        "CREATE DOMAIN a AS bigint CONSTRAINT filled NOT NULL; CREATE TABLE t (x a[])",
        17,
    ),
    Found(
        "enum in the place of a range, which a composite type and a table that goes have",
        "CREATE TABLE d (x integer)",
        "CREATE TYPE b AS RANGE (subtype = date); CREATE TYPE c AS (x b); CREATE TABLE e (y b PRIMARY KEY);"
        "CREATE FUNCTION f(x e) RETURNS boolean LANGUAGE sql STABLE RETURN x.y IS NULL",
        "CREATE TYPE b AS ENUM ('x'); ALTER TABLE d ADD PRIMARY KEY (x), ADD FOREIGN KEY (x) REFERENCES d",
    ),
]
