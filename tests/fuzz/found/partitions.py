"""Partitioned tables, and their partitions' indexes and constraints."""

from tests.fuzz.found import Found

TABLES = "CREATE TABLE t (x integer, y integer) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT"
SIXTEENTH = "CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 16, REMAINDER 0)"
DEEP = (
    "CREATE TABLE t (x bigint, UNIQUE (x) DEFERRABLE, PRIMARY KEY (x)) PARTITION BY LIST (x);"
    "CREATE TABLE m PARTITION OF t FOR VALUES IN (1) PARTITION BY LIST (x);"
    "CREATE TABLE p PARTITION OF m FOR VALUES IN (1); CREATE TABLE other (y bigint REFERENCES p)"
)

FOUND = [
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
        "part of an index in two printings",
        "CREATE TABLE t (x integer, kind varchar(9)) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE INDEX i ON t (x) WHERE kind IN ('a', 'b')",
        "",
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
        "two indexes that come in another order than their names",
        TABLES,
        "",
        "CREATE INDEX b ON t (x); CREATE INDEX a ON t USING hash (x)",
    ),
    Found(
        "index of a partition that the parent's adopts, and whose name another has then",
        TABLES,
        'CREATE INDEX "K 4" ON p (x); CREATE INDEX k ON t (y)',
        'CREATE INDEX "K 4" ON p (y); CREATE INDEX k ON t (y)',
    ),
    Found(
        "index of a partition with options of its own that the parent's adopts",
        TABLES,
        "",
        "CREATE INDEX own_idx ON p (y DESC) WITH (fillfactor = 70); CREATE INDEX k ON t (y)",
    ),
    Found(
        "partition index with options of its own, of a column that gets another type",
        "",
        f"{TABLES}; CREATE INDEX own ON p (y); CREATE INDEX k ON t (y) WITH (fillfactor = 70)",
        f"{TABLES.replace('y integer', 'y bigint')}; CREATE INDEX own ON p (y);"
        "CREATE INDEX k ON t (y) WITH (fillfactor = 70)",
    ),
    Found(
        "index of a partition beside a part of the parent's that is like it",
        TABLES,
        "CREATE INDEX own ON p (y)",
        "CREATE INDEX k ON t (y); CREATE INDEX own ON p (y)",
    ),
    Found(
        "index of a partition that is no part of the parent's any more",
        TABLES,
        "CREATE INDEX own ON p (y); CREATE INDEX k ON t (y)",
        "CREATE INDEX own ON p (y)",
    ),
    Found(
        "primary key by the name of a foreign key, whose part in a partition keeps its name",
        f"CREATE TABLE other (x integer PRIMARY KEY); {TABLES}",
        "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (x), ADD CONSTRAINT f FOREIGN KEY (y) REFERENCES other",
        "ALTER TABLE t ADD CONSTRAINT f PRIMARY KEY (x), ADD CONSTRAINT k FOREIGN KEY (y) REFERENCES other",
    ),
    Found(
        "check in two printings, of a partition that stands alone for a while",
        "CREATE TABLE t (x integer, y varchar(9), CONSTRAINT c CHECK (y IN ('a', 'b'))) PARTITION BY LIST (x)",
        "CREATE TABLE p PARTITION OF t FOR VALUES IN (0, 1); CREATE TABLE q (x integer, y varchar(9))",
        "CREATE TABLE p PARTITION OF t FOR VALUES IN (3); CREATE TABLE q PARTITION OF t FOR VALUES IN (0)",
    ),
    Found(
        "state of a trigger that a partition has from its parent, which is made again",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE t (x integer) PARTITION BY RANGE (x); CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TABLE t (x integer) PARTITION BY HASH (x);"
        "CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 16, REMAINDER 0);"
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER g",
        15,
    ),
    Found(
        "column of a collation that is made again, and of another type with its parent's",
        "",
        "CREATE COLLATION col (locale = 'C'); CREATE TABLE t (x integer, y text COLLATE col) PARTITION BY LIST (x);"
        "CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE COLLATION col (locale = 'POSIX');"
        "CREATE TABLE t (x integer, y jsonb DEFAULT '{}') PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT",
    ),
    Found(
        "part of an index that changes beside a view which cannot be tried",
        "CREATE TABLE t (x integer, y varchar(9)) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT",
        "CREATE INDEX k ON t (y DESC); CREATE VIEW v AS SELECT x, y FROM t; ALTER VIEW v ALTER y SET DEFAULT 'a'",
        "CREATE INDEX k ON t (y text_pattern_ops); CREATE VIEW v AS SELECT x FROM t",
    ),
    Found(
        "partition of another table, whose foreign key to itself has the same name",
        "CREATE TABLE t (x integer UNIQUE) PARTITION BY LIST (x);"
        "CREATE TABLE u (x integer UNIQUE) PARTITION BY LIST (x)",
        "CREATE TABLE p PARTITION OF t DEFAULT; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES t (x)",
        "CREATE TABLE p PARTITION OF u DEFAULT; ALTER TABLE u ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES u (x)",
    ),
    Found(
        "foreign key to itself that changes beside what cannot be tried",
        "CREATE TABLE t (x integer PRIMARY KEY) PARTITION BY HASH (x)",
        "CREATE TABLE q (x integer NOT NULL, y integer PRIMARY KEY);"
        "CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 16, REMAINDER 0);"
        "ALTER TABLE q ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES t MATCH FULL NOT VALID;"
        "ALTER TABLE t ADD CONSTRAINT l FOREIGN KEY (x) REFERENCES t DEFERRABLE",
        "CREATE TABLE q PARTITION OF t FOR VALUES WITH (MODULUS 16, REMAINDER 0);"
        "CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 16, REMAINDER 1);"
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES t MATCH FULL;"
        "ALTER TABLE t ADD CONSTRAINT l FOREIGN KEY (x) REFERENCES t",
    ),
    Found(
        "foreign keys without names of a table to itself, which gets its first partition",
        "CREATE TABLE t (x integer PRIMARY KEY) PARTITION BY LIST (x)",
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x) ON DELETE CASCADE;"
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x) DEFERRABLE",
        "CREATE TABLE p PARTITION OF t DEFAULT;"
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x) ON DELETE CASCADE;"
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t (x) DEFERRABLE",
    ),
    Found(
        "constraints by the names that PostgreSQL 15 or 18 gave to its copies of a foreign key to a partitioned table",
        "CREATE TABLE t (x integer PRIMARY KEY) PARTITION BY LIST (x); CREATE TABLE p PARTITION OF t DEFAULT;"
        'CREATE TABLE "u on v" (x integer, "Y y" integer)',
        'ALTER TABLE "u on v" ADD CONSTRAINT k FOREIGN KEY ("Y y") REFERENCES t',
        'ALTER TABLE "u on v" ADD CONSTRAINT k_1 CHECK (x > 0), ADD CONSTRAINT "u on v_Y y_fkey" CHECK (x > 1),'
        ' ADD CONSTRAINT k FOREIGN KEY ("Y y") REFERENCES t',
    ),
    Found(
        "table that becomes a partition, with an index of its own that equals the partitioned table's",
        "CREATE TABLE t (x integer, y integer) PARTITION BY LIST (x); CREATE INDEX k ON t USING hash (y)",
        "CREATE TABLE p (x integer, y integer)",
        'CREATE TABLE p PARTITION OF t DEFAULT; CREATE INDEX "A" ON p USING hash (y)',
    ),
    Found(
        "table that becomes a partition, with an index that PostgreSQL takes for an equal one of another expression",
        "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + 1;"
        'CREATE FUNCTION "G g"(x integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN x + 1;'
        "CREATE TABLE t (x integer) PARTITION BY LIST (x); CREATE INDEX k ON t (x, f(2))",
        'CREATE TABLE p (x integer); CREATE INDEX "A" ON p (x, "G g"(2))',
        'CREATE TABLE p PARTITION OF t DEFAULT; CREATE INDEX "A" ON p (x, "G g"(2))',
    ),
    Found(
        "index of a partitioned table on another column, and an index of a partition that equals the old one but for"
        " its options, with foreign keys",
        f"{TABLES}; ALTER TABLE t ADD PRIMARY KEY (x)",
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t; CREATE INDEX k ON t (x);"
        "CREATE INDEX a ON p (x) WITH (fillfactor = 70)",
        "ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES t; CREATE INDEX k ON t (y);"
        "CREATE INDEX a ON p (x) WITH (fillfactor = 70)",
    ),
    Found(
        "primary key by another name beside a deferrable key on the same column",
        "",
        "CREATE TABLE t (x bigint, CONSTRAINT k PRIMARY KEY (x), UNIQUE (x) DEFERRABLE) PARTITION BY HASH (x);"
        f"{SIXTEENTH}",
        f"CREATE TABLE t (x smallint, PRIMARY KEY (x), UNIQUE (x) DEFERRABLE) PARTITION BY HASH (x); {SIXTEENTH}",
    ),
    Found(
        "table with two keys on one column that becomes a partition",
        "CREATE TABLE t (x bigint, UNIQUE (x)) PARTITION BY HASH (x); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (x)",
        "CREATE TABLE p (x bigint PRIMARY KEY, UNIQUE (x) DEFERRABLE)",
        SIXTEENTH,
    ),
    Found(
        "keys on one column of partitions of partitions, one with a foreign key to it",
        "",
        DEEP,
        DEEP.replace("bigint", "integer"),
    ),
]
