"""Reading another role's table runs no code of that role, although the planner evaluates constant expressions.

PostgreSQL's planner computes the constant parts of index expressions, of index conditions, of statistics and of keys of
partitions, even if the query itself names none of them.
"""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

# Autovacuum would compute the expressions of indexes and statistics itself.
BIG = "CREATE TABLE public.big (n int, filler text) WITH (autovacuum_enabled = off)"
FILL = "INSERT INTO public.big SELECT n, repeat('x', 1000) FROM generate_series(1, 10000) AS n"
PLANS = {
    "index": (BIG, "CREATE INDEX ON public.big ((n + planted.trap(1)))"),
    "condition": (BIG, "CREATE INDEX ON public.big (n) WHERE n > planted.trap(1)"),
    "statistics": (BIG, "CREATE STATISTICS planted.s ON n, (n + planted.trap(1)) FROM public.big"),
    "check": (BIG, "ALTER TABLE public.big ADD CHECK (n > planted.trap(0))"),
    "key": (
        "CREATE TABLE public.big (n int, filler text) PARTITION BY RANGE ((n + planted.trap(1)))",
        "CREATE TABLE planted.part PARTITION OF public.big FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
        " WITH (autovacuum_enabled = off)",
    ),
}
COMMANDS = ("preflight", "downgrade -1 --plan", "downgrade -1", "repair", "repair --apply")


def _project(folder: Path, database: URL) -> tuple[Project, Checkout]:
    """Return a project whose last revision, which the database has, makes the table `big`."""
    project = little.project(folder)
    made = Checkout(project.root)
    made.write_revision("three", "two", up=f"op.execute({BIG!r})", down="op.drop_table('big')")
    runner.upgrade(project, database, "head", lambda _: None)
    made.write_revision("four", "three", up="op.execute('ALTER TABLE public.big ALTER n SET NOT NULL')")
    return project, made


@pytest.mark.thorough
@pytest.mark.parametrize("plan", PLANS)
def test_an_expression_of_another_roles_table(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], plan: str
) -> None:
    project, _ = _project(tmp_path, database)
    with trap(database) as planted:
        ask(database, f"ALTER TABLE public.big OWNER TO {planted.role}")
        ask(database, f'ALTER DATABASE "{database.database}" SET constraint_exclusion = on')
        planted.plant("DROP TABLE public.big", *PLANS[plan], FILL)
        for words in COMMANDS:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)
        said = command(capsys, project, database, "downgrade", "-1")
        assert said.code == 2 and "--allow-data-loss" in said.err, said


@pytest.mark.thorough
def test_a_function_of_another_role_in_an_index(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project, _ = _project(tmp_path, database)
    body = "CREATE OR REPLACE FUNCTION public.part(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n + {}'"
    ask(database, FILL, body.format("1"), "CREATE INDEX ON public.big (public.part(n))")
    with trap(database) as planted:
        ask(database, f"ALTER FUNCTION public.part(int) OWNER TO {planted.role}")
        planted.plant(body.format("planted.trap(1)"))
        for words in COMMANDS:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung and "mistake" not in said.err, (words, said)


def test_a_plain_table_of_another_role_is_counted(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project, _ = _project(tmp_path, database)
    with trap(database) as planted:
        ask(database, FILL, f"ALTER TABLE public.big OWNER TO {planted.role}")
        said = command(capsys, project, database, "downgrade", "-1")
        assert said.code == 2 and f"{database.database}:10000" in said.err, said


@pytest.mark.thorough
def test_a_domain_in_place_of_a_type_that_a_revision_creates(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project, made = _project(tmp_path, database)
    up = "CREATE TYPE public.mood AS ENUM ('a'); ALTER TABLE public.big ADD mood public.mood DEFAULT 'a'"
    made.write_revision("five", "four", up=f'op.execute("{up}")')
    made.write_revision("six", "five", up="op.execute('ALTER TABLE public.big ALTER mood SET NOT NULL')")
    ask(database, FILL)
    with trap(database) as planted:
        planted.plant("CREATE DOMAIN public.mood AS text CHECK (planted.trap(VALUE) = 'a')")
        said = command(capsys, project, database, "preflight")
        assert not planted.sprung and "mistake" not in said.err, said
