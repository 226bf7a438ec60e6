"""Foreign keys: every clause changes, is reported, and is reverted; also whether PostgreSQL keeps them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip
from tests.objects.test_constraint import PERIODS, case, other

CASES = [
    case(
        "foreign key added",
        "ALTER TABLE bare ADD FOREIGN KEY (other) REFERENCES p",
        "+ constraint bare_other_fkey on bare",
    ),
    case("foreign key dropped", "ALTER TABLE t DROP CONSTRAINT fk", "- constraint fk on t"),
    case(
        "foreign key to itself dropped",
        'ALTER TABLE app."Order" DROP CONSTRAINT self',
        '- constraint self on app."Order"',
    ),
    other("foreign key to another table", "fk", "FOREIGN KEY (p) REFERENCES t"),
    other("foreign key to other columns", "fk2", "FOREIGN KEY (b, a) REFERENCES p (a, b)"),
    other(
        "foreign key to an index",
        "fk",
        "FOREIGN KEY (p) REFERENCES bare (id)",
        before="INSERT INTO bare SELECT generate_series(1, 5);",
    ),
    *[
        other(f"foreign key {words}", "fk", f"FOREIGN KEY (p) REFERENCES p {words}")
        for words in (
            *(
                f"ON {event} {action}"
                for event in ("UPDATE", "DELETE")
                for action in ("CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT")
            ),
            "MATCH FULL",
            "DEFERRABLE",
            "DEFERRABLE INITIALLY DEFERRED",
            "NOT VALID",
            "MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED NOT VALID",
        )
    ],
    case(
        "foreign key made deferrable",
        "ALTER TABLE t ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED",
        "~ constraint fk on t: definition",
    ),
    other(
        "foreign key SET NULL of some columns",
        "fk2",
        "FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL (b)",
        since=15,
    ),
    other(
        "foreign key SET DEFAULT of some columns",
        "fk2",
        "FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET DEFAULT (a)",
        since=15,
    ),
    other("foreign key not enforced", "fk", "FOREIGN KEY (p) REFERENCES p NOT ENFORCED", since=18),
    case(
        "foreign key not enforced by ALTER",
        "ALTER TABLE t ALTER CONSTRAINT fk NOT ENFORCED",
        "~ constraint fk on t: definition",
        since=18,
    ),
    case(
        "foreign key validated",
        "ALTER TABLE t VALIDATE CONSTRAINT fk",
        "~ constraint fk on t: definition",
        before="ALTER TABLE t DROP CONSTRAINT fk;"
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p NOT VALID",
    ),
    case(
        "PERIOD dropped",
        "ALTER TABLE stays DROP CONSTRAINT stays_room",
        "- constraint stays_room on stays",
        since=18,
        before=PERIODS,
    ),
    case(
        "PERIOD and its tables dropped",
        "DROP TABLE rooms, stays",
        "- constraint stays_room on stays",
        since=18,
        before=PERIODS,
    ),
    case(
        "switched off by the referring table",
        "ALTER TABLE t DISABLE TRIGGER ALL",
        "~ constraint fk on t: internal triggers none -> DISABLE on t",
        "~ trigger stays_on on t: state ENABLE -> DISABLE",
    ),
    case(
        "switched off by the table referred to",
        "ALTER TABLE p DISABLE TRIGGER ALL",
        "~ constraint fk on t: internal triggers none -> DISABLE on p",
    ),
    case(
        "switched off on both sides",
        "ALTER TABLE p DISABLE TRIGGER ALL; ALTER TABLE t DISABLE TRIGGER ALL",
        "~ constraint fk on t: internal triggers none -> DISABLE on p, DISABLE on t",
    ),
    case(
        "switched off by itself, quoted",
        'ALTER TABLE app."Order" DISABLE TRIGGER ALL',
        '~ constraint self on app."Order": internal triggers',
    ),
    case(
        "switched on",
        "ALTER TABLE p ENABLE TRIGGER ALL",
        "~ constraint fk on t: internal triggers DISABLE on p -> none",
        before="ALTER TABLE p DISABLE TRIGGER ALL",
    ),
    case(
        "switched on for another side",
        "ALTER TABLE p ENABLE TRIGGER ALL; ALTER TABLE t DISABLE TRIGGER ALL",
        "~ constraint fk on t: internal triggers DISABLE on p -> DISABLE on t",
        before="ALTER TABLE p DISABLE TRIGGER ALL",
    ),
    case(
        "changed and switched off",
        "ALTER TABLE t DROP CONSTRAINT fk;"
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p ON DELETE CASCADE;"
        "ALTER TABLE p DISABLE TRIGGER ALL",
        "~ constraint fk on t: definition",
    ),
    case(
        "deferrable and switched off",
        "ALTER TABLE t DISABLE TRIGGER ALL",
        "~ constraint un on t: internal triggers",
        before="ALTER TABLE t DROP CONSTRAINT un; ALTER TABLE t ADD CONSTRAINT un UNIQUE (note) DEFERRABLE",
    ),
    *[
        case(
            f"internal triggers {state}",
            f"""DO $$ DECLARE own name; BEGIN
                FOR own IN SELECT g.tgname FROM pg_trigger AS g JOIN pg_constraint AS c ON c.oid = g.tgconstraint
                           WHERE c.conname = 'fk' AND g.tgrelid = 't'::regclass LOOP
                    EXECUTE format('ALTER TABLE t {state} TRIGGER %I', own); END LOOP; END $$""",
            f"~ constraint fk on t: internal triggers none -> {state} on t",
        )
        for state in ("DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS")
    ],
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_foreign_key(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
