"""Every connection begins with the engine's settings, whoever opens it and whatever the role and database have set."""

import os
import socket
from collections.abc import Iterator

import psycopg2
import pytest
import sqlalchemy
from sqlalchemy import URL, Connection

from tests.support.connections import connected
from tests.support.projects import ask, role
from tests.support.proxy import proxy
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.shadow import shadows

# Settings of a role or database that would stop a run in its middle, or change its results.
HOSTILE = {
    "statement_timeout": "200",
    "lock_timeout": "200",
    "transaction_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
    "idle_session_timeout": "10000",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "'repeatable read'",
    "standard_conforming_strings": "off",
}
# With these a transaction waits for the end of all serializable ones; the time-out ends a wait in this test.
PATIENT = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "statement_timeout": "'2s'",
}
OURS = {
    "statement_timeout": "0",
    "lock_timeout": "1min",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "standard_conforming_strings": "on",
    "client_connection_check_interval": "1s",
}
OF_THE_CLIENT = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)


def shown(connection: Connection, names: dict[str, str]) -> dict[str, str]:
    found = connection.execute(
        sqlalchemy.text("SELECT n, current_setting(n, true) FROM unnest(:names) AS n"), {"names": list(names)}
    )
    return {name: value for name, value in found if value is not None}


@pytest.fixture
def hostile(database: URL) -> Iterator[URL]:
    """A role with these settings, for itself and again for this database."""
    known = {name for (name,) in ask(database, "SELECT name FROM pg_settings")}
    with role(database, "CREATEDB") as url:
        for name, value in HOSTILE.items():
            if name in known:
                for where in ("", f" IN DATABASE {database.database}"):
                    ask(database, f"ALTER ROLE {url.username}{where} SET {name} = {value}")
        yield url


def test_connection_waits_for_no_serializable_transaction(database: URL) -> None:
    ask(database, *(f'ALTER DATABASE "{database.database}" SET {name} = {value}' for name, value in PATIENT.items()))
    with connected(database) as other:
        run(other, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        run(other, "CREATE TABLE t ()")
        with connected(database) as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1


def test_role_and_database_cannot_shorten_a_run(hostile: URL) -> None:
    with connected(hostile) as connection:
        wanted = {name: value for name, value in OURS.items() if name in shown(connection, OURS)}
        assert shown(connection, OURS) == wanted
        run(connection, "CREATE TEMPORARY TABLE t AS SELECT pg_sleep(0.05)::text")
        connection.commit()
        # also connections that a revision requests from the engine
        with connection.engine.connect() as other:
            assert shown(other, OURS) == wanted
        with connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            assert shown(alone, OURS) == wanted
    with connected(hostile, read_only=True) as reader:
        assert shown(reader, OURS) == wanted


def test_users_own_options_stay(hostile: URL) -> None:
    options = "-c statement_timeout=7s --lock-timeout=8s -cwork_mem=9MB"
    with connected(hostile.update_query_dict({"options": options})) as connection:
        found = shown(connection, {**OURS, "work_mem": ""})
    assert (found["statement_timeout"], found["lock_timeout"], found["work_mem"]) == ("7s", "8s", "9MB")
    assert found["idle_in_transaction_session_timeout"] == "0"


def test_shadows_have_nothing_that_the_role_has_set(hostile: URL, database: URL) -> None:
    ask(database, f"ALTER ROLE {hostile.username} SET xmloption = document")
    with shadows(hostile) as made, connected(made.create("one")) as shadow:
        assert shown(shadow, {"xmloption": ""}) == {"xmloption": "content"}
        assert shown(shadow, OURS).items() <= OURS.items()


def test_both_ends_notice_a_dead_network(database: URL) -> None:
    with proxy(database) as between, connected(between.url) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as end:
            found = [end.getsockopt(socket.IPPROTO_TCP, option) for option in OF_THE_CLIENT]
        assert found == [30_000, 15, 5, 3]
    with proxy(database) as between, connected(between.url.update_query_dict({"keepalives_idle": "60"})) as connection:
        assert connection.connection.driver_connection.info.dsn_parameters["keepalives_idle"] == "60"  # type: ignore[union-attr]


def test_connections_go_where_an_open_one_has_gone(database: URL) -> None:
    """Of two hosts, the first one comes up after the second was reached."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with proxy(database) as second:
        hosts = ("127.0.0.1:" + str(port), "127.0.0.1:" + str(second.port))
        url = second.url._replace(host=None, port=None).update_query_dict({"host": hosts})
        with connected(url) as connection, proxy(database, port):
            assert port_of(connection) == second.port
            with connected(url) as other, connection.engine.connect() as third:
                assert {port_of(other), port_of(third)} == {second.port}
        with proxy(database, port), connected(url) as connection:
            assert port_of(connection) == port


def port_of(connection: Connection) -> int:
    return int(connection.connection.driver_connection.info.port)  # type: ignore[union-attr]


def test_lost_connection_is_closed_without_a_traceback_in_the_log(
    database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(database) as connection:
        pid = connection.scalar(sqlalchemy.text("SELECT pg_backend_pid()"))
        connection.commit()
        driver = connection.connection.driver_connection
        assert driver is not None
        ask(database, f"SELECT pg_terminate_backend({pid}, 5000)")
        with driver.cursor() as cursor, pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    assert caplog.records == []
