"""A definition that is run again never calls another role's function or operator that fits its arguments better."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.test_offline import psql
from tests.security.roles import trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

UP = """
CREATE FUNCTION public.same(a anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT a';
CREATE FUNCTION public.alike(a anyelement, b anyelement) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a = b';
CREATE OPERATOR public.=== (FUNCTION = public.alike, LEFTARG = anyelement, RIGHTARG = anyelement);
CREATE TABLE public.big (n int CONSTRAINT big_check CHECK (n OPERATOR(public.===) n));
INSERT INTO public.big VALUES (1);
CREATE INDEX big_same ON public.big (public.same(n));
CREATE VIEW public.all_same AS SELECT public.same(n) AS n FROM public.big;
CREATE FUNCTION public.first_one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT public.same(n) FROM public.big; END
"""
OVERLOADS = (
    "CREATE FUNCTION public.same(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT planted.trap(a)'",
    "CREATE FUNCTION planted.alike(a int, b int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT planted.trap(true)'",
    "CREATE OPERATOR public.=== (FUNCTION = planted.alike, LEFTARG = int, RIGHTARG = int)",
)
DRIFT = {
    "ALTER TABLE public.big DROP CONSTRAINT big_check": ("repair --apply",),
    "DROP FUNCTION public.first_one()": ("repair --apply", "adopt --reconcile"),
    "DROP VIEW public.all_same": ("repair --apply", "adopt --reconcile"),
    "DROP INDEX public.big_same": ("repair --apply", "adopt --reconcile"),
}
THEIRS = {"function": "public.same(integer)", "operator": "public.===(integer,integer)", "*": "planted*", "grant": "*"}
IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "{}"\nidentity = "{}"\nreason = "theirs"\n'


def test_definitions_of_the_history(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path, settings="".join(IGNORED.format(*one) for one in THEIRS.items()))
    Checkout(project.root).write_revision("three", "two", up=f'op.execute("""{UP}""")')
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted:
        planted.plant(*OVERLOADS)
        for statement, commands in DRIFT.items():
            ask(database, statement)
            for words in commands:
                said = command(capsys, project, database, *words.split())
                assert not planted.sprung, (words, said)
                assert said.code == 2 and f"is code of {planted.role}" in said.err, (words, said)
            planted.plant("DROP OPERATOR public.===(int, int)", "DROP FUNCTION public.same(int)")
            said = command(capsys, project, database, "repair", "--apply")
            assert said.code == 0 and not planted.sprung, said
            planted.plant(OVERLOADS[0], OVERLOADS[2])
        assert command(capsys, project, database, "check-drift").code in (0, 1)
        assert not planted.sprung


def test_the_script_of_a_repair(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """In psql's own search_path, an operator for the enum alone would fit better than PostgreSQL's for every enum."""
    theirs = {"function": "public.alike(*", "operator": "public.=(*", "*": "planted*", "grant": "*"}
    project = little.project(tmp_path, settings="".join(IGNORED.format(*one) for one in theirs.items()))
    up = """
CREATE TYPE public.mood AS ENUM ('ok', 'sad');
CREATE TABLE public.days (mood public.mood CONSTRAINT days_check CHECK (mood = 'ok'));
INSERT INTO public.days VALUES ('ok')"""
    Checkout(project.root).write_revision("three", "two", up=f'op.execute("""{up}""")')
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted:
        planted.plant(
            "CREATE FUNCTION public.alike(public.mood, public.mood) RETURNS bool LANGUAGE sql IMMUTABLE"
            " AS 'SELECT planted.trap(true)'",
            "CREATE OPERATOR public.= (FUNCTION = public.alike, LEFTARG = public.mood, RIGHTARG = public.mood)",
        )
        ask(database, "ALTER TABLE public.days DROP CONSTRAINT days_check")
        script = command(capsys, project, database, "repair")
        done = psql(database, script.out)
        assert script.code == 0 and done.returncode == 0 and not planted.sprung, done.stderr
        said = command(capsys, project, database, "check-drift", "--only", "database")
        assert said.code == 0 and not planted.sprung, said
