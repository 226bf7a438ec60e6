"""Owners after a repair: re-created objects go to the former owner, else to the role that runs the revisions."""

import pytest
from sqlalchemy import URL

from tests.objects.roles import ROLES
from tests.support import little
from whisper_migrate.project.project import Project
from whisper_migrate.state.repair import way_back

OTHERS = """
SELECT string_agg(name || ' ' || owner, ', ' ORDER BY name) FROM (
    SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relkind IN ('r', 'v', 'S') AND oid >= 16384
    UNION ALL SELECT proname, pg_get_userbyid(proowner) FROM pg_proc WHERE oid >= 16384
) AS o(name, owner) WHERE owner <> 'keeper' AND name NOT LIKE 'whisper_ledger%'"""
MAY_GO_ON = "SELECT has_table_privilege('keeper', 'whisper_ledger', 'INSERT')"
GIVE = """DO $$DECLARE o text; BEGIN
    FOR o IN SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'v') AND oid >= 16384 LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO keeper', o);
    END LOOP;
    ALTER FUNCTION greet OWNER TO keeper;
END$$"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return little.project(tmp_path_factory.mktemp("owners"))


@pytest.fixture
def kept(database: URL) -> URL:
    """A database whose schema belongs to the role keeper, which runs the revisions."""
    little.execute(database, ROLES, f"ALTER DATABASE {database.database} OWNER TO keeper")
    return little.at(database, "two", GIVE, "GRANT CREATE ON SCHEMA public TO keeper, writer")


@pytest.mark.parametrize(
    "change",
    [
        "DROP SEQUENCE authors_id_seq CASCADE",
        "DROP VIEW author_names; DROP FUNCTION greet; DROP TABLE tags",
        "DROP VIEW author_names; ALTER TABLE authors ALTER name TYPE text;"
        "CREATE VIEW author_names AS SELECT id, name FROM authors; ALTER VIEW author_names OWNER TO keeper",
    ],
)
def test_what_comes_back_belongs_to_who_had_it(change: str, project: Project, server: URL, kept: URL) -> None:
    little.execute(kept, change)
    with way_back(project, server, kept) as way:
        assert "OWNER TO keeper;" in way.sql() and "will belong to" not in way.sql()
        way.apply({"change-column authors.name"}, f"{kept.database}:99", print)
    assert little.value(kept, OTHERS) is None
    assert little.value(kept, MAY_GO_ON)


def test_a_view_that_somebody_else_had(project: Project, server: URL, kept: URL) -> None:
    little.execute(
        kept,
        "DROP VIEW author_names; CREATE VIEW author_names AS SELECT name, id FROM authors",
        "ALTER VIEW author_names OWNER TO reader",
    )
    with way_back(project, server, kept) as way:
        way.apply(set(), None, print)
    assert little.value(kept, OTHERS) == "author_names reader"


def test_a_sequence_of_somebody_elses_table(project: Project, server: URL, kept: URL) -> None:
    little.execute(kept, "ALTER TABLE authors OWNER TO reader", "DROP SEQUENCE authors_id_seq CASCADE")
    with way_back(project, server, kept) as way:
        way.apply(set(), None, print)
    assert little.value(kept, OTHERS) == "authors reader, authors_id_seq reader"


def test_a_role_that_can_give_nothing(project: Project, server: URL, kept: URL) -> None:
    little.execute(kept, "GRANT SELECT ON alembic_version TO writer", "DROP FUNCTION greet")
    with way_back(project, server, kept.set(username="writer")) as way:
        assert "-- What keeper is to have will belong to writer, who is no member of keeper." in way.sql()
        assert "OWNER TO" not in way.sql()


def test_one_role_for_all_is_not_named(project: Project, server: URL, database: URL) -> None:
    little.execute(little.at(database, "two"), "DROP FUNCTION greet")
    with way_back(project, server, database) as way:
        assert "OWNER TO" not in way.sql()
