"""The faults: each function gets the ground, and raises AssertionError if a message was not true."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from functools import partial

from sqlalchemy import URL

from tests.chaos.ground import HEAD, SLOW, Ground, ended, refused, stamp, working
from tests.running.attempts import sql
from tests.support import servers
from tests.support.projects import ask
from tests.support.proxy import Fault, proxy
from tests.support.servers import until

Case = Callable[[Ground], None]
CASES: dict[str, Case] = {}

LOST = r"the connection to PostgreSQL was lost"
# A revision writes the ledger's row last, right before its commit.
MOMENTS = {
    "in a revision": b"CREATE TABLE r2",
    "at a commit": b"INSERT INTO public.whisper_ledger",
    "while an index is built": b"CREATE INDEX CONCURRENTLY r1_n",
}


def case(name: str) -> Callable[[Case], Case]:
    """Add a function to the table of cases."""

    def enter(function: Case) -> Case:
        CASES[name] = function
        return function

    return enter


def _network(ground: Ground, fault: Fault, trigger: bytes) -> None:
    folder, database = ground.project(), ground.database()
    with proxy(database) as between:
        between.fault, between.trigger = fault, trigger
        run = ground.run(folder, between.url, "upgrade", "--no-check")
        assert between.struck.wait(5), f"the fault did not happen: {run}"
    refused(run, LOST)
    ground.settle(folder, database)


@case("a proxy stalls in a check")
def stalled_check(ground: Ground) -> None:
    """Of one connection, and of all of them."""
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade").code == 0
    for everybody in (False, True):
        with proxy(database) as between:
            between.fault, between.trigger = Fault.STALL, b"pg_catalog.pg_attribute"
            process = ground.start(folder, between.url, "check-drift", "--only", "database")
            struck = between.struck.wait(60)
            if everybody:
                between.strike(Fault.STALL)
            run = ended(process)
            assert struck, f"the fault did not happen: {run}"
        refused(run, "did not answer for 30 s")
    ground.settle(folder, database, HEAD)


def _black_hole(ground: Ground, signal_: signal.Signals) -> None:
    """The network transmits nothing any more, not even a cancel request; a signal must still end the program."""
    folder, database = ground.project(), ground.database()
    with proxy(database) as between:
        process = ground.start(folder, between.url, "upgrade", "--no-check")
        until(lambda: working(database, SLOW))
        between.strike(Fault.STALL)
        process.send_signal(signal_)
        run = ended(process, 40)
        assert run.code == {signal.SIGTERM: 143, signal.SIGINT: 130}[signal_], run
        # while the proxy is open: its end would end these sessions, too
        ask(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'whisper-m%'")
    ground.settle(folder, database, "r1")


for _fault in Fault:
    for _moment, _trigger in MOMENTS.items():
        CASES[f"a proxy {_fault.value} {_moment}"] = partial(_network, fault=_fault, trigger=_trigger)
for _signal in (signal.SIGTERM, signal.SIGINT):
    CASES[f"{_signal.name} in a black hole"] = partial(_black_hole, signal_=_signal)


def _two_servers(ground: Ground) -> tuple[URL, URL, URL]:
    """Yield a primary and a lagging standby that has the database's present state, and a URL with both."""
    database = ground.database()
    standby = ground.standby()[1].set(database=database.database)
    places = [f"{url.query['host']}:{url.query['port']}" for url in (standby, database)]
    both = database.difference_update_query(["host", "port"]).update_query_dict({"host": places})
    return database, standby, both


@case("two hosts, a standby that lags first")
def standby_first(ground: Ground) -> None:
    database, standby, both = _two_servers(ground)
    both = both.update_query_dict({"target_session_attrs": "read-write"})
    folder = ground.project()
    run = ground.run(folder, both, "upgrade")
    assert run.code == 0 and "Checked: " in run.said, run
    for _ in range(3):
        run = ground.run(folder, both, "check-drift", "--only", "database")
        assert run.code == 0, run
    assert (stamp(database), stamp(standby)) == (HEAD, None)
    ground.settle(folder, database, HEAD)


@case("a standby that is promoted while it is waited for")
def failover(ground: Ground) -> None:
    _, standby, _ = _two_servers(ground)
    folder = ground.project()
    refused(ground.run(folder, standby, "upgrade"), "is on a standby, which accepts no writes")
    process = ground.start(folder, standby, "upgrade", "--wait", "60")
    try:
        for line in process.stdout or ():
            if "on a standby" in line:
                break
        ask(standby, "SELECT pg_promote()")
    finally:
        run = ended(process)
    assert run.code == 0, run
    ground.settle(folder, standby, HEAD)


@case("time-outs and read-only transactions of the role and the database")
def role_settings(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    name = f"hurried_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN CREATEDB", f"ALTER DATABASE {database.database} OWNER TO {name}")
    known = {row[0] for row in ask(database, "SELECT name FROM pg_settings")}
    for setting, value in {
        "statement_timeout": "300",
        "lock_timeout": "10",
        "transaction_timeout": "500",
        "idle_in_transaction_session_timeout": "300",
        "default_transaction_read_only": "on",
    }.items():
        if setting in known:
            ask(database, f"ALTER ROLE {name} SET {setting} = {value}")
            ask(database, f"ALTER ROLE {name} IN DATABASE {database.database} SET {setting} = {value}")
    url = database.set(username=name)
    run = ground.run(folder, url, "upgrade")
    assert run.code == 0 and "Checked: " in run.said, run
    ground.settle(folder, url, HEAD)


@case("options in the URL that make it read-only")
def read_only_url(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    url = database.update_query_dict({"options": "-cdefault_transaction_read_only=on"})
    refused(ground.run(folder, url, "upgrade"), "accepts no writes: the options")
    ground.settle(folder, database)


@case("a second connection in a revision")
def second_connection(ground: Ground) -> None:
    wait = "with op.get_bind().engine.connect() as c:\n    c.execute(sa.text('SELECT * FROM r1'))"
    made = sql("CREATE TABLE r1 (n integer)")
    folder, database = ground.project(made, sql("LOCK TABLE r1") + f"\n{wait}"), ground.database()
    for arguments in (("upgrade",), ("upgrade", "--no-check")):
        refused(ground.run(folder, database, *arguments), "waits for itself|Not checked")
    assert stamp(database) == "r1"
    path = folder / "alembic/versions/r2.py"
    path.write_text(
        path.read_text()
        .replace("op.get_bind().engine.connect()", "op.get_bind().begin_nested()")
        .replace("c.execute", "op.get_bind().execute")
        .replace("LOCK TABLE r1", "CREATE TABLE r2 (n integer)")
    )
    ground.settle(folder, database, "r1")


@case("a prepared transaction that holds a lock")
def prepared_transaction(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    ground.run(folder, database, "upgrade", "r1")
    ask(database, "BEGIN", "SELECT * FROM r1", "PREPARE TRANSACTION 'it''s left'")
    run = ground.run(folder, database, "upgrade", "--lock-timeout", "0.3", "--retry-for", "1")
    refused(
        run, r"the prepared transaction 'it''s left' \(role .*ROLLBACK PREPARED 'it''s left';".replace(".*", "(?s:.*)")
    )
    ask(database, "ROLLBACK PREPARED 'it''s left'")
    ground.settle(folder, database, "r1")


@case("an autovacuum that gives way to a longer wait")
def autovacuum(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    ground.run(folder, database, "upgrade", "r1")
    slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 0"
    ask(database, f"ALTER TABLE r1 SET ({slow})", "INSERT INTO r1 SELECT generate_series(1, 50000)", "DELETE FROM r1")
    working = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%r1%'"
    with ground.setting("autovacuum_naptime", "1s"):
        until(lambda: ask(database, working))
        run = ground.run(folder, database, "upgrade", "--lock-timeout", "0.3", "--retry-for", "0.5", "--despite-drift")
        refused(run, r"cancels this autovacuum .* --lock-timeout 3")
        until(lambda: ask(database, working))
        run = ground.run(folder, database, "upgrade", "--lock-timeout", "3", "--despite-drift")
    assert run.code in (0, 1) and stamp(database) == HEAD, run
    ask(database, "ALTER TABLE r1 RESET (autovacuum_vacuum_cost_delay, autovacuum_vacuum_cost_limit)")
    ask(database, "ALTER TABLE r1 RESET (autovacuum_vacuum_threshold)")
    ground.settle(folder, database, HEAD)


@case("a session of another role that holds a lock")
def hidden_blocker(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    name = f"plain_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN CREATEDB", f"ALTER DATABASE {database.database} OWNER TO {name}")
    url = database.set(username=name)
    ground.run(folder, url, "upgrade", "r1")
    with closing(servers.connect(database)) as other, other.cursor() as cursor:
        other.autocommit = False
        cursor.execute("SELECT 'secret' FROM r1")
        run = ground.run(folder, url, "upgrade", "--lock-timeout", "0.3", "--retry-for", "1")
        refused(
            run, f"role {database.username}; the rest is hidden from {name}(?s:.*)GRANT pg_read_all_stats TO {name};"
        )
        run = ground.run(folder, database, "upgrade", "--lock-timeout", "0.3", "--retry-for", "1")
        refused(run, "idle in transaction")
        assert "secret" not in run.said, run
        run = ground.run(folder, database, "upgrade", "--lock-timeout", "0.3", "--retry-for", "1", "--show-queries")
        assert "secret" in run.said, run
    ground.settle(folder, url, "r1")


@case("another run that is not over")
def other_run(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    with closing(servers.connect(database)) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(x'77686973'::int, 1)")
        run = ground.run(folder, database, "upgrade", "--wait-for-lock", "0.5")
    refused(run, "after waiting for 0.5 s. Another run is at work: process(?s:.*)--wait-for-lock 60")
    ground.settle(folder, database)
