"""Columns get other types and collations, whatever objects depend on them and whatever values they contain."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip
from tests.objects.test_column import QUOTED, case, set_

CASES = [
    set_(
        "longer",
        "ALTER name TYPE varchar(100)",
        "~ column t.name: type character varying(50) -> character varying(100)",
    ),
    set_("without a length", "ALTER name TYPE varchar", "~ column t.name: type"),
    set_("text instead of varchar", "ALTER name TYPE text", "~ column t.name: type", "~ index t_name: definition"),
    set_("scale", "ALTER price TYPE numeric(12, 4)", "~ column t.price: type numeric(10,2) -> numeric(12,4)"),
    set_("numeric to double", "ALTER price TYPE double precision", "~ column t.price: type"),
    set_("bigint to int", "ALTER big TYPE int", "~ column t.big: type bigint -> integer"),
    set_(
        "int to text",
        "DROP CONSTRAINT positive, ALTER big TYPE text",
        "~ column t.big: type",
        "- constraint positive on t",
    ),
    set_(
        "text to int",
        "ALTER note DROP DEFAULT, ALTER note TYPE int USING note::int",
        "~ column t.note: type text -> integer; default",
    ),
    set_(
        "int to boolean",
        "ALTER small DROP DEFAULT, ALTER small TYPE boolean USING small::int::boolean",
        "~ column t.small: type",
    ),
    set_(
        "int to uuid",
        "ALTER big DROP DEFAULT, ALTER key TYPE int USING NULL, DROP CONSTRAINT positive",
        "~ column t.key: type uuid -> integer",
    ),
    set_("timestamp to timestamptz", "ALTER at TYPE timestamptz", "~ column t.at: type"),
    set_("timestamp precision", "ALTER at TYPE timestamp(3)", "~ column t.at: type"),
    set_("timestamp to date", "ALTER at TYPE date", "~ column t.at: type"),
    set_("json to jsonb", "ALTER data TYPE jsonb", "~ column t.data: type json -> jsonb"),
    set_("json to text array", "ALTER data TYPE text[] USING NULL", "~ column t.data: type"),
    set_(
        "enum to text",
        "ALTER feeling DROP DEFAULT, ALTER feeling TYPE text, ALTER feeling SET DEFAULT 'ok'",
        "~ column t.feeling: type",
    ),
    set_("text array to varchar array", "ALTER tags TYPE varchar(9)[]", "~ column t.tags: type"),
    set_("array to text", "ALTER tags TYPE text", "~ column t.tags: type"),
    set_("char length", "ALTER code TYPE char(5)", "~ column t.code: type"),
    set_("bit length", "ALTER bits TYPE bit varying(9)", "~ column t.bits: type"),
    set_("domain to its type", "ALTER owed TYPE numeric", "~ column t.owed: type amount -> numeric"),
    case(
        "type under a view, a policy, a rule and a trigger",
        "DROP VIEW v; DROP POLICY pol ON t; DROP RULE r ON t; DROP TRIGGER tr ON t;"
        "ALTER TABLE t ALTER name TYPE varchar(99);"
        "CREATE VIEW v AS SELECT id, name FROM t; CREATE POLICY pol ON t USING (name <> '');"
        "CREATE RULE r AS ON DELETE TO t WHERE OLD.name = 'n' DO INSTEAD NOTHING;"
        "CREATE TRIGGER tr BEFORE UPDATE OF name ON t FOR EACH ROW WHEN (OLD.name <> NEW.name)"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "~ column t.name: type",
        before="CREATE VIEW v AS SELECT id, name FROM t; CREATE POLICY pol ON t USING (name <> '');"
        "CREATE RULE r AS ON DELETE TO t WHERE OLD.name = 'n' DO INSTEAD NOTHING;"
        "CREATE TRIGGER tr BEFORE UPDATE OF name ON t FOR EACH ROW WHEN (OLD.name <> NEW.name)"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    case(
        "type under a materialized view",
        "DROP MATERIALIZED VIEW m; ALTER TABLE t ALTER big TYPE numeric;"
        "CREATE MATERIALIZED VIEW m AS SELECT big FROM t; CREATE INDEX m_big ON m (big)",
        "~ column t.big: type bigint -> numeric",
        before="CREATE MATERIALIZED VIEW m AS SELECT big FROM t; CREATE INDEX m_big ON m (big)",
    ),
    case(
        "type under a generated column",
        "ALTER TABLE t DROP COLUMN twice; ALTER TABLE t ALTER id TYPE bigint;"
        "ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED; CREATE INDEX t_twice ON t (twice)",
        "~ column t.id: type integer -> bigint",
        before="CREATE INDEX t_twice ON t (twice)",
    ),
    case(
        "type of both sides of a foreign key",
        "ALTER TABLE b DROP CONSTRAINT fk; ALTER TABLE s ALTER id TYPE bigint; ALTER TABLE b ALTER s TYPE bigint;"
        "ALTER TABLE b ADD CONSTRAINT fk FOREIGN KEY (s) REFERENCES s",
        "~ column s.id: type",
        "~ column b.s: type",
        before="CREATE TABLE b (s int CONSTRAINT fk REFERENCES s)",
    ),
    case("type, quoted", f'ALTER TABLE {QUOTED} ALTER "Group" TYPE varchar(20)', f'~ column {QUOTED}."Group": type'),
    set_("collation", 'ALTER name TYPE varchar(50) COLLATE "C"', "~ column t.name: collation none -> "),
    set_(
        "collation no more",
        "ALTER name TYPE varchar(50)",
        "~ column t.name: collation",
        before='ALTER TABLE t ALTER name TYPE varchar(50) COLLATE "C"',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_column_type(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
