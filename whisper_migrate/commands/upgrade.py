"""The command `upgrade`: apply revisions."""

from __future__ import annotations

from typing import Any

import click

from whisper_migrate.project.project import Project
from whisper_migrate.running import checked
from whisper_migrate.running.runner import Runner
from whisper_migrate.terminal import dialogue
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import TARGET, target_given


@click.command("upgrade", context_settings=TARGET)
@click.argument("target", default="head", callback=target_given, shell_complete=revisions)
@dialogue.options
@click.option("--despite-drift", is_flag=True, help="Run even where the database has drifted in what is to change.")
@click.pass_obj
def command(project: Project, /, target: str, despite_drift: bool, **options: Any) -> None:
    """Apply the revisions up to TARGET: an id, the beginning of an id, +1, or head.

    The database is compared with the history before and after. Exit code 1 if it differs afterwards, 2 if the
    comparison was not possible.
    """

    def run(ready: Runner, say: checked.Say, unchecked: bool) -> checked.Checked:
        return checked.upgraded(ready, say, despite_drift=despite_drift, unchecked=unchecked)

    dialogue.converse(project, "upgrade", target, run, **options)
