"""Objects of a role with few rights are re-created; neither their constants nor their leftovers run as a superuser."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import Trap, trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

# PostgreSQL converts these constants, and so runs the checks of the domain, when it reads the statement.
CONSTANTS = {
    "VIEW public.theirs": "CREATE VIEW public.theirs AS SELECT n, '{1}'::planted.d[] AS x FROM public.ours",
    "VIEW public.rows": "CREATE VIEW public.rows AS SELECT n, '(1)'::planted.c AS x FROM public.ours",
    "VIEW public.tables": "CREATE VIEW public.tables AS SELECT n, '{\"(1)\"}'::planted.t[] AS x FROM public.ours",
    "VIEW public.ranges": "CREATE VIEW public.ranges AS SELECT n, '[1,2)'::planted.r AS x FROM public.ours",
    "MATERIALIZED VIEW public.kept": (
        "CREATE MATERIALIZED VIEW public.kept AS SELECT n, '{1}'::planted.d[] IS NULL AS x FROM public.ours"
    ),
    "POLICY p ON planted.t": (
        "CREATE POLICY p ON planted.t USING (EXISTS (SELECT FROM public.ours WHERE '{1}'::planted.d[] IS NOT NULL))"
    ),
    "FUNCTION planted.f": (
        "CREATE FUNCTION planted.f(x planted.d[] DEFAULT '{1}') RETURNS int LANGUAGE sql BEGIN ATOMIC"
        " SELECT n FROM public.ours; END"
    ),
}
TYPES = (
    "CREATE DOMAIN planted.d AS int",
    "CREATE TYPE planted.c AS (a planted.d)",
    "CREATE TABLE planted.t (a planted.d)",
    "CREATE TYPE planted.r AS RANGE (subtype = planted.d)",
)
# A role's function runs as that role, and leaves temporary types with the names of PostgreSQL's own.
LEAVES_TYPES = (
    """CREATE FUNCTION planted.leave() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        name text;
    BEGIN
        FOREACH name IN ARRAY ARRAY['oid', 'regclass', 'int4', 'bool', 'name', 'text'] LOOP
            IF to_regtype('pg_temp.' || name) IS NULL THEN
                EXECUTE 'CREATE DOMAIN pg_temp.' || name || ' AS pg_catalog.' || name
                    || ' CHECK (planted.trap(VALUE) IS NOT NULL)';
            END IF;
        END LOOP;
    END $$""",
    """CREATE FUNCTION planted.leaves(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
        IF session_user <> current_user THEN PERFORM planted.leave(); END IF;
        RETURN n;
    END $$""",
)


def _project(folder: Path, database: URL) -> Project:
    """Create a project whose view `ours` has changed in the database: it must be dropped and created again."""
    project = little.project(folder)
    Checkout(project.root).write_revision("three", "two", up='op.execute("CREATE VIEW public.ours AS SELECT 1 AS n")')
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, "DROP VIEW public.ours", "CREATE VIEW public.ours AS SELECT 2 AS m, 1 AS n")
    return project


def _planted(database: URL, planted: Trap) -> None:
    ask(database, f"GRANT SELECT ON public.ours TO {planted.role}")
    planted.plant(*TYPES)


@pytest.mark.thorough
def test_constants_of_another_roles_types_are_not_read(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path, database)
    with trap(database) as planted:
        _planted(database, planted)
        for made, statement in CONSTANTS.items():
            check = "ALTER DOMAIN planted.d ADD CONSTRAINT k CHECK (planted.trap(VALUE) > 0)"
            planted.plant(statement, check)
            assert not planted.sprung, made
            for words in ("adopt", "adopt --reconcile"):
                said = command(capsys, project, database, *words.split())
                assert not planted.sprung, (made, words)
                assert said.code == 2 and f"are code of {planted.role}, which could run as" in said.err, (made, said)
            planted.plant(f"DROP {made}", "ALTER DOMAIN planted.d DROP CONSTRAINT k")
        assert command(capsys, project, database, "adopt", "--reconcile").code == 0
        assert not planted.sprung


def test_temporary_types_that_its_code_leaves_are_gone(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path, database)
    with trap(database) as planted:
        _planted(database, planted)
        planted.plant(
            *LEAVES_TYPES,
            "CREATE MATERIALIZED VIEW public.theirs AS SELECT planted.leaves(n) AS n FROM public.ours",
            "CREATE MATERIALIZED VIEW public.plain AS SELECT n FROM public.ours",
            "CREATE INDEX ON public.plain (planted.leaves(n))",
        )
        said = command(capsys, project, database, "adopt", "--reconcile")
        assert said.code == 0 and not planted.sprung, said.err
        assert ask(database, "SELECT * FROM public.theirs, public.plain") == [(1, 1)]
