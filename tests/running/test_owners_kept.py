"""Objects that a revision drops and re-creates keep their owners."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.objects.roles import ROLES
from tests.support import little
from tests.support.projects import role
from whisper_migrate.catalog.names import shown
from whisper_migrate.databases.connect import connected
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.project.project import Project

UP = """
DROP MATERIALIZED VIEW counted;
DROP VIEW author_names;
DROP FUNCTION greet(text);
DROP TABLE tags;
DROP TYPE feeling;
CREATE VIEW author_names AS SELECT name, id FROM public.authors;
CREATE FUNCTION greet(who text) RETURNS text LANGUAGE sql AS 'SELECT who';
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS number FROM public.author_names;
CREATE TABLE tags (id serial PRIMARY KEY);
CREATE TYPE feeling AS ENUM ('one');
CREATE VIEW new_one AS SELECT 1 AS one;
ALTER VIEW taken_on_purpose OWNER TO CURRENT_USER;
"""
BEFORE = (
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM authors",
    "CREATE VIEW taken_on_purpose AS SELECT 1 AS one",
    "CREATE TYPE feeling AS ENUM ('glad')",
)
STAMP = "UPDATE alembic_version SET version_num = 'before'"
GIVEN = {
    "materialized_view": "counted",
    "view": "author_names",
    "function": "greet(text)",
    "table": "tags",
    "enum": "feeling",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = little.project(tmp_path)
    for revision, parent, sql in (("before", "two", ";".join(BEFORE)), ("three", "before", UP)):
        written = little.REVISION.format(message="again", revision=revision, parent=parent, sql=sql)
        (tmp_path / f"alembic/versions/{revision}.py").write_text(written)
    return made


def owners(url: URL) -> dict[str, str]:
    with connected(url) as connection:
        return {identity: owner for (_, identity), owner in inspect(connection, owners=True).owners.items()}


def upgrade(capsys: pytest.CaptureFixture[str], project: Project, url: URL) -> little.Said:
    return little.command(capsys, project, url, "upgrade")


@pytest.mark.servers("pg18", "pg15")
def test_it_is_given_back(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """New objects, and objects that the revision gives to another role, keep the owner they then have."""
    give = [
        f"ALTER {kind.replace('_', ' ').replace('enum', 'type')} {name} OWNER TO keeper" for kind, name in GIVEN.items()
    ]
    little.at(database, "two", ROLES, *BEFORE, STAMP, *give, "ALTER VIEW taken_on_purpose OWNER TO keeper")
    said = upgrade(capsys, project, database)
    assert said.code == 0, said
    kept = {shown(identity) for identity, owner in owners(database).items() if owner == "keeper"}
    assert kept == {*GIVEN.values(), "tags_id_seq"}


@pytest.mark.servers("pg18")
def test_what_cannot_be_given_back_is_named(
    project: Project, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schema's owner may drop an administrator's view in it, but cannot make him the owner of the new view."""
    with role(database, "CREATEDB") as own:
        little.execute(database, f"ALTER SCHEMA public OWNER TO {own.username}")
        little.execute(database, f"GRANT CREATE ON DATABASE {database.database} TO {own.username}")
        little.at(own, "two", *BEFORE, STAMP)
        little.execute(database, f"ALTER VIEW author_names OWNER TO {database.username}")
        said = upgrade(capsys, project, own)
        assert said.code == 0, said
        words = f"three made view author_names again, which was {database.username}'s, and could not give it back: "
        assert words in said.out and f"ALTER VIEW public.author_names OWNER TO {database.username};" in said.out
        assert owners(database)["public.author_names"] == own.username
