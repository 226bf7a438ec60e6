"""Code that runs confined in a shadow cannot become the superuser through functions and tables of the history."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.history import applied
from tests.security.roles import trap
from tests.support.little import command
from tests.support.projects import ask

pytestmark = pytest.mark.thorough

HISTORY = (
    "CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$",
    "CREATE FUNCTION public.g(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.f(n); END $$",
    "CREATE TABLE public.t (n int PRIMARY KEY)",
    "CREATE INDEX i ON public.t (n) WHERE public.g(1) > 0",
    "CREATE FUNCTION public.note(n int) RETURNS int LANGUAGE sql AS 'SELECT n'",
    "CREATE FUNCTION public.audit() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS"
    " $$ BEGIN RETURN note(1); END $$",
    "CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM public.note(1); RETURN OLD; END $$",
    "CREATE TABLE public.child (n int REFERENCES public.t ON DELETE CASCADE)",
    "CREATE TRIGGER r AFTER DELETE ON public.child FOR EACH ROW EXECUTE FUNCTION public.touch()",
    "GRANT INSERT ON public.child TO PUBLIC",
)
# The owner of a schema may replace the functions in it.
REPLACED = """
    DROP FUNCTION public.note(int);
    CREATE FUNCTION public.note(n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
        COPY (SELECT current_user) TO PROGRAM 'cat >> {file}'; RETURN n; END $f$;
    GRANT EXECUTE ON FUNCTION public.note(int) TO PUBLIC;"""
WAYS = {
    "a function with its owner's rights": "PERFORM public.audit();",
    "a deletion that cascades": "INSERT INTO public.t VALUES (1); INSERT INTO public.child VALUES (1);"
    " DELETE FROM public.t;",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_history_is_no_way_to_the_superuser(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    project = applied(tmp_path, database, HISTORY)
    with trap(database) as planted:
        for owned in ("TABLE public.t", "FUNCTION public.f(int)"):
            ask(database, f"ALTER {owned} OWNER TO {planted.role}")
        planted.plant(
            "DROP INDEX public.i",
            "CREATE INDEX i ON public.t (n) WHERE public.g(2) > 0",
            f"""CREATE OR REPLACE FUNCTION public.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
            IF current_user <> '{planted.role}' THEN {REPLACED.format(file=planted.file)} {WAYS[way]} END IF;
            RETURN n; EXCEPTION WHEN OTHERS THEN RAISE LOG 'confined: %', SQLERRM; RETURN n; END $$""",
        )
        for words in ("check-drift", "repair"):
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)
