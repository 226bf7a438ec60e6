"""The command line. Exit codes: 0 the same or done, 1 something differs, 2 it could not be done or told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from whisper_migrate import embedded, reports, settings
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project import Project

# No emoji: `:heart:` may stand in a name.
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

# A target such as -1 is an argument, not an option.
TARGET = {"ignore_unknown_options": True}


def _target(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if re.match(r"-(?!\d)", value):
        raise click.NoSuchOption(value, ctx=context)
    if not value.strip():
        raise click.BadParameter("it is empty.", context, parameter)
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--project", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Its folder.")
@click.pass_context
def cli(context: click.Context, folder: Path | None) -> None:
    """Change a PostgreSQL schema from SQLAlchemy models, and prove that it is what they say.

    The database is DATABASE_URL, else POSTGRES_HOST and its like, else an embedded PostgreSQL in .pgdata.
    Exit codes: 0 done or the same, 1 something differs, 2 it could not be done.
    """
    context.obj = Project.at(folder.resolve()) if folder else context.obj or Project.find(Path.cwd())


@cli.command(context_settings=TARGET)
@click.argument("target", default="head", callback=_target)
@click.pass_obj
def upgrade(project: Project, target: str) -> None:
    """Apply the revisions up to TARGET: an id, its beginning, +1, or head."""
    from whisper_migrate import runner

    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    _report("upgrade", runner.upgrade(project, database.url, target, _tell))


@cli.command(context_settings=TARGET)
@click.argument("target", callback=_target)
@click.pass_obj
def downgrade(project: Project, target: str) -> None:
    """Take revisions back down to TARGET: an id, -1, or base."""
    from whisper_migrate import runner

    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    _report("downgrade", runner.downgrade(project, database.url, target, _tell))


@cli.command()
@click.argument("message", default="")
@click.option("--allow", multiple=True, metavar="WHAT", help='Permit a loss by name: "drop-column users.nickname".')
@click.pass_obj
def create(project: Project, message: str, allow: tuple[str, ...]) -> None:
    """Draft a revision that takes the history to the models, proved up, down and up in a throwaway database."""
    from whisper_migrate.draft import draft
    from whisper_migrate.shadow_server import shadow_server
    from whisper_migrate.words import line, outline

    message = " ".join(message.split())
    if not message:
        raise Failure('A revision needs a message, such as: make revision msg="add email verification to users"')
    with shadow_server(project.root) as server:
        made = draft(project, server, message, allowed=[name.strip() for given in allow for name in given.split(",")])
    if made is None:
        out.print("The history has everything that the models say: no revision is needed, none was written.")
        return
    for change in outline(made.changes):
        out.print(escape(line(change)))
    out.print(f"Wrote {made.path.relative_to(project.root)}, proved up, down and up in a throwaway database.")


@cli.command("check-drift")
@click.option("--only", type=click.Choice(["models", "database"]), help="Compare only this one with the history.")
@click.option("--format", "form", type=click.Choice(reports.NAMES), default="text", help="How to report it.")
@click.pass_obj
def check_drift(project: Project, only: str | None, form: str) -> None:
    """Compare the models with the history, and the database, where there is one, with both."""
    from whisper_migrate.drift import check
    from whisper_migrate.shadow_server import shadow_server

    with shadow_server(project.root) as server:
        database = _required(project) if only == "database" else _present(project) if only is None else None
        verdict = check(project, server, database.url if database else None, only)
    text = reports.report(form).render(verdict, str(database) if database else None)
    if form == "text":
        out.print(text)
    else:
        click.echo(text)
    sys.exit(0 if verdict.clean else 1)


@cli.command()
@click.option("--apply", is_flag=True, help="Run the SQL, in one transaction, after printing it.")
@click.option("--allow", multiple=True, metavar="WHAT", help="Permit one kind of loss, such as drop-table.")
@click.pass_obj
def repair(project: Project, apply: bool, allow: tuple[str, ...]) -> None:
    """Print the SQL that takes the database back to what the history says at its revision."""
    from whisper_migrate import repair as repairing
    from whisper_migrate.shadow_server import shadow_server

    database = _required(project)
    with shadow_server(project.root) as server, repairing.way_back(project, server, database.url) as way:
        if not way.steps:
            # As a comment: what this prints may be on its way to psql.
            at = way.revision or "no revision"
            out.print(f"-- Nothing to repair: {escape(str(database))} is what the history says at {escape(at)}.")
            return
        click.echo(way.sql())
        if not apply:
            return
        way.apply(set(allow))
    err.print(f"Repaired {escape(str(database))}: nothing differs from the history at {way.revision or 'no revision'}.")


@cli.command()
@click.pass_obj
def status(project: Project) -> None:
    """Where the database stands, and which revisions are pending."""
    from whisper_migrate.connect import connected
    from whisper_migrate.history import History, stamped

    history, database = History(project), _required(project)
    with connected(database.url, read_only=True) as connection:
        revisions = stamped(connection)
    history.require_known(revisions or [])
    pending = history.pending(revisions or [])
    out.print(f"Database  {escape(str(database))}")
    out.print(f"Stands at {', '.join(revisions) if revisions else 'no revision yet'}")
    out.print(f"Head      {', '.join(history.heads) or 'no revision yet'}")
    out.print(f"Pending   {len(pending)}")
    for script in pending:
        out.print(f"  {script.revision} {escape(script.doc)}")


@cli.command()
@click.pass_obj
def history(project: Project) -> None:
    """The revisions there are, newest first."""
    from whisper_migrate.history import History

    for script in History(project).newest_first():
        head = " (head)" if script.is_head else ""
        out.print(f"{script.revision}{head} {escape(script.doc)}")


@cli.command()
@click.pass_obj
def current(project: Project) -> None:
    """The revision that the database is stamped with."""
    from whisper_migrate.connect import connected
    from whisper_migrate.history import stamped

    database = _required(project)
    with connected(database.url, read_only=True) as connection:
        revisions = stamped(connection)
    out.print("\n".join(revisions or ["none"]))


@cli.command()
@click.argument("revision", callback=_target)
@click.pass_obj
def stamp(project: Project, revision: str) -> None:
    """Say that the database stands at REVISION, and run nothing."""
    from whisper_migrate import runner

    outcome = runner.stamp(project, settings.database(project.root).url, revision)
    out.print(f"Stamped {_names(outcome.after)} (was {_names(outcome.before)}). Nothing was run.")


@cli.command()
@click.pass_obj
def url(project: Project) -> None:
    """The database's URL, without its password; starts the embedded server if that is the one."""
    out.print(escape(settings.shown(settings.database(project.root).url)))


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(project: Project, arguments: tuple[str, ...]) -> None:
    """Open psql on the database."""
    database = settings.database(project.root)
    program = shutil.which("psql") or str(embedded.binaries() / "psql")
    url = database.url.set(drivername="postgresql")
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    plain = url._replace(password=None).render_as_string(hide_password=False)
    sys.exit(subprocess.call([program, plain, *arguments], env={**os.environ, **password}))


@cli.command()
@click.pass_obj
def stop(project: Project) -> None:
    """Stop the embedded server; its data stays."""
    stopped = embedded.stop(settings.embedded_folder(project.root))
    out.print("Stopped the embedded server." if stopped else "No embedded server was running.")


class Terminated(BaseException):
    """SIGTERM: on its way out through every `finally`, so that shadows are dropped, and no model's own exit."""


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def main(arguments: list[str] | None = None, root: Path | None = None) -> None:
    """Run a command and exit; a Failure is one sentence on standard error and exit code 2."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(
            arguments, prog_name=Path(sys.argv[0]).name, standalone_mode=False, obj=Project(root) if root else None
        )
    except Failure as failure:
        err.print(f"[bold red]Failed:[/] {escape(failure.what)}")
        if failure.remedy:
            err.print(f"  {escape(failure.remedy)}")
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Terminated:
        sys.exit(128 + signal.SIGTERM)
    except (KeyboardInterrupt, click.Abort):
        err.print("Interrupted.")
        sys.exit(130)
    except DBAPIError as error:
        err.print(f"[bold red]Failed:[/] PostgreSQL says: {escape(reason(error))}.")
        sys.exit(2)
    except Exception as error:
        # A mistake of ours must not look like "something differs", which is exit code 1.
        if os.environ.get("WHISPER_DEBUG"):
            err.print_exception()
        err.print(f"[bold red]Failed:[/] {escape(f'{type(error).__name__}: {error}')}")
        err.print("  This is a mistake of whisper-migrate; WHISPER_DEBUG=1 shows where.")
        sys.exit(2)


def _present(project: Project) -> settings.Database | None:
    """The configured database, or the embedded one if it was ever made."""
    folder = settings.embedded_folder(project.root)
    return settings.configured(project.root) or (
        settings.database(project.root) if (folder / "data").is_dir() else None
    )


def _required(project: Project) -> settings.Database:
    database = _present(project)
    if database is None:
        raise Failure("No database is configured, and no embedded one was made yet.", "make upgrade")
    return database


def _tell(applied: Any) -> None:
    out.print(f"  {applied.revision} {escape(applied.message)} ({applied.seconds:.2f} s)")


def _report(direction: str, outcome: Any) -> None:
    if not outcome.applied:
        out.print(f"Nothing to do: the database stands at {_names(outcome.after)}.")
        return
    total = sum(applied.seconds for applied in outcome.applied)
    word = "Upgraded" if direction == "upgrade" else "Downgraded"
    count = f"{len(outcome.applied)} revision{'s' if len(outcome.applied) > 1 else ''}"
    out.print(f"{word} from {_names(outcome.before)} to {_names(outcome.after)}: {count} in {total:.2f} s.")


def _names(revisions: list[str]) -> str:
    return ", ".join(revisions) or "no revision"
