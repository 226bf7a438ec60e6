"""Owners of objects: `owner` in pyproject.toml is compared; without it, a note reports other owners."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.roles import ROLES
from tests.support import little
from tests.support.connections import connected
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import word
from whisper_migrate.objects import KINDS
from whisper_migrate.project.project import Project
from whisper_migrate.state.repair import way_back

# An object of every kind that has an owner and can be created on any server.
ALL = """
CREATE SCHEMA "S x";
CREATE TABLE "S x".t (id serial PRIMARY KEY, a integer, b text);
CREATE STATISTICS "S x".s ON a, b FROM "S x".t;
CREATE VIEW "S x"."V w" AS SELECT a FROM "S x".t;
CREATE MATERIALIZED VIEW "S x".m AS SELECT a FROM "S x".t;
CREATE SEQUENCE "S x".alone;
CREATE TYPE "S x".e AS ENUM ('one');
CREATE TYPE "S x".c AS (x integer);
CREATE TYPE "S x".r AS RANGE (subtype = integer);
CREATE DOMAIN "S x".d AS integer;
CREATE FUNCTION "S x".f("odd name" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE "S x".p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE "S x".agg(integer) (sfunc = int4pl, stype = integer);
CREATE OPERATOR "S x".@@@ (leftarg = integer, rightarg = integer, function = int4pl);
CREATE OPERATOR FAMILY "S x".fam USING btree;
CREATE OPERATOR CLASS "S x".cls FOR TYPE integer USING btree FAMILY "S x".fam
    AS OPERATOR 1 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE COLLATION "S x".col FROM "C";
CREATE CONVERSION "S x".conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY "S x".dict (template = simple);
CREATE TEXT SEARCH CONFIGURATION "S x".conf (parser = default);
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER srv FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE "S x".ft (a integer) SERVER srv;
CREATE PUBLICATION pub;
CREATE FUNCTION "S x".ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION "S x".ev();
"""
GIVE = """
DO $$DECLARE o record; BEGIN
    FOR o IN SELECT * FROM given LOOP EXECUTE format('ALTER %s %s OWNER TO keeper', o.word, o.identity); END LOOP;
END$$"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = little.project(tmp_path, settings='owner = "keeper"\n')
    last = little.REVISION.format(message="all", revision="three", parent="two", sql=ALL.replace('"', '\\"'))
    (tmp_path / "alembic/versions/three.py").write_text(last)
    return made


@pytest.fixture
def at_three(database: URL) -> URL:
    little.at(database, "two", ROLES, *filter(str.strip, ALL.split(";\n")))
    little.execute(database, "UPDATE alembic_version SET version_num = 'three'")
    return database


def owners(url: URL) -> dict[tuple[str, str], str]:
    with connected(url) as connection:
        return dict(inspect(connection, owners=True).owners)


@pytest.mark.thorough
@pytest.mark.servers("pg18", "pg15")
def test_what_belongs_to_another_is_drift(
    project: Project, server: URL, at_three: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """Objects of every kind with another owner are drift, and a repair leaves no difference."""
    before = owners(at_three)
    tried = {name for name, kind in KINDS.items() if kind.owner} - {"language"}  # needs a C function
    assert {kind for kind, _ in before} == tried | {"database"}
    said = little.command(capsys, project, at_three, "check-drift", "--only", "database")
    lines = [line for line in said.out.splitlines() if " owner " in line]
    assert said.code == 1 and len(lines) == len(before) - 4  # serial columns' sequences belong to their tables
    assert any('~ owner view "S x"."V w": owner keeper -> whisperengine' in line for line in lines)
    with way_back(project, server, at_three) as way:
        assert way.steps == [] and 'ALTER OPERATOR CLASS "S x".cls USING btree OWNER TO keeper;' in way.sql()
        way.apply(set(), None, print)
    assert set(owners(at_three).values()) == {"keeper"}
    said = little.command(capsys, project, at_three, "check-drift", "--only", "database")
    assert said.code == 0 and "Note: Owners" not in said.out


@pytest.mark.thorough
@pytest.mark.servers("pg18", "pg15")
def test_what_is_made_anew_belongs_to_who_had_it(project: Project, server: URL, at_three: URL) -> None:
    """Objects of every kind, even publications and conversions, which are on no list."""
    settings = project.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('owner = "keeper"\n', ""))
    unsaid = Project(project.root)
    had = owners(at_three)
    given = {key: word(key[0]) for key in had if key[0] in ("publication", "conversion", "view", "operator_family")}
    little.execute(at_three, *(f"ALTER {name} {identity} OWNER TO keeper" for (_, identity), name in given.items()))
    little.execute(
        at_three,
        "ALTER PUBLICATION pub SET (publish = 'insert')",
        'DROP CONVERSION "S x".conv',
        "CREATE CONVERSION \"S x\".conv FOR 'LATIN2' TO 'UTF8' FROM iso8859_to_utf8",
        'ALTER CONVERSION "S x".conv OWNER TO keeper',
        'DROP VIEW "S x"."V w"',
        'CREATE VIEW "S x"."V w" AS SELECT b, a FROM "S x".t',
        'ALTER VIEW "S x"."V w" OWNER TO keeper',
    )
    with way_back(unsaid, server, at_three) as way:
        way.apply(set(), None, print)
    assert {key for key, owner in owners(at_three).items() if owner == "keeper"} == set(given)


@pytest.mark.servers("pg18")
def test_owners_that_differ_are_one_note_where_nobody_has_said(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = little.project(tmp_path)
    little.at(database, "two", ROLES, "ALTER VIEW author_names OWNER TO keeper")
    said = little.command(capsys, made, database, "check-drift")
    assert said.code == 0 and said.out.count("Note: Owners differ within schema public: most is ") == 1
    assert "but not view author_names (keeper)" in " ".join(said.out.split())
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write('[[tool.whisper_migrate.ignore]]\nkind = "owner"\nidentity = "*"\nreason = "none of ours"\n')
    (tmp_path / "pyproject.toml").write_text(
        (tmp_path / "pyproject.toml").read_text().replace("entities", 'owner = "keeper"\nentities')
    )
    said = little.command(capsys, Project(tmp_path), database, "check-drift")
    assert said.code == 0 and "Ignored:" in said.out and "Note: Owners" not in said.out


@pytest.mark.servers("pg18")
def test_an_upgrade_tells_what_belongs_to_others(
    project: Project, make_database: "Iterator[URL]", capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_database()  # type: ignore[operator]
    little.execute(url, ROLES)
    said = little.command(capsys, project, url, "upgrade", "two")
    assert said.code == 1 and "owner table authors: owner keeper -> " in said.out
    little.execute(url, f"ALTER DATABASE {url.database} OWNER TO keeper")
    with pytest.raises(Failure, match="names no role"):
        _ = Project(bad(project)).owner


def bad(project: Project) -> Path:
    file = project.root / "pyproject.toml"
    file.write_text(file.read_text().replace('"keeper"', "3"))
    return project.root


@pytest.mark.servers("pg18")
def test_owners_alone_are_something_to_repair(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = little.project(tmp_path, settings=f'owner = "{database.username}"\n')
    little.at(database, "two", ROLES, "ALTER VIEW author_names OWNER TO keeper")
    said = little.command(capsys, made, database, "repair")
    assert f"ALTER VIEW public.author_names OWNER TO {database.username};" in said.out
    said = little.command(capsys, made, database, "repair", "--apply")
    assert said.code == 0 and "Repaired " in said.err
    assert little.command(capsys, made, database, "check-drift").code == 0


@pytest.mark.thorough
@pytest.mark.servers("pg18", "pg15")
def test_whereami_stamp_and_adopt_report_other_owners(
    tmp_path: Path, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is stamped over another owner; `adopt --reconcile` changes the owners, and then nothing differs."""
    url = make_database()
    made = little.project(tmp_path, settings='owner = "keeper"\n' + IGNORED)
    little.at(url, None, ROLES, f"ALTER DATABASE {url.database} OWNER TO keeper")
    little.at(url, "two", "DELETE FROM alembic_version")
    for asked in ("two", "head"):
        said = little.command(capsys, made, url, "stamp", asked)
        assert said.code == 1 and f"-> migrate.py adopt {asked} --reconcile" in said.out, said
    assert "owner function" not in said.out  # ignored
    said = little.command(capsys, made, url, "whereami")
    assert said.code == 1 and "two with " in said.out and "owners differ" in said.out, said
    assert little.value(url, "SELECT count(*) FROM alembic_version") == 0
    redone = ("DROP VIEW author_names", "CREATE VIEW author_names AS SELECT name FROM authors")
    little.execute(url, *redone, "CREATE VIEW mine AS SELECT name FROM author_names")
    said = little.command(capsys, made, url, "adopt")
    assert said.code == 1 and "Given to keeper, the owner in pyproject.toml (" in said.out, said
    assert "~ owner table authors: owner keeper -> " in said.out and "ALTER TABLE public.authors OWNER TO" in said.out
    said = little.command(capsys, made, url, "adopt", "--reconcile")
    assert said.code == 0 and "Adopted at two" in said.out, said
    found = owners(url)
    assert {key[1] for key, owner in found.items() if owner != "keeper"} == {"public.mine", "public.greet(text)"}
    little.execute(url, "DROP VIEW mine")
    assert little.command(capsys, made, url, "whereami").code == 0
    assert little.command(capsys, made, url, "stamp", "two").code == 0
    assert little.command(capsys, made, url, "check-drift").code == 0
    little.execute(url, f"ALTER DATABASE {url.database} OWNER TO {url.username}")
    assert little.command(capsys, made, url, "whereami").code == 1
    said = little.command(capsys, made, url, "adopt")
    assert said.code == 1 and f"ALTER DATABASE {url.database} OWNER TO keeper;" in said.out, said


# The function's owner is not compared, because the function is not.
IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "function"\nidentity = "*"\nreason = "of the reports"\n'


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_owner_that_is_no_role(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = little.project(tmp_path, settings='owner = "no such role"\n')
    for words in (
        ["upgrade"],
        ["upgrade", "--no-check"],
        ["repair"],
        ["check-drift"],
        ["status"],
        ["whereami"],
        ["adopt"],
        ["stamp", "two"],
    ):
        said = little.command(capsys, made, database, *words)
        if "--no-check" in words:
            assert said.code == 0, said
            continue
        text = said.out + said.err  # `status` says it among its own lines
        assert said.code == 2 and 'owner = "no such role" in pyproject.toml is no role of this server.' in text, text
        assert 'CREATE ROLE "no such role";' in text
