"""Objects of another role are re-created only as their owner, never with the engine's rights."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import trap
from tests.support import little, servers
from tests.support.little import command
from tests.support.projects import Checkout, ask
from tests.support.servers import until
from whisper_migrate.running import runner

OWNERS = """
SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class AS c
WHERE c.relname IN ('ours', 'theirs', 'plain') ORDER BY 1"""


def test_adopt_lets_another_role_make_its_materialized_view_again(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    Checkout(project.root).write_revision("three", "two", up='op.execute("CREATE VIEW public.ours AS SELECT 1 AS n")')
    runner.upgrade(project, database, "head", lambda _: None)
    (me,) = ask(database, "SELECT current_user")[0]
    with trap(database) as planted:
        # The view has changed; to restore it, all objects that use it must be dropped and re-created.
        ask(database, "DROP VIEW public.ours", "CREATE VIEW public.ours AS SELECT 2 AS m, 1 AS n")
        ask(database, f"GRANT SELECT ON public.ours TO {planted.role}")
        planted.plant(
            "CREATE MATERIALIZED VIEW public.theirs AS SELECT planted.trap(n) AS n FROM public.ours",
            "CREATE INDEX ON public.theirs (planted.trap(n))",
            "CREATE VIEW public.plain AS SELECT planted.trap(n) AS n FROM public.theirs",
        )
        for _ in range(2):  # the second time nothing is left to do
            said = command(capsys, project, database, "adopt", "--reconcile")
            assert said.code == 0 and not planted.sprung, said
            assert ask(database, OWNERS) == [("ours", me), ("plain", planted.role), ("theirs", planted.role)]


def test_repair_makes_a_materialized_view_as_its_owner(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    ignored = '[[tool.whisper_migrate.ignore]]\nkind = "{}"\nidentity = "{}"\nreason = "theirs"\n'
    settings = "".join(ignored.format(*pair) for pair in (("*", "planted*"), ("*", "public.g*"), ("grant", "*")))
    project = little.project(tmp_path, settings=settings)
    function = "CREATE FUNCTION public.g(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n"
    view = "CREATE MATERIALIZED VIEW public.theirs AS SELECT public.g(1) AS n"
    Checkout(project.root).write_revision("three", "two", up=f"op.execute({function!r}); op.execute({view!r})")
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted:
        ask(database, f"ALTER FUNCTION public.g OWNER TO {planted.role}")
        ask(database, f"ALTER MATERIALIZED VIEW public.theirs OWNER TO {planted.role}")
        planted.plant(
            function.replace("RETURN n", "RETURN planted.trap(n)").replace("CREATE", "CREATE OR REPLACE"),
            "DROP MATERIALIZED VIEW public.theirs",
            view.replace("(1)", "(2)"),
        )
        said = command(capsys, project, database, "repair", "--apply")
        assert said.code == 0 and f"SET ROLE {planted.role};" in said.out and not planted.sprung, said
        assert ask(database, OWNERS) == [("theirs", planted.role)]
        assert ask(database, "SELECT n FROM public.theirs") == [(1,)]


def test_a_check_on_another_roles_table_is_not_run(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL evaluates a check with the rights of the role that adds it, so the owner has to add it."""
    project = little.project(tmp_path)
    function = "CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n"
    Checkout(project.root).write_revision("three", "two", up=f"op.execute({function!r})")
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, "DROP FUNCTION public.f", function.replace("RETURNS int", "RETURNS bigint"))
    with trap(database) as planted:
        planted.plant(
            "CREATE TABLE public.theirs (n int CONSTRAINT c CHECK (planted.trap(public.f(n)) > 0))",
            "INSERT INTO public.theirs VALUES (1)",
        )
        said = command(capsys, project, database, "adopt", "--reconcile")
        assert said.code == 2 and not planted.sprung, said
        assert "constraint c on theirs would have to be made again, and belongs to low_" in said.err, said
        planted.plant("ALTER TABLE public.theirs DROP CONSTRAINT c")
        assert command(capsys, project, database, "adopt", "--reconcile").code == 0
        assert not planted.sprung


def test_a_table_cannot_be_exchanged_while_a_view_waits_for_it(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table's owner has locked it, and would put a view with its code there before the repair comes to read it."""
    ignored = '[[tool.whisper_migrate.ignore]]\nkind = "*"\nidentity = "planted*"\nreason = "theirs"\n'
    project = little.project(tmp_path, settings=ignored)
    views = (
        "CREATE TABLE public.base (n int)",
        "CREATE VIEW public.plain AS SELECT n FROM public.base",
        "CREATE MATERIALIZED VIEW public.copied AS SELECT n FROM public.base",
    )
    Checkout(project.root).write_revision("three", "two", up="; ".join(f"op.execute({one!r})" for one in views))
    runner.upgrade(project, database, "head", lambda _: None)
    with trap(database) as planted, closing(servers.connect(planted.url)) as theirs, ThreadPoolExecutor(1) as pool:
        ask(database, "DROP VIEW public.plain", "DROP MATERIALIZED VIEW public.copied")
        ask(database, f"ALTER TABLE public.base OWNER TO {planted.role}")
        theirs.autocommit = False
        cursor = theirs.cursor()
        cursor.execute("ALTER TABLE public.base RENAME TO hidden")
        cursor.execute("CREATE VIEW public.base AS SELECT planted.trap(n) AS n FROM public.hidden")
        checkout = Checkout(project.root, database, {"PYTHONPATH": str(little.ROOT), "WHISPER_LOCK_TIMEOUT": "60"})
        running = pool.submit(checkout.run, sys.executable, "-m", "whisper_migrate", "repair", "--apply")
        until(
            lambda: running.done() or ask(database, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation IS NOT NULL")
        )
        theirs.commit()
        said = running.result()
        assert said.code == 2 and "The database has changed since it was read" in said.err and not planted.sprung, said
        planted.plant("DROP VIEW public.base", "ALTER TABLE public.hidden RENAME TO base")
        said = command(capsys, project, database, "repair", "--apply")
        assert said.code == 0 and not planted.sprung, said
