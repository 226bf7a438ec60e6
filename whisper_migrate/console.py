"""What the commands share: the terminal, the database that they work on, and how they tell of revisions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from whisper_migrate.databases.secret_parameters import scrubbed
from whisper_migrate.errors import Failure
from whisper_migrate.hidden_characters import harmless
from whisper_migrate.plurals import counted
from whisper_migrate.project import Project

if TYPE_CHECKING:
    from whisper_migrate.databases import settings
    from whisper_migrate.running.runner import Applied, Outcome


class Terminal(Console):
    """A console that prints hidden characters as escapes, hides secrets of addresses, and leaves lines whole."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(harmless(scrubbed(one)) if isinstance(one, str) else one for one in objects), **options)


# No emoji: `:heart:` may stand in a name.
out = Terminal(highlight=False, soft_wrap=True, emoji=False)
err = Terminal(stderr=True, highlight=False, soft_wrap=True, emoji=False)

# A target such as -1 is an argument, not an option.
TARGET = {"ignore_unknown_options": True}


def target_given(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The callback of an argument that is a revision: an option it does not know is no revision."""
    if re.match(r"-(?!\d)", value):
        raise click.NoSuchOption(value, ctx=context)
    if not value.strip():
        raise click.BadParameter("it is empty.", context, parameter)
    return value


def database_if_any(project: Project) -> settings.Database | None:
    """The configured database, or the embedded one if it was ever made."""
    from whisper_migrate.databases import settings

    folder = settings.embedded_folder(project.root)
    return settings.configured(project.root) or (
        settings.database(project.root) if (folder / "data").is_dir() else None
    )


def database_of(project: Project) -> settings.Database:
    """The same. Raises Failure where there is none."""
    database = database_if_any(project)
    if database is None:
        raise Failure("No database is configured, and no embedded one was made yet.", "make upgrade")
    return database


def names(revisions: list[str]) -> str:
    """Revision ids as people read them."""
    return ", ".join(revisions) or "no revision"


def tell(applied: Applied) -> None:
    """A line on a revision that was run."""
    out.print(
        f"  {applied.number}/{applied.total} {applied.revision} {escape(applied.message)} ({applied.seconds:.2f} s)"
    )


def report(direction: str, outcome: Outcome) -> None:
    """What an upgrade or a downgrade did."""
    if not outcome.applied:
        out.print(f"Nothing to do: the database stands at {names(outcome.after)}.")
        return
    total = sum(applied.seconds for applied in outcome.applied)
    word = "Upgraded" if direction == "upgrade" else "Downgraded"
    count = counted(len(outcome.applied), "revision")
    out.print(f"{word} from {names(outcome.before)} to {names(outcome.after)}: {count} in {total:.2f} s.")
