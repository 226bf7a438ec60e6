"""Take revisions back."""

from __future__ import annotations

from typing import Any

import click

from whisper_migrate.console import TARGET, target_given
from whisper_migrate.project import Project
from whisper_migrate.running import checked, dialogue
from whisper_migrate.running.runner import Runner


@click.command("downgrade", context_settings=TARGET)
@click.argument("target", callback=target_given)
@dialogue.options
@click.option("--allow-data-loss", is_flag=True, help="Take back what holds rows, too: they are lost.")
@click.pass_obj
def command(project: Project, /, target: str, allow_data_loss: bool, **options: Any) -> None:
    """Take revisions back down to TARGET: an id, -1, or base. What it loses is told before, with the rows."""

    def run(ready: Runner, say: checked.Say) -> checked.Checked:
        return checked.downgraded(ready, say, allow_data_loss=allow_data_loss)

    dialogue.converse(project, "downgrade", target, run, **options)
