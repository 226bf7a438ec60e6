"""Another role locks its own table: only this table is left out of comparisons and reported; no command hangs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL

from tests.security.roles import low
from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import ask
from whisper_migrate.databases import reading

pytestmark = pytest.mark.thorough

# Every kind of object for which PostgreSQL prints an expression, on one table.
OVER = (
    "CREATE TABLE public.theirs (n int DEFAULT 1 + 1, g int GENERATED ALWAYS AS (n + 1) STORED, CHECK (n > 0))",
    "CREATE INDEX theirs_e ON public.theirs ((n + 1))",
    "CREATE INDEX theirs_p ON public.theirs (n) WHERE n > 0",
    "CREATE VIEW public.theirs_v AS SELECT n FROM public.theirs",
    "CREATE MATERIALIZED VIEW public.theirs_m AS SELECT n FROM public.theirs",
    "CREATE STATISTICS public.theirs_s ON (n + 1), n FROM public.theirs",
    "CREATE POLICY theirs_q ON public.theirs USING (n > 0)",
    "CREATE FUNCTION public.theirs_t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER theirs_w BEFORE UPDATE ON public.theirs FOR EACH ROW WHEN (NEW.n > 0)"
    " EXECUTE FUNCTION public.theirs_t()",
    "CREATE RULE theirs_r AS ON INSERT TO public.theirs DO ALSO SELECT 1",
    "CREATE FUNCTION public.theirs_f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM public.theirs; END",
    "CREATE TABLE public.theirs_d (n int) PARTITION BY LIST ((n + 1))",
    "CREATE TABLE public.theirs_1 PARTITION OF public.theirs_d FOR VALUES IN (1)",
)
IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "*"\nidentity = "public.theirs*"\nreason = "theirs"\n'


@contextmanager
def locking(url: URL, *tables: str) -> Iterator[None]:
    with closing(psycopg2.connect(plain(url))) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        yield


def test_what_another_role_locks_is_named_and_all_else_compared(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOCK_TIMEOUT", 1)
    project = little.project(tmp_path)
    little.at(database, "two", "CREATE TABLE public.stranger ()")
    with low(database) as role:
        ask(role, *OVER)
        with locking(role, "public.theirs", "public.theirs_d", "public.theirs_1"):
            said = command(capsys, project, database, "check-drift", "--only", "database")
            assert said.code == 2 and "+ table stranger" in said.out, said
            assert "Not compared: locked by process" in said.out and str(role.username) in said.out, said
            for name in ("index theirs_e", "index theirs_p", "view theirs_v", "materialized view theirs_m",
                         "policy theirs_q on theirs", "function theirs_f()", "table theirs_d"):  # fmt: skip
                assert name in said.out.partition("Not compared")[0].rpartition("\n")[2], (name, said)
            status = command(capsys, project, database, "status")
            assert status.code == 2 and "Drift" in status.out, status
        said = command(capsys, project, database, "check-drift", "--only", "database")
        assert said.code == 1 and "Not compared" not in said.out and "+ view theirs_v" in said.out, said
    ask(database, "DROP TABLE public.stranger")

    # A locked table of the history is no difference either; it is left out of the comparison.
    with locking(database, "public.authors"):
        said = command(capsys, project, database, "check-drift", "--only", "database")
        assert said.code == 2 and "nothing differs in what could be read" in said.out, said
        assert "locked by process" in said.out and "authors" in said.out, said
        # A command that changes the database must see all of it.
        said = command(capsys, project, database, "repair", "--apply")
        assert said.code == 2 and "a part of it is locked" in said.err, said
    said = command(capsys, project, database, "check-drift", "--only", "database")
    assert said.code == 0, said


def test_a_lock_of_another_role_does_not_keep_an_upgrade(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks may be incomplete; the upgrade runs as far as it does not touch the table, and names the blocker."""
    monkeypatch.setattr(reading, "LOCK_TIMEOUT", 1)
    project = little.project(tmp_path, settings=IGNORED)
    little.at(database, "one")
    with low(database) as role:
        ask(role, *OVER)
        with locking(role, "public.theirs"):
            for words in ("upgrade", "downgrade base --allow-data-loss"):
                said = command(capsys, project, database, *words.split(), WHISPER_LOCK_TIMEOUT="1")
                assert "mistake of whisper-migrate" not in said.err and "Traceback" not in said.err, said
