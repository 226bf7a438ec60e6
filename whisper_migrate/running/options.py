"""Options that several commands have, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]

# How long a run waits for what (see Patience); each may be in the environment as well.
SECONDS = {
    "wait": "Wait so long for a database that answers and accepts writes: 0",
    "wait-for-lock": "Wait so long for another run on the same database to be over: 3600",
    "lock-timeout": "Let a transaction wait so long for its locks together, with others in the queue behind it: 3",
    "retry-for": "Try a revision again that does not get its locks, for so long: 300",
    "replica-lag": "Pause a backfill while a replica is further behind than so long; 0 for no pause: 10",
    "statement-timeout": "Stop a statement that takes longer; without it, none is stopped",
}


def seconds(name: str) -> Callable[[Command], Command]:
    """One of `SECONDS`: the command takes it as a keyword, which Patience knows."""
    words = f"{SECONDS[name]} (WHISPER_{name.replace('-', '_').upper()})."
    return click.option(f"--{name}", type=click.FloatRange(0, 1e6), metavar="SECONDS", help=words)


def options_of_a_run(command: Command) -> Command:
    """Add every option of `SECONDS` to a command, and `--batch-rows`."""
    words = "Let each batch of a backfill visit so many rows: 10000 (WHISPER_BATCH_ROWS)."
    command = click.option("--batch-rows", type=click.IntRange(1, 10**9 - 1), metavar="ROWS", help=words)(command)
    for name in reversed(SECONDS):
        command = seconds(name)(command)
    return command


def allow_data_loss(printed_by: str) -> Callable[[Command], Command]:
    """The word that permits a loss, which `printed_by` prints; the command takes it as `word`."""
    return click.option(
        "--allow-data-loss",
        "word",
        is_flag=False,
        flag_value="",
        metavar="DATABASE:ROWS",
        help=f"Lose so many rows, or fewer, of this database: the word that {printed_by}.",
    )
