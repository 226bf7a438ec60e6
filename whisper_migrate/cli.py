"""The command line. Exit codes: 0 equal or done, 1 something differs, 2 failed."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click
from rich.markup import escape

from whisper_migrate import __version__
from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.commands import Commands
from whisper_migrate.databases import interruption, silence
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project.project import Project
from whisper_migrate.wording.hidden_characters import harmless
from whisper_migrate.wording.printing import err
from whisper_migrate.wording.program import called
from whisper_migrate.wording.sign_of_life import displayed


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--project", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Its folder.")
@click.version_option(__version__, prog_name="whisper-migrate")
@click.pass_context
def cli(context: click.Context, folder: Path | None) -> None:
    """Change a PostgreSQL schema from SQLAlchemy models, and prove that the schema equals the models.

    The database is DATABASE_URL, else the one that POSTGRES_HOST and the other POSTGRES_ variables name, else an
    embedded PostgreSQL in .pgdata.
    Exit codes: 0 done or equal, 1 something differs, 2 failed.
    """
    if context.invoked_subcommand == "init":
        context.obj = Project(folder.resolve()) if folder else context.obj or _begun(Path.cwd())
    else:
        context.obj = Project.at(folder.resolve()) if folder else context.obj or Project.find(Path.cwd(), _note)


def _begun(folder: Path) -> Project:
    """Return the project of a folder, which need not have our section yet."""
    try:
        return Project.find(folder)
    except Failure:
        return Project(folder)


def _note(text: str) -> None:
    err.print(escape(text))


# Errors of the machine, such as a full disk, which are not bugs of this program.
SURROUNDINGS = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT)


def main(arguments: list[str] | None = None, root: Path | None = None) -> None:
    """Run a command and exit. A Failure is printed on standard error as one sentence, with exit code 2."""
    interruption.handle()
    interruption.listen()
    try:
        with displayed():
            cli.main(arguments, prog_name=called(), standalone_mode=False, obj=Project(root) if root else None)
    except Failure as failure:
        err.print(f"[bold red]Failed:[/] {escape(failure.what)}")
        if failure.remedy:
            err.print(f"  {escape(failure.remedy)}")
        sys.exit(2)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        click.echo(harmless(scrubbed(text.getvalue())), err=True, nl=False)
        sys.exit(2)
    except interruption.Terminated:
        sys.exit(128 + signal.SIGTERM)
    except (KeyboardInterrupt, click.Abort):
        err.print("Interrupted.")
        sys.exit(130)
    except ImportError:
        raise  # a package is missing: start.py explains what to do
    except OSError as error:
        if error.errno not in SURROUNDINGS:
            _our_mistake(error)
        err.print(f"[bold red]Failed:[/] {escape(f'{error.strerror}: {error.filename}')}")
        sys.exit(2)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        from whisper_migrate.databases.lost_connections import unanswered

        if not isinstance(error, DBAPIError):
            _our_mistake(error)
        said = f"PostgreSQL says: {reason(error)}."
        if silence.broken:
            said = unanswered(silence.broken[0]).what
        err.print(f"[bold red]Failed:[/] {escape(said)}")
        sys.exit(2)


def _our_mistake(error: Exception) -> NoReturn:
    """Exit with 2 after a bug: Python's own exit code, 1, would mean that something differs."""
    if os.environ.get("WHISPER_DEBUG"):
        err.print_exception()
    err.print(f"[bold red]Failed:[/] {escape(f'{type(error).__name__}: {error}')}")
    err.print("  This is a mistake of whisper-migrate; WHISPER_DEBUG=1 shows where.")
    sys.exit(2)
