"""Indexes and constraints of partitioned tables, and the share that each partition has in them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip
from tests.objects.test_partition import case

CASES = [
    case("index added", "CREATE INDEX p_ref ON p (ref)", "+ index p_ref", "+ index p1_ref_idx"),
    case("index dropped", "DROP INDEX p_note", "- index p_note", "- index p1_note_idx"),
    case("index changed", "DROP INDEX p_note; CREATE INDEX p_note ON p (note DESC)", "~ index p_note: definition"),
    case(
        "index of the parent only",
        "CREATE INDEX half ON ONLY p (ref); CREATE INDEX half1 ON p1 (ref); ALTER INDEX half ATTACH PARTITION half1",
        "+ index half",
    ),
    case("index of a partition", "CREATE INDEX own1 ON p1 (ref)", "+ index own1"),
    case(
        "index of a partition renamed",
        "ALTER INDEX p1_note_idx RENAME TO renamed",
        "- index p1_note_idx",
        "+ index renamed",
    ),
    case(
        "index whose partition's has a name of its own",
        "DROP INDEX p_note; CREATE INDEX p_note ON p (note DESC); ALTER INDEX p1_note_idx RENAME TO custom",
        "~ index p_note: definition",
        "~ index custom: definition",
        before="ALTER INDEX p1_note_idx RENAME TO custom",
    ),
    case(
        "index dropped whose partition's has a name of its own",
        "DROP INDEX p_note",
        "- index custom",
        before="ALTER INDEX p1_note_idx RENAME TO custom",
    ),
    case(
        "primary key dropped",
        "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE",
        "- constraint p_pkey on p",
        "- constraint p1_pkey on p1",
    ),
    case(
        "primary key of a partition renamed",
        "ALTER INDEX p1_pkey RENAME TO renamed",
        "- constraint p1_pkey on p1",
        "+ constraint renamed on p1",
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
        since=15,  # before, it reached none of them
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_partition_parts(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
