"""No database of a fleet runs its code with the rights of the fleet's role, or in the place of another one."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import trap
from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import Checkout, ask
from tests.support.servers import Maker
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

VIEW = "CREATE VIEW public.{} AS SELECT planted.trap('one'::varchar(32)) AS version_num"


def test_planted_databases_fail_alone(
    tmp_path: Path, make_database: Maker, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    function = "CREATE FUNCTION public.g(n int) RETURNS int LANGUAGE sql IMMUTABLE RETURN n"
    view = "CREATE MATERIALIZED VIEW public.m AS SELECT public.g(1) AS n"
    Checkout(project.root).write_revision("three", "two", up=f"op.execute({function!r}); op.execute({view!r})")
    good, changed, hidden = make_database(), make_database(), make_database()
    for one in (good, changed, hidden):
        runner.upgrade(project, one, "head", lambda _: None)
    (tmp_path / "fleet").write_text(
        f"good {plain(good)}\nview {plain(database)}\nchanged {plain(changed)}\n::error::x {plain(hidden)}\n"
    )
    with trap(database) as planted, trap(changed) as other:
        planted.plant(VIEW.format("alembic_version"), "GRANT ALL ON public.alembic_version TO PUBLIC")
        ask(
            changed,
            f"ALTER FUNCTION public.g OWNER TO {other.role}",
            f"ALTER MATERIALIZED VIEW public.m OWNER TO {other.role}",
        )
        other.plant(
            function.replace("RETURN n", "RETURN planted.trap(n)").replace("CREATE", "CREATE OR REPLACE"),
            "DROP MATERIALIZED VIEW public.m",
            view.replace("(1)", "(2)"),
        )
        for action in ("status", "check-drift", "upgrade"):
            for jobs in ("1", "4"):
                said = command(capsys, project, None, "fleet", str(tmp_path / "fleet"), action, "--jobs", jobs)
                assert said.code == 2 and "no ordinary table but a view" in said.out + said.err, said
                assert not planted.sprung and not other.sprung, (action, said)
                assert not any(line.startswith("::") for line in said.out.splitlines()), said
