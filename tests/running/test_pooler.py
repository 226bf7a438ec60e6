"""With a PgBouncer that lends connections by transaction a lock has no effect, so a run is refused."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import URL

from tests.chaos.poolers import PGBOUNCER, pooler
from tests.running.attempts import Said, project, run, sql
from tests.support.projects import HEAD, ask, copied, refusal
from whisper_migrate.errors import Failure

Pooled = Callable[..., URL]

pytestmark = [
    pytest.mark.servers("pg18"),
    pytest.mark.skipif(PGBOUNCER is None, reason="NOT tested: PgBouncer, which is not on this machine"),
]


@pytest.fixture
def pooled(place: Path, database: URL) -> Iterator[Pooled]:
    """Return the database's URL through a PgBouncer with these settings."""
    with ExitStack() as stack:
        yield lambda mode, size=10: stack.enter_context(pooler(database, place / mode, mode, size))


def test_transaction_pooling_is_refused(tmp_path: Path, pooled: Pooled, database: URL) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (n integer)"))
    with pytest.raises(Failure) as caught:
        run(made, pooled("transaction"))
    assert (
        "through a pooler that lends its connections by the transaction" in caught.value.what
        and "pool_mode = session" in str(caught.value.remedy)
    )
    assert ask(database, "SELECT to_regclass('t'), to_regclass('alembic_version')") == [(None, None)]
    # no lock is left on a connection that the pooler keeps
    assert run(made, database).after == ["r1"]


def test_transaction_pooling_is_seen_while_others_use_the_pool(tmp_path: Path, pooled: Pooled, database: URL) -> None:
    made, url, end = project(tmp_path, sql("CREATE TABLE t (n integer)")), pooled("transaction"), Event()

    def use() -> None:
        while not end.is_set():
            ask(url, "SELECT pg_sleep(0.001)")

    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            pool.submit(use)
        try:
            for _ in range(5):
                with pytest.raises(Failure, match="through a pooler that lends its connections by the transaction"):
                    run(made, url)
        finally:
            end.set()


def test_session_pooling_is_as_good_as_none(tmp_path: Path, pooled: Pooled, database: URL) -> None:
    made, said = project(tmp_path, sql("CREATE TABLE t (n integer)")), Said()
    assert run(made, pooled("session"), said=said).after == ["r1"]
    assert not [line for line in said.lines if "pooler" in line]


@pytest.mark.thorough
def test_whole_project_through_session_pooling(tmp_path: Path, pooled: Pooled, database: URL) -> None:
    """With PgBouncer's default settings, which refuse every startup parameter that it does not track."""
    checkout = copied(tmp_path, pooled("session", 20))
    run = checkout.migrate("upgrade")
    assert run.code == 0 and "Checked: the database is what the history says." in run.out, run
    run = checkout.check_drift()
    assert run.code == 0 and "nothing differs" in run.out, run
    run = checkout.migrate("prove", HEAD)
    assert run.code == 0, run
    ask(database, "ALTER TABLE users ADD COLUMN odd integer")
    run = checkout.check_drift()
    assert run.code == 1 and "users.odd" in run.out, run
    checkout.url = checkout.url.update_query_dict({"options": "-c statement_timeout=0"})
    assert refusal(checkout.check_drift()).endswith(" refuses the parameter options.")
