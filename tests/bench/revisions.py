"""Compare the effects that preflight predicts with those on tables of 2 million rows, and with what squawk finds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, Connection, text

from tests.preflight.corpus import CASES, MAKE
from tests.support.connections import connected
from whisper_migrate.preflight.blocking import Tables, blocking
from whisper_migrate.preflight.durations import Range
from whisper_migrate.preflight.effects import watching
from whisper_migrate.preflight.sizes import read_speed, sizes

ROWS = 2_000_000
FILL = (
    "INSERT INTO big (id, short, at, note, n, price, sure)"
    f" SELECT i, 'x', now(), 'a note of some length ' || i, i, i / 7.0, i FROM generate_series(1, {ROWS}) AS i",
    f"INSERT INTO parts SELECT 1, i FROM generate_series(1, {ROWS}) AS i",
    f"INSERT INTO ready SELECT 2, i FROM generate_series(1, {ROWS}) AS i",
    f"INSERT INTO unready SELECT 2, i FROM generate_series(1, {ROWS}) AS i",
    "INSERT INTO small SELECT generate_series(1, 10)",
    "REFRESH MATERIALIZED VIEW kept",
)
NAMES = (
    "SELECT c.oid::bigint, 'public.' || relname FROM pg_class AS c WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384"
)
# Rules of squawk about names, style and settings: they say nothing about the duration of a lock.
OTHER_RULES = ("ban-drop", "renaming", "require-lock", "require-statement", "prefer", "transaction-nesting", "assume")
LONG = 1.0  # seconds


@dataclass(frozen=True)
class Measured:
    """One case: the predictions with their range, whether squawk warns, the observed seconds, or PostgreSQL's error."""

    statements: list[str]
    predicted: list[str]
    seconds: Range
    warned: bool
    observed: float
    error: str = ""

    @property
    def is_within(self) -> bool:
        """Whether the time is in the predicted range; without a prediction, whether it is short."""
        return self.seconds.low <= self.observed <= max(self.seconds.high, LONG)


def compare(empty: URL, filled: URL) -> None:
    """Make the tables in both databases, the second one with rows, and print a row for each case of the corpus."""
    with connected(empty) as shadow, connected(filled) as real:
        for connection, statements in ((shadow, MAKE), (real, (*MAKE, *FILL))):
            for statement in ("SET search_path = public", *statements):
                connection.execute(text(statement))
            connection.commit()
        with real.execution_options(isolation_level="AUTOCOMMIT") as alone:
            alone.execute(text("VACUUM ANALYZE"))
            alone.execute(text("CHECKPOINT"))
        names = dict(shadow.execute(text(NAMES)).all())  # type: ignore[arg-type]
    with connected(filled) as real:
        known = sizes(real, names.values())
        tables = Tables(names, known, read_speed(real, known))
    _print([_measure(empty, filled, statements, tables) for statements, _ in CASES])


def _measure(empty: URL, filled: URL, statements: list[str], tables: Tables) -> Measured:
    with connected(empty) as shadow:
        with watching(shadow) as effects:
            _execute(shadow, statements)
        found = list(blocking("r", effects, tables))
    seconds = max((Range(one.least, one.seconds) for one in found), key=lambda one: one.high, default=Range())
    error = ""
    with connected(filled) as real:
        start = time.monotonic()
        try:
            _execute(real, statements)
        except Exception as failure:
            error = str(getattr(failure, "orig", failure)).splitlines()[0]
        observed = time.monotonic() - start
    rules = sorted({one.rule.id for one in found})
    return Measured(statements, rules, seconds, _warns(statements), observed, error)


def _execute(connection: Connection, statements: list[str]) -> None:
    for statement in ("SET search_path = public", *statements):
        connection.exec_driver_sql(statement)


def _warns(statements: list[str]) -> bool:
    """Whether squawk warns of a lock, a rewrite or a scan."""
    command = [str(Path(sys.executable).with_name("squawk")), "--reporter", "json"]
    said = subprocess.run(command, input=";\n".join(statements) + ";", capture_output=True, text=True, check=False)
    return any(not one["rule_name"].startswith(OTHER_RULES) for one in json.loads(said.stdout))


def _print(cases: list[Measured]) -> None:
    table = Table("revision", "predicted", "range", "observed", "within", "squawk", title="preflight on 2 million rows")
    for one in cases:
        within = one.error[:40] if one.error else "yes" if one.is_within else "NO"
        statement = "; ".join(one.statements)[:70]
        predicted = ", ".join(one.predicted) or "-"
        range_ = str(one.seconds) if one.predicted else "-"
        table.add_row(statement, predicted, range_, f"{one.observed:.2f} s", within, "warns" if one.warned else "-")
    console = Console(width=150)
    console.print(table)
    ran = [one for one in cases if not one.error]
    slow = [one for one in ran if one.observed >= LONG]
    quick = [one for one in ran if one.observed < LONG / 10]
    console.print(f"Within the range: {sum(one.is_within for one in ran)} of {len(ran)}.")
    for name, says in (("preflight", lambda one: bool(one.predicted)), ("squawk", lambda one: one.warned)):
        found, invented = sum(map(says, slow)), sum(map(says, quick))
        console.print(
            f"{name}: finds {found} of {len(slow)} that took a second or more,"
            f" warns of {invented} of {len(quick)} that took less than {LONG / 10} s."
        )
