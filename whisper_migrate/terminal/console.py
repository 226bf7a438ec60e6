"""Shared by all commands: the database to work on, and the output about revisions."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out
from whisper_migrate.wording.revision_ids import ids

if TYPE_CHECKING:
    from whisper_migrate.databases import settings
    from whisper_migrate.running.runner import Applied, Outcome


# A target such as -1 is an argument, not an option.
TARGET = {"ignore_unknown_options": True}


def target_given(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Callback of an argument that is a revision: reports an unknown option or an address in its place."""
    if re.match(r"-(?!\d)", value):
        options = [option for one in context.command.params for option in one.opts if option.startswith("--")]
        raise click.NoSuchOption(value, possibilities=get_close_matches(value, options), ctx=context)
    if not value.strip():
        raise click.BadParameter("it is empty.", context, parameter)
    not_an_address(context, parameter, value)
    return value


def not_an_address(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Callback of an argument that is no address: refuses one, whose password would be printed with it."""
    if re.match(r"\w[\w+]+:/", str(value)):
        said = "it is an address. DATABASE_URL names the database, in the environment or in .env."
        raise click.BadParameter(said, context, parameter)
    return value


def database_if_any(project: Project) -> settings.Database | None:
    """Return the configured database, or the embedded one if it was ever created; None if there is neither."""
    from whisper_migrate.databases import settings

    folder = settings.embedded_folder(project.root)
    return settings.configured(project.root) or (
        settings.database(project.root) if (folder / "data").is_dir() else None
    )


def database_of(project: Project) -> settings.Database:
    """Return the configured database, or the embedded one. Raises Failure if there is neither."""
    database = database_if_any(project)
    if database is None:
        raise Failure("No database is configured, and no embedded one was made yet.", "make upgrade")
    return database


def tell(applied: Applied) -> None:
    """Print a line about a revision that was run."""
    out.print(
        f"  {applied.number}/{applied.total} {applied.revision} {escape(applied.message)} ({applied.seconds:.2f} s)"
    )


def report(direction: str, outcome: Outcome) -> None:
    """Print the result of an upgrade or a downgrade."""
    if not outcome.applied:
        out.print(f"Nothing to do: the database is at {ids(outcome.after)}.")
        return
    total = sum(applied.seconds for applied in outcome.applied)
    word = "Upgraded" if direction == "upgrade" else "Downgraded"
    count = counted(len(outcome.applied), "revision")
    out.print(f"{word} from {ids(outcome.before)} to {ids(outcome.after)}: {count} in {total:.2f} s.")
