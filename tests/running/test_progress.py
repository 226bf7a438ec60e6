"""The progress of a run, as it is displayed."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import URL

from tests.running.attempts import alone, project, sql
from whisper_migrate.running import progress as module
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.runner import runner

TABLE = sql("CREATE TABLE t (n integer)", "INSERT INTO t SELECT generate_series(1, 300)")
# An index whose build takes as long as its function, row by row.
SLOW = "CREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT pg_sleep(0.001); SELECT $1'"

pytestmark = pytest.mark.servers("pg18")


@pytest.mark.parametrize("terminal", [False, True])
def test_long_index_build_tells_how_far_it_is(
    tmp_path: Path, database: URL, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(module, "SELDOM", 0)
    made = project(tmp_path, f"{TABLE}\n{sql(SLOW)}", alone("CREATE INDEX CONCURRENTLY t_n ON t (slow(n))"))
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, highlight=False, soft_wrap=True, width=200)
    with runner(
        made, database, "upgrade", "head", lambda _: None, Patience(lock_timeout=0.1), Progress(console)
    ) as run:
        assert run().after == ["r2"]
    said = written.getvalue()
    assert "2/2 r2 does number 2" in said and "building index" in said and "index t_n" in said
    if not terminal:
        assert "\x1b" not in said and all(line.startswith("  ") for line in said.splitlines())
