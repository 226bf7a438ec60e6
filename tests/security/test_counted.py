"""Counting the rows that a downgrade or a repair would lose runs no code of another role."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask, role
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

COMMANDS = ("downgrade -1", "downgrade -1 --plan", "repair", "repair --apply")
CALLS = "SELECT n FROM generate_series(1, 3) AS n WHERE planted.trap(n) > 0"


def test_a_view_or_policy_in_place_of_a_table(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    up, down = "CREATE TABLE public.big (n int)", "DROP TABLE IF EXISTS public.big"
    Checkout(project.root).write_revision("three", "two", up=f"op.execute({up!r})", down=f"op.execute({down!r})")
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted, role(database, "CREATEDB BYPASSRLS") as other:
        ask(
            database,
            f"ALTER TABLE public.big OWNER TO {planted.role}",
            f"ALTER ROLE {other.username} NOBYPASSRLS",
            f"GRANT pg_execute_server_program, pg_read_all_data TO {other.username}",
        )
        planted.plant("DROP TABLE public.big", f"CREATE VIEW public.big AS {CALLS}")
        for words in COMMANDS:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)
        planted.plant(
            "DROP VIEW public.big",
            up,
            "INSERT INTO public.big VALUES (1)",
            "ALTER TABLE public.big ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY p ON public.big USING (planted.trap(n) > 0)",
        )
        for words in COMMANDS[:2]:
            said = command(capsys, project, other, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)
            assert "loses table big" in said.out + said.err, said


def test_a_default_or_cast_of_another_role(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    made = Checkout(project.root)
    up = (
        "CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " CREATE TABLE public.big (n int); INSERT INTO public.big VALUES (1), (2)"
    )
    made.write_revision("three", "two", up=f'op.execute("{up}")')
    add, drop = "ADD COLUMN x int DEFAULT public.one()", "DROP COLUMN x"
    made.write_revision(
        "four", "three", up=f'op.execute("ALTER TABLE big {add}")', down=f'op.execute("ALTER TABLE big {drop}")'
    )
    runner.upgrade(project, database, "head", lambda _: None)
    own = command(capsys, project, database, "downgrade", "-1", "--plan")
    assert "drops column big.x, which loses no row" in own.out, own
    ask(database, "INSERT INTO public.tags VALUES ('one')")
    with trap(database) as planted:
        body = "CREATE OR REPLACE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT {}'"
        ask(database, f"ALTER FUNCTION public.one() OWNER TO {planted.role}")
        planted.plant(body.format("planted.trap(1)"))
        for words in COMMANDS[:2]:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "loses column big.x: 2 rows" in said.out + said.err, (words, said)
        planted.plant(body.format("1"))
        ask(database, f"ALTER TABLE public.tags OWNER TO {planted.role}")
        # PostgreSQL's own function runs a text as SQL.
        runs = "length(ts_rewrite('a', 'SELECT planted.trap(''a''::tsquery), ''b''::tsquery')::text)"
        for default in ("planted.trap(1)", runs):
            planted.plant(f"ALTER TABLE public.tags ADD COLUMN x int DEFAULT {default}")
            for words in COMMANDS[2:]:
                said = command(capsys, project, database, *words.split())
                assert not planted.sprung and "mistake" not in said.err, (words, said)
            assert said.code == 2 and f"{database.database}:1" in said.err, said
            planted.plant("ALTER TABLE public.tags DROP COLUMN x")
        planted.plant(
            "CREATE TYPE planted.c AS (a text)",
            "CREATE FUNCTION planted.c(planted.c) RETURNS text LANGUAGE sql AS 'SELECT planted.trap(''new''::text)'",
            "CREATE CAST (planted.c AS text) WITH FUNCTION planted.c(planted.c)",
            "ALTER TABLE public.tags DROP CONSTRAINT tags_state_check",
            "ALTER TABLE public.tags ALTER state DROP DEFAULT, ALTER state TYPE planted.c USING ROW(state)::planted.c",
        )
        for words in COMMANDS[2:]:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)
        assert said.code == 2 and planted.role in said.err, said
