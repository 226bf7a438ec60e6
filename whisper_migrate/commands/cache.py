"""The command `cache`: the catalogs that `check-drift --kept` keeps between runs."""

import click

from whisper_migrate.cache import folder
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out


@click.group("cache")
def command() -> None:
    """Delete the catalogs that `check-drift --kept` keeps between runs."""


@command.command("clear")
def clear() -> None:
    """Delete all kept catalogs, of every project of this user."""
    out.tell(f"Deleted {counted(folder.clear(), 'kept catalog')} in {folder.folder()}.")
