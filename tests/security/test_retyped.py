"""A repair that gives a column its type back runs no code that the table's owner has put there."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import trap
from tests.support import little
from tests.support.little import command, typed
from tests.support.projects import ask
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "{}"\nidentity = "{}"\nreason = "theirs"\n'
THEIRS = (("*", "planted*"), ("grant", "*"), ("cast", "*"), ("constraint", "*theirs*"))
CHECK = "ALTER TABLE public.tags ADD CONSTRAINT theirs CHECK (planted.trap(state) IS NOT NULL)"
CAST = (
    "CREATE TYPE planted.c AS (a text)",
    "CREATE FUNCTION planted.text(planted.c) RETURNS text LANGUAGE sql AS 'SELECT planted.trap(''new''::text)'",
    "CREATE CAST (planted.c AS text) WITH FUNCTION planted.text(planted.c)",
    "ALTER TABLE public.tags DROP CONSTRAINT tags_state_check",
    "ALTER TABLE public.tags ALTER state DROP DEFAULT, ALTER state TYPE planted.c USING ROW(state)::planted.c",
)
BACK = "ALTER TABLE public.tags ALTER state TYPE varchar(20) USING (state).a"


def test_a_type_and_its_checks(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path, settings="".join(IGNORED.format(*pair) for pair in THEIRS))
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, "INSERT INTO public.tags VALUES ('one')")

    def repaired() -> little.Said:
        """Repair with all losses permitted."""
        said = command(capsys, project, database, "repair", "--apply")
        permits = typed(said.err) if "--allow" in said.err else []
        return command(capsys, project, database, "repair", "--apply", *permits) if permits else said

    with trap(database) as planted:
        ask(database, f"ALTER TABLE public.tags OWNER TO {planted.role}")
        for statements in ((CHECK, "ALTER TABLE public.tags ALTER state TYPE varchar(20)"), CAST):
            planted.plant(*statements)
            said = repaired()
            assert said.code == 2 and not planted.sprung, said
            assert f"code of {planted.role}" in said.err, said
            planted.plant("ALTER TABLE public.tags DROP CONSTRAINT IF EXISTS theirs")
        planted.plant(BACK)
        said = repaired()
        assert said.code == 0 and "nothing differs" in said.err and not planted.sprung, said
