"""Indexes and constraints of partitioned tables, and the indexes and constraints that each partition has for them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip
from tests.objects.test_partition import BEFORE, case

OWN = "CREATE INDEX own1 ON p1 (ref)"

CASES = [
    case("index added", "CREATE INDEX p_ref ON p (ref)", "+ index p_ref", "+ index p_ref on partition p1"),
    case("index dropped", "DROP INDEX p_note", "- index p_note", "- index p_note on partition p1"),
    case("index changed", "DROP INDEX p_note; CREATE INDEX p_note ON p (note DESC)", "~ index p_note: definition"),
    case(
        "index of the parent only",
        "CREATE INDEX half ON ONLY p (ref); CREATE INDEX half1 ON p1 (ref); ALTER INDEX half ATTACH PARTITION half1",
        "+ index half",
    ),
    case("index of a partition", "CREATE INDEX own1 ON p1 (ref)", "+ index own1"),
    case("index of a partition renamed", "ALTER INDEX own1 RENAME TO one", "- index own1", "+ index one", before=OWN),
    case(
        "index whose partition's has a name by hand",
        "DROP INDEX p_note; CREATE INDEX p_note ON p (note DESC); ALTER INDEX p1_note_idx RENAME TO custom",
        "~ index p_note: definition",
        "~ index p_note on partition p1: definition",
        before="ALTER INDEX p1_note_idx RENAME TO other",
    ),
    case(
        "index whose partition's has a comment, statistics and a table space by another name",
        "DROP INDEX p_lower; CREATE INDEX p_lower ON p (lower(note)); COMMENT ON INDEX p1_lower_idx IS 'new';"
        "ALTER INDEX p1_lower_idx ALTER 1 SET STATISTICS 50",
        "~ index p_lower on partition p1: statistics 1=20 -> 1=50",
        "~ comment index p_lower on partition p1: text",
        before="CREATE INDEX p_lower ON p (lower(note)); COMMENT ON INDEX p1_lower_idx IS 'old';"
        "ALTER INDEX p1_lower_idx ALTER 1 SET STATISTICS 20; ALTER INDEX p1_lower_idx RENAME TO custom",
    ),
    case(
        "index that the table is clustered on",
        "ALTER TABLE p1 CLUSTER ON p1_note_idx; ALTER TABLE rest REPLICA IDENTITY USING INDEX rest_pkey",
        "~ index p_note on partition p1: clustered",
        "~ constraint p_pkey on p, partition rest: replica identity",
    ),
    case(
        "comment of a key",
        "COMMENT ON CONSTRAINT p1_pkey ON p1 IS 'one'; COMMENT ON INDEX p1_pkey IS 'two $$'",
        "+ comment table constraint p_pkey on p, partition p1",
        "+ comment index p_pkey on partition p1",
    ),
    case(
        "options of a key",
        "ALTER INDEX p1_pkey SET (fillfactor = 70)",
        "~ constraint p_pkey on p, partition p1: index options",
    ),
    case(
        "index by the name that another partition's has",
        "ALTER INDEX p1_note_idx1 RENAME TO other; CREATE INDEX p1_note_idx1 ON p1 (note, id)",
        "+ index p1_note_idx1",
        before="ALTER INDEX p1_note_idx RENAME TO p1_note_idx1; CREATE INDEX p_ref ON p (ref)",
    ),
    case(
        "table by the name that an index of a partition has",
        "ALTER INDEX p1_note_idx RENAME TO other; CREATE TABLE p1_note_idx (id integer)",
        "+ table p1_note_idx",
    ),
    case(
        "check by the name that a foreign key has",
        "ALTER TABLE p1 RENAME CONSTRAINT p_ref_fkey TO a; ALTER TABLE p1 ADD CONSTRAINT p_ref_fkey CHECK (ref > 0)",
        "+ constraint p_ref_fkey on p1",
        before="ALTER TABLE p ADD FOREIGN KEY (ref) REFERENCES ref",
    ),
    case(
        "foreign key switched off in a partition alone",
        "ALTER TABLE p1 DISABLE TRIGGER ALL; ALTER TABLE p1 ENABLE TRIGGER USER",
        "~ constraint p_ref_fkey on p, partition p1: internal triggers",
        before="ALTER TABLE p ADD FOREIGN KEY (ref) REFERENCES ref",
    ),
    case(
        "partition of partitions",
        "DROP INDEX list_name; CREATE INDEX list_name ON lists (name, id);"
        "COMMENT ON INDEX list_a0_name_id_idx IS 'deep'",
        "~ index list_name on partition list_a0: definition",
        "+ comment index list_name on partition list_a0",
    ),
    case(
        "partition of another table",
        "ALTER TABLE p DETACH PARTITION p1; DROP INDEX p1_note_idx; ALTER TABLE p1 DROP CONSTRAINT p1_pkey;"
        "ALTER TABLE q ATTACH PARTITION p1 DEFAULT; COMMENT ON INDEX p1_ref_idx IS 'moved'",
        "- index p_note on partition p1",
        "+ index q_ref on partition p1",
        "+ comment index q_ref on partition p1",
        before="CREATE TABLE q (id int NOT NULL, day date NOT NULL DEFAULT '2026-01-01', note text, ref int)"
        " PARTITION BY LIST (ref); CREATE INDEX q_ref ON q (ref); DROP TRIGGER tr ON p; DROP TABLE points",
    ),
    case(
        "primary key dropped",
        "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE",
        "- constraint p_pkey on p",
        "- constraint p_pkey on p, partition p1",
    ),
    case("unique constraint", "ALTER TABLE p ADD CONSTRAINT one UNIQUE (day, ref)", "+ constraint one on p"),
    case(
        "check",
        "ALTER TABLE p ADD CONSTRAINT positive CHECK (id > 0)",
        "+ constraint positive on p",
        "+ constraint positive on p1",
    ),
    case("check of a partition", "ALTER TABLE p1 ADD CONSTRAINT one CHECK (id > 0)", "+ constraint one on p1"),
    case(
        "check of a partition dropped",
        'ALTER TABLE parts."p 2" DROP CONSTRAINT "p 2_id_check"',
        '- constraint "p 2_id_check" on parts."p 2"',
    ),
    case("foreign key from it", "ALTER TABLE p ADD FOREIGN KEY (ref) REFERENCES ref", "+ constraint p_ref_fkey on p"),
    case(
        "foreign key of a partition",
        "ALTER TABLE p1 ADD FOREIGN KEY (ref) REFERENCES ref",
        "+ constraint p1_ref_fkey on p1",
    ),
    case(
        "foreign key to it dropped",
        "ALTER TABLE points DROP CONSTRAINT points_id_to_day_fkey",
        "- constraint points_id_to_day_fkey on points",
    ),
    case(
        "foreign key to it changed",
        "ALTER TABLE points DROP CONSTRAINT points_id_to_day_fkey, ADD FOREIGN KEY (id"
        ", to_day) REFERENCES p ON DELETE CASCADE",
        "~ constraint points_id_to_day_fkey on points: definition",
    ),
    case(
        "foreign key switched off on a partition",
        "ALTER TABLE p1 DISABLE TRIGGER ALL",
        "~ constraint points_id_to_day_fkey on points: internal triggers none -> DISABLE on p1",
    ),
    case(
        "foreign key switched off on the parent",
        "ALTER TABLE p DISABLE TRIGGER ALL",
        "~ constraint points_id_to_day_fkey on points: internal triggers",
        since=15,  # before PostgreSQL 15 this reached no partition
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_partition_parts(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER INDEX p1_note_idx RENAME TO renamed",
        "ALTER INDEX p1_pkey RENAME TO renamed",
        "ALTER INDEX p1_note_idx RENAME TO passing; ALTER INDEX rest_note_idx RENAME TO p1_note_idx;"
        "ALTER INDEX passing RENAME TO rest_note_idx",
        "ALTER INDEX list_a0_name_idx RENAME TO deep; ALTER INDEX list_a_name_idx RENAME TO middle",
        "ALTER TABLE p1 RENAME CONSTRAINT p_ref_fkey TO other",
        "DROP INDEX p_note; CREATE INDEX mine ON p1 (note); CREATE INDEX p_note ON p (note)",
        "DROP INDEX p_note; CREATE INDEX p_note ON ONLY p (note); CREATE INDEX a ON p1 (note);"
        'CREATE INDEX b ON rest (note); CREATE INDEX c ON parts."p 2" (note); ALTER INDEX p_note ATTACH PARTITION a;'
        "ALTER INDEX p_note ATTACH PARTITION b; ALTER INDEX p_note ATTACH PARTITION parts.c",
    ],
)
def test_names_that_nobody_chose(make_database: MakeDatabase, change: str) -> None:
    """PostgreSQL chooses a free name, or somebody attaches an index with another name."""
    assert_no_change(make_database, BEFORE + "ALTER TABLE p ADD FOREIGN KEY (ref) REFERENCES ref;", change)
