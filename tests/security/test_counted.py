"""Counting the rows that a downgrade would lose runs no code of another role."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests import little
from tests.little import command
from tests.projects import Checkout, ask, role
from tests.security.roles import trap
from whisper_migrate.running import runner

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
