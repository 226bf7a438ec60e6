"""The progress of a run, as it is displayed."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import URL

from tests.running.attempts import Said, alone, project, run, sql
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
    ) as ready:
        assert ready().after == ["r2"]
    said = written.getvalue()
    assert "2/2 r2 does number 2" in said and "building index" in said and "index t_n" in said
    if not terminal:
        assert "\x1b" not in said and all(line.startswith("  ") for line in said.splitlines())


@pytest.mark.parametrize("statement", ["VACUUM t", "ANALYZE t"])
def test_statement_without_a_transaction_tells_how_far_it_is(tmp_path: Path, database: URL, statement: str) -> None:
    slow = sql("SET vacuum_cost_delay = 5", "SET vacuum_cost_limit = 1")
    row = "INSERT INTO t SELECT repeat('x', 700) FROM generate_series(1, 40)"
    wide = sql("CREATE TABLE t (n text) WITH (fillfactor = 10)", row)
    made, said = project(tmp_path, wide, f"{slow}\n{alone(statement)}"), Said()
    assert run(made, database, said=said, lock_timeout=0.1).after == ["r2"]
    found = [line for line in said.lines if line.startswith(f"{statement.split()[0].lower()}: ")]
    assert any(re.search(r": [a-z -]+ [1-9]\d* %, table t$", line) for line in found), said.lines
