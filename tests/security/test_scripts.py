"""Scripts for psql refuse planted bookkeeping, as runs do."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.test_offline import psql
from tests.security.roles import trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import ask

TRIGGER = (
    "CREATE FUNCTION public.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM planted.trap(1);"
    " RETURN NEW; END $$"
)
VERSION = "version_num varchar(32)"
LEDGER = (
    "number bigint, at timestamptz, role text, direction text, revision text, parents text[], stands_at text[],"
    " seconds float, program text, server int, scheme text, file text, code text, before text, after text,"
    " verified bool"
)
# Relations of a low role with the names of the bookkeeping, which run its code when a script writes there.
PLANTED = {
    "a table with a trigger": (
        "CREATE TABLE public.{table} ({columns})",
        "CREATE TRIGGER t BEFORE INSERT ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.fired()",
    ),
    "a table with a rule": (
        "CREATE TABLE public.{table} ({columns})",
        "CREATE RULE r AS ON INSERT TO public.{table} DO ALSO SELECT planted.trap(1)",
    ),
    "a table with a check": ("CREATE TABLE public.{table} ({columns}, CHECK (planted.trap(true)))",),
    "a view": (
        "CREATE TABLE planted.{table} ({columns})",
        "CREATE VIEW public.{table} AS SELECT * FROM planted.{table}",
        "CREATE TRIGGER t INSTEAD OF INSERT ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.fired()",
    ),
}


def test_a_script_writes_into_no_planted_table(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    script = command(capsys, project, None, "upgrade", "--sql").out
    with trap(database) as planted:
        planted.plant(TRIGGER)
        for table, columns in (("whisper_ledger", LEDGER), ("alembic_version", VERSION)):
            for made, statements in PLANTED.items():
                planted.plant(*(one.format(table=table, columns=columns) for one in statements))
                done = psql(database, script)
                assert done.returncode == 3 and f"public.{table} of the role {planted.role} is not safe" in done.stderr
                assert not planted.sprung, (table, made)
                kind = "VIEW" if made == "a view" else "TABLE"
                planted.plant(f"DROP {kind} public.{table} CASCADE", f"DROP TABLE IF EXISTS planted.{table}")
                # Planted while the script runs, after its first look.
                first, commit, rest = script.partition("COMMIT;\n")
                assert psql(database, first + commit).returncode == 0
                planted.plant(*(one.format(table=table, columns=columns) for one in statements))
                done = psql(database, f"\\set ON_ERROR_STOP on\n{rest}")
                assert done.returncode == 3 and f"public.{table} of the role {planted.role} is not safe" in done.stderr
                assert not planted.sprung, (table, made)
                planted.plant(f"DROP {kind} public.{table} CASCADE", f"DROP TABLE IF EXISTS planted.{table}")
        done = psql(database, script)
        assert done.returncode == 0, done.stderr
        assert ask(database, "SELECT version_num FROM public.alembic_version") == [("two",)]
