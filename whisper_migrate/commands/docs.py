"""The command `docs`: pages about the schema of the models."""

import shlex
import sys
import time
from pathlib import Path

import click
from rich.markup import escape
from sqlalchemy import URL

from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.pages import chronicle, folder, markdown, schema, site
from whisper_migrate.pages.canvas import ABSENT, can_draw
from whisper_migrate.project.alembic_folders import NoHistory
from whisper_migrate.project.project import Project
from whisper_migrate.terminal.console import not_an_address
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import err, out
from whisper_migrate.wording.sign_of_life import doing

MARKDOWN = "docs/schema"  # the folder for Markdown unless another is given
MANY = 20  # pages that --check lists


@click.command("docs")
@click.argument(
    "where",
    metavar="[FOLDER]",
    required=False,
    callback=not_an_address,
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option("--markdown", "is_markdown", is_flag=True, help="Write Markdown to commit, into docs/schema or FOLDER.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the Markdown is not what the models say.")
@click.option("--no-history", is_flag=True, help="No pages about revisions, which are run in a throwaway database.")
@click.pass_obj
def command(project: Project, where: Path | None, is_markdown: bool, check: bool, no_history: bool) -> None:
    """Write pages about the schema of the models and its history: tables, columns, diagrams and more.

    HTML goes into FOLDER, else schema-pages, and opens in a browser without a server. With --markdown, FOLDER is
    docs/schema unless given. The database is not read.
    """
    is_markdown = is_markdown or check
    where = where or project.root / (MARKDOWN if is_markdown else "schema-pages")
    with shadow_server(project.root) as server:
        found = schema.read(project, server)
        history = None if is_markdown or no_history else _history(project, server)
    if check:
        sys.exit(_checked(project.shown(where.resolve()), folder.differences(where, markdown.pages(found))))
    begun = time.perf_counter()
    with doing("drawing the pages"):
        files = markdown.pages(found) if is_markdown else site.pages(found, history)
        changed = folder.write(where, files)
    seconds = time.perf_counter() - begun
    for defect in found.defects:
        err.print(escape(f"Not in the pages, since PostgreSQL refuses it: {defect}"))
    if not is_markdown and not can_draw():
        err.print(escape(ABSENT))
    start = project.shown((where / ("README.md" if is_markdown else "index.html")).resolve())
    count = counted(sum(name.endswith((".html", ".md")) for name in files), "page")
    out.print(escape(f"Wrote {count} in {seconds:.2f} s, {counted(len(changed), 'file')} changed: {start}"))
    if is_markdown:
        folder_given = "" if where == project.root / MARKDOWN else f" {shlex.quote(str(where))}"
        out.print(escape(f"  -> migrate.py docs --check{folder_given}   (exits with 1 when the models have changed)"))
    else:
        out.print("  -> open it in a browser; it needs no server")


def _history(project: Project, server: URL) -> chronicle.Chronicle | None:
    """Return the history; None if the project has none. Raises Failure if its revisions cannot be run."""
    try:
        return chronicle.read(History(project), server)
    except NoHistory:
        return None
    except Failure as failure:
        raise Failure(failure.what, "Pages without the history: migrate.py docs --no-history") from failure


def _checked(where: Path, found: list[tuple[str, str]]) -> int:
    """Print the pages that differ from the models, and return the exit code."""
    if not found:
        out.print(escape(f"{where} is what the models say."))
        return 0
    out.print(escape(f"{where} is not what the models say ({counted(len(found), 'page')})."))
    for name, sign in found[:MANY]:
        out.print(escape(f"  {sign} {name}"))
    if len(found) > MANY:
        out.print(f"  ... and {len(found) - MANY} more")
    out.print(escape(f"  -> migrate.py docs --markdown {where}"))
    return 1
