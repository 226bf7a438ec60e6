"""The command `downgrade`: revert revisions."""

from __future__ import annotations

from typing import Any

import click

from whisper_migrate.project.project import Project
from whisper_migrate.running import checked
from whisper_migrate.running.options import allow_data_loss
from whisper_migrate.running.runner import Runner
from whisper_migrate.terminal import dialogue
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import TARGET, target_given


@click.command("downgrade", context_settings=TARGET)
@click.argument("target", callback=target_given, shell_complete=revisions)
@dialogue.options
@allow_data_loss("--plan and a refusal print")
@click.pass_obj
def command(project: Project, /, target: str, word: str | None, **options: Any) -> None:
    """Revert revisions down to TARGET: an id, -1, or base. Rows that would be lost are counted first."""

    def run(ready: Runner, say: checked.Say, unchecked: bool) -> checked.Checked:
        return checked.downgraded(ready, say, word=word, unchecked=unchecked)

    dialogue.converse(project, "downgrade", target, run, **options)
