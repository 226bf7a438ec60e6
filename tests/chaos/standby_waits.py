"""Commits that wait for a dead synchronous standby until a signal, or another session, cancels the wait."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import URL

from tests.chaos.cases import Case
from tests.chaos.ground import HEAD, Ground, Run, ended, refused, stamp
from tests.support.projects import ask
from tests.support.servers import until

CASES: dict[str, Case] = {}
HERE = "committed here, perhaps not on the standby"
WAITING = "pg_stat_activity WHERE wait_event = 'SyncRep'"


def _cancelled(
    ground: Ground, folder: Path, database: URL, *command: str, by: signal.Signals | None = signal.SIGTERM
) -> Run:
    """Run a command without its standby, and cancel its first wait by a signal, or every wait from another session."""
    with ground.setting("synchronous_standby_names", "nobody"):
        process = ground.start(folder, database, *command)
        until(lambda: ask(database, f"SELECT pid FROM {WAITING}"))
        if by is None:
            cancel = f"SELECT pg_cancel_backend(pid) FROM {WAITING}"
            until(lambda: process.poll() is not None or ask(database, cancel) is None, 40)
        else:
            process.send_signal(by)
        return ended(process, 40)


def _first_commit(ground: Ground, by: signal.Signals | None) -> None:
    folder, database = ground.project(), ground.database()
    refused(_cancelled(ground, folder, database, "upgrade", by=by), f"The table of revisions is {HERE}")
    ground.settle(folder, database)


def _upgrade(ground: Ground, by: signal.Signals | None) -> None:
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade", "r1").code == 0
    run = _cancelled(ground, folder, database, "upgrade", by=by)
    refused(run, f"Revision r2 is {HERE}")
    assert "Upgraded" not in run.said, run
    ground.settle(folder, database, "r2")


def _autocommit_block(ground: Ground, by: signal.Signals | None) -> None:
    """Every commit of the revision waits: each run ends at one, and the next goes on behind it."""
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade", "r2").code == 0
    parts = 0
    while stamp(database) != HEAD:
        run = _cancelled(ground, folder, database, "upgrade", "--no-check", by=by)
        refused(run, f"(A part of r|R)evision {HEAD} is {HERE}")
        parts += 1
        assert parts < 10, run
    ground.settle(folder, database, HEAD)


def _repair(ground: Ground, by: signal.Signals | None) -> None:
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade").code == 0
    ask(database, "ALTER TABLE r1 ADD COLUMN hack integer")
    command = ("repair", "--apply", "--allow", "drop-column r1.hack")
    refused(_cancelled(ground, folder, database, *command, by=by), f"The repair is {HERE}")
    ground.settle(folder, database, HEAD)


def _stamp(ground: Ground, by: signal.Signals | None) -> None:
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade").code == 0
    ask(database, "TRUNCATE alembic_version", "DROP TABLE whisper_ledger")
    refused(_cancelled(ground, folder, database, "stamp", HEAD, by=by), f"The stamp is {HERE}")
    ground.settle(folder, database, HEAD)


def _fleet(ground: Ground, by: signal.Signals | None) -> None:
    folder, database = ground.project(), ground.database()
    assert ground.run(folder, database, "upgrade", "r1").code == 0
    (folder / "bots.txt").write_text(database.set(drivername="postgresql").render_as_string(False))
    run = _cancelled(ground, folder, database, "fleet", str(folder / "bots.txt"), "upgrade", by=by)
    assert run.code == (128 + by if by else 2) and f"Revision r2 is {HERE}" in run.said, run
    ground.settle(folder, database, "r2")


WAITS: dict[str, Callable[[Ground, signal.Signals | None], None]] = {
    "the first commit of an upgrade": _first_commit,
    "a revision's commit": _upgrade,
    "each commit of a revision with an autocommit block": _autocommit_block,
    "the commit of a repair": _repair,
    "the commit of a stamp": _stamp,
    "a commit in a fleet": _fleet,
}
for _name, _wait in WAITS.items():
    for _by in (signal.SIGTERM, signal.SIGINT, None):
        _who = _by.name if _by else "another session"
        CASES[f"a dead synchronous standby; {_who} cancels the wait of {_name}"] = partial(_wait, by=_by)
