"""Statements from a database run in a shadow without rights, never as the superuser who checks it."""

from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from tests.security.roles import trap
from tests.support import little
from tests.support.connections import connected
from tests.support.little import command
from tests.support.projects import Checkout, ask, role
from whisper_migrate.databases.confined import confined
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure
from whisper_migrate.running import runner

# Only the body of `g` shows that it calls `f`. In the database all of these belong to a role of low privilege.
FUNCTIONS = (
    "CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$",
    "CREATE FUNCTION public.g(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.f(n); END $$",
    "CREATE TABLE public.t (n int, kind varchar(9))",
    "CREATE DOMAIN public.d AS int",
)
# Statements of the history, and the owner's changes to their objects.
KINDS = {
    "CREATE MATERIALIZED VIEW public.m AS SELECT public.g(1) AS n": (
        "DROP MATERIALIZED VIEW public.m; CREATE MATERIALIZED VIEW public.m AS SELECT public.g(2) AS n"
    ),
    "CREATE INDEX i ON public.t (public.g(1))": "DROP INDEX public.i; CREATE INDEX i ON public.t (public.g(2))",
    "CREATE INDEX p ON public.t (n) WHERE public.g(1) > 0": (
        "DROP INDEX public.p; CREATE INDEX p ON public.t (n) WHERE public.g(2) > 0"
    ),
    "ALTER TABLE public.t ADD a int GENERATED ALWAYS AS (public.g(1)) STORED": (
        "ALTER TABLE public.t DROP a; ALTER TABLE public.t ADD a int GENERATED ALWAYS AS (public.g(2)) STORED"
    ),
    "ALTER TABLE public.t ADD b int DEFAULT public.g(1)": "ALTER TABLE public.t ALTER b SET DEFAULT public.g(2)",
    "ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.g(1) > 0)": (
        "ALTER TABLE public.t DROP CONSTRAINT c; ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.g(2) > 0)"
    ),
    "ALTER DOMAIN public.d ADD CONSTRAINT e CHECK (public.g(1) > 0)": (
        "ALTER DOMAIN public.d DROP CONSTRAINT e; ALTER DOMAIN public.d ADD CONSTRAINT e CHECK (public.g(2) > 0)"
    ),
    "CREATE POLICY q ON public.t USING (public.g(1) > 0)": "ALTER POLICY q ON public.t USING (public.g(2) > 0)",
    "CREATE STATISTICS public.s ON (public.g(1) + n), n FROM public.t": (
        "DROP STATISTICS public.s; CREATE STATISTICS public.s ON (public.g(2) + n), n FROM public.t"
    ),
    # After a dump and restore, only the printing of these differs.
    "ALTER TABLE public.t ADD CONSTRAINT r CHECK (kind IN ('x', 'y') AND (n > 0 AND n < 9))": None,
    "CREATE VIEW public.v AS SELECT n FROM public.t WHERE kind IN ('x', 'y')": None,
}
OWNED = ("TABLE public.t", "MATERIALIZED VIEW public.m", "VIEW public.v", "FUNCTION public.f(int)")
OWNED += ("FUNCTION public.g(int)", "DOMAIN public.d", "STATISTICS public.s")
RESTORED = (
    "ALTER TABLE public.t DROP CONSTRAINT r",
    "ALTER TABLE public.t ADD CONSTRAINT r CHECK (kind::text = ANY (ARRAY['x'::character varying,"
    " 'y'::character varying]::text[]) AND (n > 0 AND n < 9))",
)


@pytest.mark.thorough
def test_what_its_owner_changed_is_run_by_nobody_with_rights(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    lines = "; ".join(f"op.execute({statement!r})" for statement in (*FUNCTIONS, *KINDS))
    Checkout(project.root).write_revision("three", "two", up=lines)
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted:
        for owned in OWNED:
            ask(database, f"ALTER {owned} OWNER TO {planted.role}")
        for changed in KINDS.values():
            planted.plant(*changed.split("; ") if changed else ())
        planted.plant(*RESTORED)
        # At last, the function that all others call: it runs a program if it may.
        planted.plant(
            f"""CREATE OR REPLACE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
            IF current_user <> '{planted.role}' THEN
                COPY (SELECT current_user) TO PROGRAM 'cat >> {planted.file}';
            END IF;
            RETURN n; END $$"""
        )
        for words in ("check-drift", "status", "whereami", "repair", "adopt", "stamp three"):
            said = command(capsys, project, database, *words.split())
            assert "Traceback" not in said.err and not planted.sprung, (words, said)
            if words == "check-drift":
                assert said.code == 1 and "constraint c on t" in said.out and " r on t" not in said.out, said
        left = ask(database, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'whisper_confined_%'")
        assert left == []


def test_what_is_confined_does_not_get_out(database: URL, server: URL) -> None:
    """Each statement would let a later one run as superuser, or outlast the rollback."""
    prepare = "PREPARE whisper_x AS SELECT 1"
    for escape, message in {
        "RESET ROLE": "within security-definer function",
        "SET SESSION AUTHORIZATION DEFAULT": "within security-definer function",
        "COPY (SELECT 1) TO PROGRAM 'true'": "permission denied to COPY|must be superuser",
        "CREATE ROLE other": "permission denied to create role",
        "CREATE TEMP TABLE x ()": "permission denied",
        "ALTER SYSTEM SET work_mem = '1MB'": "cannot run inside a transaction block",
        "ALTER FUNCTION pg_temp.whisper_confined SECURITY INVOKER": "has changed how it is run",
    }.items():
        with shadows(server) as made, connected(made.create("one")) as shadow:
            before = ask(server, "SELECT count(*) FROM pg_roles")
            with pytest.raises(Exception, match=message), confined(shadow) as inside:
                inside.run([escape])
                inside.run(["SELECT 1"])
            with confined(shadow) as inside:
                inside.run([f"DO $$ BEGIN EXECUTE '{prepare}'; END $$", "SET standard_conforming_strings = off"])
                assert shadow.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar() == 0
                assert shadow.exec_driver_sql("SHOW standard_conforming_strings").scalar() == "on"
            assert ask(server, "SELECT count(*) FROM pg_roles") == before


@pytest.mark.servers("pg18")
def test_a_role_that_is_no_superuser_lends_only_what_can_be_rolled_back(database: URL) -> None:
    """The statements run as the role itself, but not if it may also run programs or read files."""
    with role(database, "CREATEDB") as url, shadows(url) as made, connected(made.create("one")) as shadow:
        with confined(shadow) as inside:
            inside.run(["CREATE TABLE public.t (n int)", "CREATE INDEX ON public.t (n)"])
            with pytest.raises(DBAPIError, match="within security-definer function"):
                inside.run(["RESET ROLE"])
        assert shadow.exec_driver_sql("SELECT to_regclass('public.t')").scalar() is None
        ask(database, f"GRANT pg_read_server_files TO {url.username}")
        with pytest.raises(Failure, match="may run programs"), confined(shadow):
            pass


def test_a_role_does_not_lend_a_right_that_it_can_give_itself(database: URL, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    ran = tmp_path / "ran"
    is_old = int(str(ask(database, "SHOW server_version_num")[0][0])) < 160000
    for attributes, grants in {
        "CREATEDB CREATEROLE": (),
        "CREATEDB NOINHERIT": ("GRANT pg_execute_server_program TO {} WITH ADMIN OPTION",),
    }.items():
        with role(database, attributes) as url, shadows(url) as made, connected(made.create("one")) as shadow:
            ask(database, *(grant.format(url.username) for grant in grants))
            may = "permission denied" if not grants and not is_old else "may run programs|permission denied"
            statements = [
                f"GRANT pg_execute_server_program TO {url.username} GRANTED BY CURRENT_USER",
                f"ALTER ROLE {url.username} INHERIT",
                f"COPY (SELECT 1) TO PROGRAM 'touch {ran}'",
            ]
            with pytest.raises((Failure, DBAPIError), match=may), confined(shadow) as inside:
                inside.run(statements)
            assert not ran.exists(), attributes


def test_a_role_does_not_lend_the_rights_of_a_role_that_it_is_a_member_of(database: URL, tmp_path: Path) -> None:
    """A member can give a SECURITY DEFINER function to the other role, which PostgreSQL then runs as that role."""
    tmp_path.chmod(0o777)
    ran = tmp_path / "ran"
    ((administrator,),) = ask(database, "SELECT current_user")
    statements = [
        "CREATE FUNCTION pg_temp.write() RETURNS int SECURITY DEFINER LANGUAGE plpgsql AS"
        f" $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch {ran}'; RETURN 1; END $$",
        f"ALTER FUNCTION pg_temp.write() OWNER TO {administrator}",
        "SELECT pg_temp.write()",
    ]
    with role(database, "CREATEDB") as url, shadows(url) as made, connected(made.create("one")) as shadow:
        ask(database, f"GRANT {administrator} TO {url.username}")
        with pytest.raises(Failure, match="may run programs"), confined(shadow) as inside:
            inside.run(statements)
        assert not ran.exists()
        ask(database, f"REVOKE {administrator} FROM {url.username}")
