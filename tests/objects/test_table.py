"""Tables: added, dropped, and every setting of one changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE SCHEMA app;
CREATE SCHEMA "Ünïted Stätes";
CREATE TABLE t (id int PRIMARY KEY, note text NOT NULL, code text);
CREATE UNIQUE INDEX t_note ON t (note);
INSERT INTO t SELECT n, 'note ' || n FROM generate_series(1, 10) AS n;
CREATE TABLE app."Order" ("Group" int PRIMARY KEY, "select" text);
CREATE TABLE "Ünïted Stätes"."naïve.table" ("ключ" int);
CREATE TABLE a_table_with_a_name_that_is_exactly_as_long_as_names_may_be_63 (id int);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE other_pair AS (a int, b text);
CREATE TABLE typed OF pair (a WITH OPTIONS NOT NULL DEFAULT 1, CHECK (a > 0));
CREATE TABLE untyped (a int, b text);
CREATE TABLE parent (id int, note text DEFAULT 'p', CHECK (id > 0));
CREATE TABLE parent2 (id int);
CREATE TABLE child (extra int) INHERITS (parent);
CREATE TABLE lonely (id int, note text, extra int, CONSTRAINT parent_id_check CHECK (id > 0));
CREATE INDEX child_note ON child (note);
CREATE TABLE boss (id int PRIMARY KEY, team int);
CREATE TABLE team (id int PRIMARY KEY, boss int REFERENCES boss);
ALTER TABLE boss ADD FOREIGN KEY (team) REFERENCES team;
CREATE TABLE below (id int REFERENCES t (id), note text REFERENCES t (note));
COMMENT ON TABLE team IS 'It''s a team';
COMMENT ON COLUMN team.boss IS 'who leads';
CREATE VIEW v AS SELECT id, note FROM t;
"""
QUOTED = '"Ünïted Stätes"."naïve.table"'
LONG = "a_table_with_a_name_that_is_exactly_as_long_as_names_may_be_63"


def case(name: str, change: str, *named: str, since: int = 14, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named, since)


CASES = [
    case("added", "CREATE TABLE n (id int)", "+ table n"),
    case(
        "added with all it may have",
        """CREATE TABLE n (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ref int REFERENCES t, a text DEFAULT 'x',
               b text GENERATED ALWAYS AS (a || 'y') STORED, c numeric(10, 2) CHECK (c > 0), d serial, UNIQUE (a, b),
               e text COLLATE "C" NOT NULL) WITH (fillfactor = 70);
           CREATE INDEX ON n (e) WHERE a IS NULL; COMMENT ON TABLE n IS 'new'; COMMENT ON INDEX n_e_idx IS 'index';
           ALTER TABLE n ENABLE ROW LEVEL SECURITY, ALTER e SET STORAGE EXTERNAL, REPLICA IDENTITY FULL""",
        "+ table n",
        "+ column n.id",
        "+ index n_e_idx",
    ),
    case("without columns", "CREATE TABLE n ()", "+ table n"),
    case(
        "with names to quote",
        'CREATE TABLE app."User ""Table""" ("ORDER" int, "a.b" int)',
        '+ table app."User ""Table"""',
    ),
    case("dropped", "DROP TABLE untyped", "- table untyped"),
    case("dropped with rows, indexes and foreign keys to it", "DROP TABLE t CASCADE", "- table t", "- view v"),
    case("dropped with a foreign key of its own", "DROP TABLE below", "- table below"),
    case("dropped with quoted names", 'DROP TABLE app."Order"', '- table app."Order"'),
    case("dropped with names of other alphabets", f"DROP TABLE {QUOTED}", f"- table {QUOTED}"),
    case("dropped with a long name", f"DROP TABLE {LONG}", f"- table {LONG}"),
    case("dropped one of a circle", "DROP TABLE boss CASCADE", "- table boss"),
    case("dropped a circle of foreign keys", "DROP TABLE boss, team CASCADE", "- table boss", "- table team"),
    case("dropped with a comment", "DROP TABLE team CASCADE", "- comment table team"),
    case("renamed", "ALTER TABLE below RENAME TO beneath", "- table below", "+ table beneath"),
    case("moved to another schema", "ALTER TABLE below SET SCHEMA app", "- table below", "+ table app.below"),
    case("unlogged", "ALTER TABLE untyped SET UNLOGGED", "~ table untyped: unlogged no -> yes"),
    case(
        "unlogged both sides of a foreign key",
        "ALTER TABLE below SET UNLOGGED; ALTER TABLE t SET UNLOGGED",
        "~ table below: unlogged",
        "~ table t: unlogged",
    ),
    case("unlogged with quoted names", f"ALTER TABLE {QUOTED} SET UNLOGGED", f"~ table {QUOTED}: unlogged"),
    case("created unlogged", "CREATE UNLOGGED TABLE n (id serial)", "+ table n"),
    case("storage parameter", "ALTER TABLE t SET (fillfactor = 70)", "~ table t: options none -> fillfactor=70"),
    case(
        "storage parameters",
        f"ALTER TABLE {LONG} SET (autovacuum_enabled = off, fillfactor = 50)",
        f"~ table {LONG}: options",
    ),
    case("storage parameter of toast", "ALTER TABLE t SET (toast.autovacuum_enabled = off)", "~ table t: options"),
    case(
        "storage parameters other",
        "ALTER TABLE t SET (fillfactor = 80, toast.autovacuum_enabled = on); ALTER TABLE t RESET (parallel_workers)",
        "~ table t: options",
        before="ALTER TABLE t SET (fillfactor = 70, parallel_workers = 4, toast.autovacuum_enabled = off)",
    ),
    case(
        "created with storage parameters",
        "CREATE TABLE n (a text) WITH (fillfactor = 90, toast.autovacuum_vacuum_threshold = 100)",
        "+ table n",
    ),
    case(
        "replica identity nothing",
        "ALTER TABLE t REPLICA IDENTITY NOTHING",
        "~ table t: replica identity DEFAULT -> NOTHING",
    ),
    case(
        "replica identity full",
        'ALTER TABLE app."Order" REPLICA IDENTITY FULL',
        '~ table app."Order": replica identity',
    ),
    case(
        "replica identity index",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_note",
        "~ index t_note: replica identity",
    ),
    case(
        "replica identity primary key",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey",
        "~ constraint t_pkey on t: replica identity",
    ),
    case(
        "replica identity other index",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_note",
        "~ index t_note: replica identity",
        before="ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey",
    ),
    case(
        "replica identity no more",
        "ALTER TABLE t REPLICA IDENTITY DEFAULT",
        "~ table t: replica identity INDEX -> DEFAULT",
        before="ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey",
    ),
    case(
        "replica identity of an index that is gone",
        "DROP INDEX t_note CASCADE",
        "~ table t: replica identity INDEX -> NOTHING",
        before="ALTER TABLE t REPLICA IDENTITY USING INDEX t_note",
    ),
    case(
        "replica identity of an index that changed",
        "ALTER TABLE t ALTER code SET NOT NULL; DROP INDEX t_note CASCADE;"
        "CREATE UNIQUE INDEX t_note ON t (note, code);"
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_note",
        "~ index t_note: definition",
        before="UPDATE t SET code = note; ALTER TABLE t REPLICA IDENTITY USING INDEX t_note",
    ),
    case("row security", "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "~ table t: row security no -> yes"),
    case("row security forced", "ALTER TABLE t FORCE ROW LEVEL SECURITY", "~ table t: force row security no -> yes"),
    case(
        "row security off",
        "ALTER TABLE t DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        "~ table t: row security yes -> no",
        before="ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    ),
    case(
        "access method",
        "ALTER TABLE t SET ACCESS METHOD heap2",
        "~ table t: access method heap -> heap2",
        since=15,
        before="CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler",
    ),
    case(
        "created with an access method",
        "CREATE TABLE n (id int PRIMARY KEY) USING heap2 WITH (fillfactor = 70)",
        "+ table n",
        before="CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler",
    ),
    case(
        "access method of a partitioned table",
        "ALTER TABLE p SET ACCESS METHOD heap2",
        "~ table p: access method none -> heap2",
        since=17,
        before="CREATE TABLE p (id int) PARTITION BY LIST (id);"
        "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler",
    ),
    case("typed, added", "CREATE TABLE n OF pair (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'x')", "+ table n"),
    case("typed, without more", "CREATE TABLE n OF pair", "+ table n"),
    case("typed, dropped", "DROP TABLE typed", "- table typed"),
    case("typed by another", "ALTER TABLE typed OF other_pair", "~ table typed: of type pair -> other_pair"),
    *[
        case(f"typed, and its type changes: {words}", f"ALTER TYPE pair {words} CASCADE", "~ composite type pair")
        for words in ("ADD ATTRIBUTE c int", "DROP ATTRIBUTE b", "ALTER ATTRIBUTE b TYPE varchar(9)")
    ],
    case("typed no more", "ALTER TABLE typed NOT OF", "~ table typed: of type pair -> none"),
    case("typed now", "ALTER TABLE untyped OF pair", "~ table untyped: of type none -> pair"),
    case("child added", "CREATE TABLE n (note text DEFAULT 'n', more int) INHERITS (parent)", "+ table n"),
    case("child of two", "CREATE TABLE n () INHERITS (parent, parent2)", "+ table n"),
    case("child dropped", "DROP TABLE child", "- table child"),
    case("parent and child dropped", "DROP TABLE parent CASCADE", "- table parent", "- table child"),
    case("child no more", "ALTER TABLE child NO INHERIT parent", "~ table child: parents parent -> none"),
    case("child now", "ALTER TABLE lonely INHERIT parent", "~ table lonely: parents none -> parent"),
    case("child of one more", "ALTER TABLE child INHERIT parent2", "~ table child: parents parent -> parent, parent2"),
    case(
        "child of another",
        "ALTER TABLE child NO INHERIT parent; ALTER TABLE child INHERIT parent2",
        "~ table child: parents parent -> parent2",
    ),
    case(
        "child no more, and nothing it had to have",
        "ALTER TABLE child NO INHERIT parent;ALTER TABLE child DROP CONSTRAINT parent_id_check, DROP COLUMN note",
        "~ table child: parents parent -> none",
        "- column child.note",
        "- constraint parent_id_check on child",
        "- index child_note",
    ),
    case(
        "column of a parent",
        "ALTER TABLE parent ADD COLUMN more int DEFAULT 5 NOT NULL",
        "+ column parent.more",
        "+ column child.more",
    ),
    case(
        "column of a parent dropped",
        "ALTER TABLE parent DROP COLUMN note",
        "- column parent.note",
        "- index child_note",
    ),
    case("check of a parent", "ALTER TABLE parent ADD CHECK (note <> '')", "+ constraint parent_note_check on child"),
    case(
        "check of a parent alone",
        "ALTER TABLE parent ADD CHECK (note <> '') NO INHERIT",
        "+ constraint parent_note_check on parent",
    ),
    case(
        "default of a parent",
        "ALTER TABLE parent ALTER note SET DEFAULT 'q'",
        "~ column parent.note",
        "~ column child.note",
    ),
    case("default of a parent only", "ALTER TABLE ONLY parent ALTER note SET DEFAULT 'q'", "~ column parent.note"),
    case("default of a child", "ALTER TABLE child ALTER note SET DEFAULT 'q'", "~ column child.note: default"),
    case("default of a child dropped", "ALTER TABLE child ALTER note DROP DEFAULT", "~ column child.note: default"),
    case(
        "type of a parent",
        "ALTER TABLE parent ALTER note TYPE varchar(50)",
        "~ column parent.note: type",
        "~ column child.note: type",
    ),
    case(
        "NOT NULL of a parent",
        "ALTER TABLE parent ALTER note SET NOT NULL",
        "~ column parent.note: not null",
        "~ column child.note: not null",
    ),
    case("NOT NULL of a child", "ALTER TABLE child ALTER note SET NOT NULL", "~ column child.note: not null"),
    case("storage of a parent", "ALTER TABLE parent ALTER note SET STORAGE EXTERNAL", "~ column parent.note: storage"),
    case(
        "storage of a parent only",
        "ALTER TABLE ONLY parent ALTER note SET STORAGE EXTERNAL",
        "~ column parent.note: storage",
    ),
    case(
        "statistics of a parent", "ALTER TABLE parent ALTER note SET STATISTICS 50", "~ column child.note: statistics"
    ),
    case("statistics of a child", "ALTER TABLE child ALTER note SET STATISTICS 50", "~ column child.note: statistics"),
    case(
        "compression of a parent",
        "ALTER TABLE parent ALTER note SET COMPRESSION pglz",
        "~ column parent.note: compression",
    ),
    case(
        "compression of a child",
        "ALTER TABLE child ALTER note SET COMPRESSION pglz",
        "~ column child.note: compression",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_table(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO untyped VALUES (1, 'x')",
        "ANALYZE",
        "CREATE TEMPORARY TABLE t (id int)",
        "CREATE ROLE nobody_here; ALTER TABLE t OWNER TO nobody_here; ALTER TABLE t OWNER TO CURRENT_USER;"
        "DROP ROLE nobody_here",
        "ALTER TABLE untyped DROP COLUMN a; ALTER TABLE untyped ADD COLUMN a int",
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    ],
)
def test_not_schema(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
