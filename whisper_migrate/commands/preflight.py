"""The command `preflight`: what the pending revisions would do to the database."""

import sys

import click
from rich.markup import escape

from whisper_migrate.addresses.url import parse
from whisper_migrate.databases.connect import require_reachable
from whisper_migrate.preflight import render
from whisper_migrate.preflight.preflight import preflight
from whisper_migrate.project.project import Project
from whisper_migrate.reports.github import annotation
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import TARGET, database_of, target_given
from whisper_migrate.terminal.json_output import kept_for_document, print_json
from whisper_migrate.wording.printing import out


@click.command("preflight", context_settings=TARGET)
@click.argument("target", default="head", callback=target_given, shell_complete=revisions)
@click.option("--replica", metavar="URL", help="Ask the questions about rows there, instead of the database.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=30, help="The most that one question may take.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "github"]),
    default="text",
    help="How to print the result.",
)
@click.pass_obj
def command(project: Project, target: str, replica: str | None, seconds: float, form: str) -> None:
    """Say what the revisions up to TARGET would do to the database, which is only read.

    Each revision runs in a shadow, where its locks and its work are watched. They are joined with the sizes and the
    rows of the database. Exit code 0 if all is safe, 1 if there is something to decide, 2 if something is unknown.
    """
    with kept_for_document(form != "text"):
        database = database_of(project)
        other = require_reachable(parse(replica, "--replica"), "--replica") if replica else None
        found = preflight(project, database.url, target, other, seconds)
    if form == "json":
        print_json({"database": str(database), **render.document(found)})
    elif form == "markdown":
        for line in render.markdown(found).split("\n"):
            click.echo(line)
    elif form == "github":
        for one in found.findings:
            level = "error" if one.is_open else "notice"
            click.echo(annotation(level, {"title": str(one.rule)}, f"{one.revision or 'now'} {one.what}"))
        click.echo(annotation("notice", {"title": "Preflight"}, render.summary(found)))
    else:
        out.print(f"Database {escape(str(database))}")
        for text in render.lines(found):
            out.tell(escape(text))
    sys.exit(found.exit_code)
