"""The commands, one module each with a `command`; the command line offers what is found here.

A module is imported when its command is called, so that none waits for what only another needs.
"""

import importlib
import pkgutil

import click

NAMES = tuple(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def command(name: str) -> click.Command:
    """The command of this name."""
    found: click.Command = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").command
    return found


class Commands(click.Group):
    """The group of all of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One by its name."""
        return command(cmd_name) if cmd_name in NAMES else None
