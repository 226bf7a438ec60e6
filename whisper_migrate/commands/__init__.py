"""The commands, one module each with a `command`; the command line offers what is found here.

A module is imported when its command is called, so that none waits for what only another needs.
"""

import ast
import importlib
import os
import pkgutil
from pathlib import Path

import click

from whisper_migrate.databases import QUERIES

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
        """The command of this name, with `--show-queries`, an option of every command."""
        if cmd_name not in NAMES:
            return None
        found = command(cmd_name)
        if all(parameter.name != "show_queries" for parameter in found.params):
            found.params.append(_show_queries())
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with the first line of its help: to be listed, none is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _about(name)) for name in NAMES])


def _show_queries() -> click.Option:
    def ask(_: click.Context, __: click.Parameter, asked: bool) -> None:
        if asked:
            os.environ[QUERIES] = "1"

    return click.Option(
        ["--show-queries"],
        is_flag=True,
        expose_value=False,
        callback=ask,
        help=f"Where another session blocks, show its query, which may hold secrets ({QUERIES}).",
    )


def _about(name: str) -> str:
    source = Path(__path__[0], f"{name.replace('-', '_')}.py").read_bytes()
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return next((ast.get_docstring(node) or "").partition("\n")[0] for node in functions if node.name == "command")
