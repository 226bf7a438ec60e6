"""The commands, one module each with a `command`; the command line offers the modules of this package.

A module is imported only when its command is called, so that each command starts fast.
"""

import ast
import importlib
import os
import pkgutil
from difflib import get_close_matches
from pathlib import Path

import click

from whisper_migrate.databases import QUERIES
from whisper_migrate.wording.sign_of_life import doing

NAMES = tuple(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def command(name: str) -> click.Command:
    """Return the command of this name."""
    with doing("loading"):
        found: click.Command = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").command
    return found


class Commands(click.Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, with `--show-queries`, an option of every command."""
        if cmd_name not in NAMES:
            return None
        found = command(cmd_name)
        if all(parameter.name != "show_queries" for parameter in found.params):
            found.params.append(_show_queries())
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with. Fails with the nearest name if there is no such command."""
        near = get_close_matches(args[0], NAMES, n=1) if args[0] not in NAMES else []
        if near and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List each command with the first line of its help, without importing it."""
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
