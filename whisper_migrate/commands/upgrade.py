"""Apply revisions."""

from __future__ import annotations

from typing import Any

import click

from whisper_migrate.console import TARGET, target_given
from whisper_migrate.project import Project
from whisper_migrate.running import checked, dialogue
from whisper_migrate.running.runner import Runner


@click.command("upgrade", context_settings=TARGET)
@click.argument("target", default="head", callback=target_given)
@dialogue.options
@click.option("--no-check", "unchecked", is_flag=True, help="Do not compare the database with the history.")
@click.option("--despite-drift", is_flag=True, help="Run even where the database has drifted in what is to change.")
@click.pass_obj
def command(project: Project, /, target: str, unchecked: bool, despite_drift: bool, **options: Any) -> None:
    """Apply the revisions up to TARGET: an id, its beginning, +1, or head.

    The database is compared with the history before and after, and what differs then is told: exit code 1.
    """

    def run(ready: Runner, say: checked.Say) -> checked.Checked:
        return (ready(), []) if unchecked else checked.upgraded(ready, say, despite_drift=despite_drift)

    dialogue.converse(project, "upgrade", target, run, **options)
