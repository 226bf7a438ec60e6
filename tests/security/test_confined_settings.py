"""Settings that confined statements leave behind, such as a search_path, do not reach the engine's own queries."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.history import applied
from tests.security.roles import trap
from tests.support.connections import connected
from tests.support.little import command
from tests.support.projects import ask
from whisper_migrate.databases.confined import confined
from whisper_migrate.databases.shadow import shadows

# Only the body of `g` shows that it calls `f`, which its owner has changed.
HISTORY = (
    "CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$",
    "CREATE FUNCTION public.g(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.f(n); END $$",
    "CREATE TABLE public.t (n int)",
    "ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.g(1) > 0)",
)
# Operators for values that catalogs have, and a function, which the engine's own queries would call.
PAIRS = ("oid, int4", "oid, oid", "oid, regprocedure", "name, text", "text, text", '"char", text')
# Runs while the check is created, as a role without rights; what it leaves behind writes the file if a superuser calls.
BODY = """
CREATE OR REPLACE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
IF current_user <> '{role}' THEN
    {planting}
    EXECUTE 'SET search_path = elsewhere, pg_catalog';
END IF;
RETURN n; END $f$"""
PLANTED = """EXECUTE $x$ CREATE OR REPLACE FUNCTION elsewhere.{name}({arguments}) RETURNS {type} LANGUAGE plpgsql AS $$
    BEGIN
        COPY (SELECT 1) TO PROGRAM 'cat >> {file}';
        RETURN NULL;
    END $$ $x$;"""
CHANGED = ("ALTER TABLE public.t DROP CONSTRAINT c", "ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.g(2) > 0)")
SETTINGS = (
    "search_path = public, pg_catalog",
    "quote_all_identifiers = on",
    "standard_conforming_strings = off",
    "default_tablespace = pg_default",
    "datestyle = German",
    "row_security = off",
    "lock_timeout = 1",
    "bytea_output = escape",
    "extra_float_digits = -15",
    "intervalstyle = iso_8601",
    "check_function_bodies = on",
    "client_encoding = latin1",
)


@pytest.mark.thorough
def test_a_search_path_that_a_function_has_set_is_not_searched(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = applied(tmp_path, database, HISTORY)
    with trap(database) as planted:
        for owned in ("TABLE public.t", "FUNCTION public.f(int)", "FUNCTION public.g(int)"):
            ask(database, f"ALTER {owned} OWNER TO {planted.role}")
        found = [PLANTED.format(name="set_config", arguments="text, text, bool", type="text", file=planted.file)]
        for number, pair in enumerate(PAIRS):
            left, right = pair.split(", ")
            found += [
                PLANTED.format(name=f"o{number}", arguments=pair, type="bool", file=planted.file),
                f"EXECUTE $x$ CREATE OPERATOR elsewhere.= (FUNCTION = elsewhere.o{number},"
                f" LEFTARG = {left}, RIGHTARG = {right}) $x$;",
            ]
        planted.plant(*CHANGED, BODY.format(role=planted.role, planting="\n    ".join(found)))
        for words in ("check-drift", "repair"):
            said = command(capsys, project, database, words)
            assert "Traceback" not in said.err and not planted.sprung, (words, said)
        assert "function f(integer)" in command(capsys, project, database, "check-drift").out


def test_no_setting_outlasts_what_is_confined(server: URL) -> None:
    with shadows(server) as made, connected(made.create("one")) as shadow, confined(shadow) as inside:
        before = dict(shadow.exec_driver_sql("SELECT name, setting FROM pg_catalog.pg_settings").all())
        inside.run([f"DO $$ BEGIN BEGIN SET {one}; EXCEPTION WHEN others THEN NULL; END; END $$" for one in SETTINGS])
        after = dict(shadow.exec_driver_sql("SELECT name, setting FROM pg_catalog.pg_settings").all())
        assert {name: value for name, value in after.items() if before[name] != value} == {}
