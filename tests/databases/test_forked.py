"""A process that is forked from one which has connections and threads of this program works by itself."""

import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import URL

from tests.support import servers
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases import interruption, own_connections, silence
from whisper_migrate.databases.connect import connected

pytestmark = pytest.mark.servers("pg18")


def in_child(work: Callable[[], object]) -> int:
    """Run the function in a forked child; return how the child ended, 0 for well."""
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.alarm(20)  # a child that waits for a lock of its parent is ended
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("module", [silence, own_connections, interruption])
def test_locks_of_the_parent_are_none_of_the_childs(database: URL, module: object) -> None:
    def work() -> None:
        with own_connections.recorded(), connected(database) as connection:
            run(connection, "SELECT 1")
            servers.connect(database).close()

    work()
    with module._turn:  # type: ignore[attr-defined]
        assert in_child(work) == 0


def test_a_signal_of_the_child_is_not_heard_by_the_parent() -> None:
    interruption.listen()

    def work() -> None:
        assert signal.set_wakeup_fd(-1) == -1  # no pipe, which would be the parent's

    assert in_child(work) == 0
    assert interruption.listen.cache_info().currsize == 1
