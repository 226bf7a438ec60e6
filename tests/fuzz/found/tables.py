"""Tables, their columns and constraints."""

from tests.fuzz.found import Found

REFERRING = (
    "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES a"
)
LOGGED = "CREATE TABLE a (x integer PRIMARY KEY); CREATE TABLE b (x integer PRIMARY KEY)"
UNLOGGED = LOGGED.replace("TABLE", "UNLOGGED TABLE")

FOUND = [
    Found("tables that refer to each other go unlogged", "", f"{LOGGED}; {REFERRING}", f"{UNLOGGED}; {REFERRING}"),
    Found("tables that refer to each other from now on get logged", "", UNLOGGED, f"{LOGGED}; {REFERRING}"),
    Found(
        "key that includes a column",
        "CREATE TABLE other ()",
        "",
        'CREATE TABLE t (x integer, "a (b)" integer, UNIQUE (x) INCLUDE ("a (b)"), UNIQUE ("a (b)"))',
    ),
    Found(
        "option of the TOAST table that a new column brings",
        "",
        "CREATE TABLE t (x integer)",
        "CREATE TABLE t (x integer, note text) WITH (toast.autovacuum_enabled = false)",
    ),
    Found(
        "two keys for one foreign key",
        "CREATE TABLE t (x integer NOT NULL, y integer)",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (x); ALTER TABLE t ADD FOREIGN KEY (y) REFERENCES t (x)",
        "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (x); ALTER TABLE t ADD CONSTRAINT u UNIQUE (x) INCLUDE (y);"
        "ALTER TABLE t ADD FOREIGN KEY (y) REFERENCES t (x)",
    ),
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
        "default that calls a function of its own table",
        "",
        "CREATE TABLE t (x bigint, y integer); CREATE FUNCTION f() RETURNS bigint RETURN (SELECT count(*) FROM t);"
        "ALTER TABLE t ALTER x SET DEFAULT f()",
        "",
    ),
    Found(
        "option of a TOAST table that is not there for a while",
        "",
        "CREATE TABLE t (x text) WITH (toast.autovacuum_enabled = false)",
        "CREATE TABLE t (x bigint, y text) WITH (toast.autovacuum_enabled = false)",
    ),
    Found(
        "new table that refers to one that gets logged",
        "",
        "CREATE UNLOGGED TABLE t (x integer PRIMARY KEY)",
        "CREATE TABLE t (x integer PRIMARY KEY); CREATE TABLE a (x integer REFERENCES t)",
    ),
    Found(
        "name of a NOT NULL that a new column takes from another one",
        "",
        "CREATE TABLE t (x integer CONSTRAINT there NOT NULL)",
        "CREATE TABLE t (x integer, y integer CONSTRAINT there NOT NULL)",
        18,
    ),
    Found(
        "name of a NOT NULL that a new column takes from one that goes",
        "",
        "CREATE TABLE t (x integer CONSTRAINT there NOT NULL, z integer)",
        "CREATE TABLE t (y integer CONSTRAINT there NOT NULL, z integer)",
        18,
    ),
    Found(
        "names of NOT NULLs that columns exchange, two in one table and three in another",
        "",
        'CREATE TABLE t (x integer CONSTRAINT one NOT NULL, y integer CONSTRAINT "Two\'s" NOT NULL);'
        " CREATE TABLE u (x integer CONSTRAINT one NOT NULL PRIMARY KEY, y integer CONSTRAINT two NOT NULL,"
        " z integer CONSTRAINT three NOT NULL); CREATE TABLE child () INHERITS (u)",
        'CREATE TABLE t (x integer CONSTRAINT "Two\'s" NOT NULL, y integer CONSTRAINT one NOT NULL);'
        " CREATE TABLE u (x integer CONSTRAINT two NOT NULL PRIMARY KEY, y integer CONSTRAINT three NOT NULL,"
        " z integer CONSTRAINT one NOT NULL); CREATE TABLE child () INHERITS (u)",
        18,
    ),
    Found(
        "primary key by another name, while a table that refers to it goes",
        "CREATE TABLE t (x integer)",
        "ALTER TABLE t ADD PRIMARY KEY (x); CREATE TABLE u (x integer REFERENCES t)",
        "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (x)",
    ),
    Found(
        "foreign key of a key that goes, while another key has its columns",
        "CREATE TABLE t (x integer, y integer)",
        "ALTER TABLE t ADD PRIMARY KEY (x); ALTER TABLE t ADD UNIQUE (x); CREATE TABLE u (x integer REFERENCES t)",
        "ALTER TABLE t ADD PRIMARY KEY (y); ALTER TABLE t ADD UNIQUE (x);"
        "ALTER TABLE t ADD FOREIGN KEY (y) REFERENCES t (x)",
    ),
    Found(
        "foreign key by another name to a key by another name, while a table that refers to it goes",
        "CREATE TABLE t (x integer)",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (x); CREATE TABLE u (x integer REFERENCES t (x));"
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES t (x)",
        "ALTER TABLE t ADD CONSTRAINT l UNIQUE (x); ALTER TABLE t ADD CONSTRAINT g FOREIGN KEY (x) REFERENCES t (x)",
    ),
    Found(
        "VIRTUAL column that becomes plain, of a column that is generated then, in a table that becomes logged",
        "",
        "CREATE UNLOGGED TABLE t (x smallint, z smallint NOT NULL, q integer GENERATED ALWAYS AS (z + 1) VIRTUAL)",
        "CREATE TABLE t (x smallint, z boolean GENERATED ALWAYS AS (x IS NULL) STORED NOT NULL, q jsonb)",
        18,
    ),
    Found(
        "view in the place of a table with a VIRTUAL column",
        "CREATE TABLE other (y boolean)",
        "CREATE TABLE t (x integer, y boolean GENERATED ALWAYS AS (x IS NULL) VIRTUAL)",
        "CREATE VIEW t AS SELECT y FROM other; ALTER VIEW t ALTER COLUMN y SET DEFAULT true",
        18,
    ),
    Found(
        "type of a column that a key includes, under a foreign key of a table that is made anew",
        "",
        "CREATE TABLE e (x integer, w varchar(10), UNIQUE (x) INCLUDE (w));"
        " CREATE TABLE c (x integer, CONSTRAINT k FOREIGN KEY (x) REFERENCES e (x)) PARTITION BY LIST (x)",
        "CREATE TABLE e (x integer, w text, UNIQUE (x) INCLUDE (w));"
        " CREATE TABLE c (x integer, CONSTRAINT l FOREIGN KEY (x) REFERENCES e (x)) PARTITION BY RANGE (x)",
    ),
    Found(
        "foreign key that goes with its table, to a key that includes a column of another collation",
        "CREATE TABLE o (x smallint NOT NULL, q smallint)",
        'ALTER TABLE o ADD y varchar(10) COLLATE "POSIX"; ALTER TABLE o ADD CONSTRAINT k UNIQUE (x) INCLUDE (y);'
        "CREATE TABLE b (q smallint REFERENCES o (x))",
        'ALTER TABLE o ADD y varchar(10) COLLATE "C"; ALTER TABLE o ADD CONSTRAINT k UNIQUE (x) INCLUDE (y);'
        "CREATE VIEW b AS SELECT count(q) AS n FROM o",
    ),
    Found(
        "whole rows in a materialized view of a table whose column becomes VIRTUAL",
        "",
        "CREATE TABLE d (x bigint, z timestamptz); CREATE MATERIALIZED VIEW b AS SELECT o.x, o AS row FROM d o",
        "CREATE TABLE d (x bigint, z boolean GENERATED ALWAYS AS (x IS NULL) VIRTUAL);"
        "CREATE MATERIALIZED VIEW b AS SELECT o.x, o AS row FROM d o",
        18,
    ),
]
