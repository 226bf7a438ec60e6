"""A revision that waits for itself on a second connection is reported at once, in a run and in a shadow."""

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import URL

from tests.running.attempts import project, run, sql
from tests.support import servers
from tests.support.projects import ask
from whisper_migrate.databases import own_connections
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History

pytestmark = [
    pytest.mark.servers("pg18"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

TABLE = sql("CREATE TABLE t (n integer)", "INSERT INTO t VALUES (1)")
ALTER = sql("ALTER TABLE t ADD COLUMN m integer")
IN_THREAD = """
from threading import Thread

def work():
    with op.get_bind().engine.connect() as other:
        other.execute(sa.text("SELECT * FROM t"))

thread = Thread(target=work)
thread.start()
thread.join()
"""
URL_OF_IT = "op.get_bind().engine.url.set(drivername='postgresql').render_as_string(hide_password=False)"
# The ways in which a revision opens a second connection, and which of the two connections waits for the other.
WAYS = {
    "engine": f"{ALTER}\nwith op.get_bind().engine.connect() as c:\n    c.execute(sa.text('SELECT * FROM t'))",
    "Session": f"from sqlalchemy.orm import Session\n{ALTER}\nwith Session(op.get_bind().engine) as s:\n"
    "    s.execute(sa.text('SELECT * FROM t'))",
    "thread, whose error nobody sees": f"{ALTER}\n{IN_THREAD}",
    "create_engine": f"{ALTER}\nwith sa.create_engine(op.get_bind().engine.url).connect() as c:\n"
    "    c.execute(sa.text('SELECT * FROM t'))",
    "psycopg2": f"import psycopg2\n{ALTER}\nc = psycopg2.connect({URL_OF_IT}, application_name='mine')\n"
    "c.cursor().execute('SELECT * FROM t')",
    "psql": f"import subprocess\nfrom whisper_migrate import embedded\n{ALTER}\n"
    f"subprocess.run([embedded.binaries() / 'psql', '-c', 'SELECT * FROM t', {URL_OF_IT}], check=True)",
    "the other way round": "c = op.get_bind().engine.connect()\nc.execute(sa.text('UPDATE t SET n = 2'))\n"
    + sql("SET lock_timeout = 0")
    + f"\n{ALTER}",
    "dblink": sql("CREATE EXTENSION dblink")
    + f"\n{ALTER}\nop.execute(sa.text('SELECT dblink_exec(:url, $$UPDATE t SET n = 3$$)').bindparams(url={URL_OF_IT}))",
    "a row": "op.execute('UPDATE t SET n = 2')\nwith op.get_bind().engine.begin() as c:\n"
    "    c.execute(sa.text('UPDATE t SET n = 3'))",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_second_connection_is_named(tmp_path: Path, database: URL, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGAPPNAME", own_connections.NAME)  # as the command line sets it
    made = project(tmp_path, TABLE, way)
    run(made, database, "r1")
    with pytest.raises(Failure) as caught:
        run(made, database)
    said = caught.value.what
    assert said.startswith("A revision waits for itself (alembic/versions/r2.py:") and "a second connection of" in said
    assert "op.get_bind()" in str(caught.value.remedy)
    assert ask(database, "SELECT version_num, n, to_jsonb(t) ? 'm' FROM alembic_version, t") == [("r1", 1, False)]


def test_second_connection_is_named_in_a_shadow(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLE, WAYS["thread, whose error nobody sees"])
    with shadows(database) as throwaway, connected(throwaway.create("one")) as shadow:
        History(made).replay(shadow, "r1")
        with pytest.raises(Failure, match=r"waits for itself \(alembic/versions/r2"):
            History(made).replay(shadow)


def test_second_connection_that_waits_for_nothing_is_let_be(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLE, "with op.get_bind().engine.connect() as c:\n    op.execute('SELECT pg_sleep(2)')")
    assert run(made, database).after == ["r2"]


def test_run_leaves_the_environment_of_its_process_alone(
    tmp_path: Path, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq reads it without the interpreter's lock, so other threads that connect meanwhile would crash."""
    monkeypatch.delenv("PGAPPNAME", raising=False)
    during = "import os\nop.execute(f\"CREATE TABLE found AS SELECT {'PGAPPNAME' in os.environ} AS named\")"
    run(project(tmp_path, during), database)
    assert ask(database, "SELECT named FROM found") == [(False,)]


def test_connection_is_described_when_it_is_opened(database: URL) -> None:
    """Closing needs no interpreter lock, so a look at the `info` of another thread's connection reads freed memory."""
    with own_connections.recorded():
        connection = servers.connect(database)
        pid = connection.info.backend_pid
        assert [served.pid for one, served in own_connections.opened().items() if one is connection] == [pid]
        connection.close()
        assert connection not in own_connections.opened()


LEFT = {
    "by the engine": "sa.left = op.get_bind().engine.connect()\nsa.left.execute(sa.text('SELECT * FROM t'))",
    "by another driver": f"import psycopg\nsa.left = psycopg.connect({URL_OF_IT})\nsa.left.execute('SELECT * FROM t')",
}


@pytest.mark.parametrize("leave", LEFT.values(), ids=LEFT)
def test_second_connection_that_an_earlier_run_of_this_process_left_is_named(
    tmp_path: Path, database: URL, leave: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a checked run does, which runs the revision in a shadow first."""
    monkeypatch.setenv("PGAPPNAME", own_connections.NAME)
    made = project(tmp_path, f"{TABLE}\n{sql('COMMIT')}\n{leave}", ALTER)
    run(made, database, "r1")
    try:
        with pytest.raises(Failure, match=r"the revision's own transaction waits for a lock on public[.]t, and a sec"):
            run(made, database, retry_for=60)
    finally:
        sqlalchemy.left.close()
