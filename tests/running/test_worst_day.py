"""Connection cut, server restarted, disk full: nothing is lost, and the next run finishes."""

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.embedded.users import start
from tests.scripts.test_scripts import mounting
from tests.support import servers
from tests.support.projects import HEAD, Checkout, ask, copied, migrated
from whisper_migrate import embedded
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

pytestmark = pytest.mark.servers("pg18")

# Each fault lasts while a certain table exists; the revision before it must stay applied.
HARMED = """op.execute('CREATE TABLE half AS SELECT 1'); op.execute(\"\"\"
        DO $$BEGIN IF to_regclass('bad_day') IS NOT NULL THEN {harm} END IF; END$$\"\"\")"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return copied(tmp_path)


def pending(checkout: Checkout, database: URL, harm: str) -> Checkout:
    """Two revisions for a database with a row; the second one fails at first."""
    migrated(database)
    ask(database, "CREATE TABLE bad_day ()", "INSERT INTO users (user_id, username) VALUES ('1', 'one')")
    checkout.write_revision("aaaa", HEAD, up="op.execute('CREATE TABLE whole (id int)')")
    checkout.write_revision("bbbb", "aaaa", up=HARMED.format(harm=harm))
    return checkout


def upgrade(checkout: Checkout, database: URL) -> runner.Outcome:
    return runner.upgrade(Project(checkout.root), database, "head", lambda _: None)


def finished(checkout: Checkout, database: URL, better: Callable[[], object] | None = None) -> None:
    """Require all of the first revision and nothing of the second; once the fault is over, the second runs, too."""
    state = "SELECT version_num, to_regclass('whole')::text, to_regclass('half')::text FROM alembic_version"
    assert ask(database, state) == [("aaaa", "whole", None)]
    better() if better else ask(database, "DROP TABLE bad_day")
    assert [applied.revision for applied in upgrade(checkout, database).applied] == ["bbbb"]
    assert ask(database, state) == [("bbbb", "whole", "half")]
    assert ask(database, "SELECT username FROM users") == [("one",)]


@pytest.mark.thorough
def test_connection_lost_in_the_middle(checkout: Checkout, database: URL) -> None:
    pending(checkout, database, "PERFORM pg_terminate_backend(pg_backend_pid());")
    with pytest.raises(Failure, match=r"terminating connection|closed the connection"):
        upgrade(checkout, database)
    finished(checkout, database)


@pytest.mark.thorough
def test_server_restarted_in_the_middle(checkout: Checkout, place: Path) -> None:
    database = start(place / "pg")
    pending(checkout, database, "PERFORM pg_sleep(600);")
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with ThreadPoolExecutor() as pool:
        upgrading = pool.submit(upgrade, checkout, database)
        servers.until(lambda: ask(database, sleeping))
        embedded.stop(place / "pg")
        with pytest.raises(Failure) as caught:
            upgrading.result(timeout=600)
    assert "\n" not in caught.value.what and caught.value.remedy
    start(place / "pg")
    finished(checkout, database)


@contextmanager
def small_disk(folder: Path, owner: int) -> Iterator[Path]:
    """A file system of 4 MB to which the server's user may write."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder], check=True)
    try:
        os.chown(folder, owner, -1)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.thorough
@pytest.mark.skipif(not mounting(), reason="needs the right to mount a small file system")
def test_disk_full_in_the_middle(checkout: Checkout, place: Path) -> None:
    database = start(place / "pg")
    with small_disk(place / "small", (place / "pg/data").stat().st_uid) as small:
        rows = "SELECT repeat('x', 1000) FROM generate_series(1, 9999)"
        pending(checkout, database, f"CREATE TABLE big TABLESPACE small AS {rows};")
        ask(database, f"CREATE TABLESPACE small LOCATION '{small}'")
        with pytest.raises(Failure, match="No space left on device"):
            upgrade(checkout, database)
        finished(checkout, database, lambda: subprocess.run(["mount", "-o", "remount,size=40m", small], check=True))
        assert ask(database, "SELECT count(*) FROM big") == [(9999,)]
        embedded.stop(place / "pg")
