"""A backfill in batches beside a replica that replays nothing: it pauses, goes on, or stops behind a batch."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from tests.chaos.ground import HISTORY, Ground, ended, refused
from tests.running.attempts import alone, sql
from tests.support.projects import ask
from tests.support.servers import until
from whisper_migrate import embedded
from whisper_migrate.databases.batched_update import MARK

FILL = (
    sql(
        "ALTER TABLE r1 ADD COLUMN id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ADD COLUMN f integer",
        "INSERT INTO r1 (n) SELECT i FROM generate_series(1, 999) AS i",
        "CREATE TABLE r4 (n integer)",
    ),
    alone(f"{MARK} UPDATE r1 SET f = n WHERE f IS NULL"),
)
WAITS = "waits for a replica that is"
BATCHES = ("--batch-rows", "100", "--replica-lag", "0.01", "--no-check")


def _streaming(ground: Ground, database: URL) -> tuple[Path, URL]:
    """Start a replica of the server, wait until it streams, and return its folder and its URL."""
    primary = f"host={database.query['host']} port={database.query['port']} user={database.username}"
    place, replica = ground.standby(f"primary_conninfo = '{primary}'\n")
    until(lambda: ask(database, "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"))
    return place, replica.set(database=database.database)


def replica_that_replays_nothing(ground: Ground) -> None:
    """A backfill stops behind its first batch when it has waited for too long, and goes on when all is replayed."""
    folder, database = ground.project(*HISTORY, "\n".join(FILL)), ground.database()
    assert ground.run(folder, database, "upgrade", "r3").code == 0
    place, replica = _streaming(ground, database)
    try:
        ask(replica, "SELECT pg_wal_replay_pause()")
        until(lambda: ask(replica, "SELECT pg_get_wal_replay_pause_state()")[0][0] == "paused")
        run = ground.run(folder, database, "upgrade", *BATCHES, "--retry-for", "2")
        refused(run, "and does not catch up: statement 4 of r4 is stopped")
        ((filled,),) = ask(database, "SELECT count(*) FROM r1 WHERE f IS NOT NULL")
        assert 0 < int(str(filled)) < 1000 and f"goes on behind {filled} row" not in run.said, run
        process = ground.start(folder, database, "upgrade", *BATCHES)
        until(lambda: ask(database, f"SELECT 1 FROM whisper_journal WHERE rows > {filled}"))
        ask(replica, "SELECT pg_wal_replay_resume()")
        run = ended(process)
        assert run.code == 0 and f"goes on behind {filled} rows" in run.said, run
        assert ask(database, "SELECT count(*) FROM r1 WHERE f IS NULL") == [(0,)]
    finally:
        embedded.stop(place)
    ground.settle(folder, database, "r4")


CASES = {"a replica that replays nothing beside a backfill": replica_that_replays_nothing}
