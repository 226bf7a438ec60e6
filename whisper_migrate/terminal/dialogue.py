"""The options and the output that `upgrade` and `downgrade` have in common."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import click
from click.core import ParameterSource
from rich.markup import escape

from whisper_migrate.databases import settings
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.running.checked import Checked, Say, listed
from whisper_migrate.running.ledger import read_or_why
from whisper_migrate.running.offline import save, script
from whisper_migrate.running.options import Command, options_of_a_run
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.plan import plan
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.runner import Runner, runner
from whisper_migrate.state.anomalies import doubts
from whisper_migrate.terminal.console import report, tell
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.plurals import plural
from whisper_migrate.wording.printing import out
from whisper_migrate.wording.revision_ids import ids

Run = Callable[[Runner, Say, bool], Checked]  # the third argument: whether to leave out the comparison with the history


def options(command: Command) -> Command:
    """Add the common options to a command. The command takes them as keywords and passes them to `converse`."""
    words_of_file = "With --sql: write the script into FILE, as a whole or not at all."
    command = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help=words_of_file)(
        options_of_a_run(command)
    )
    words = "Only print it, as a script for psql; TARGET may be FROM:TO."
    command = click.option("--sql", "as_script", is_flag=True, help=words)(command)
    words = "Do not compare the database with the history (WHISPER_NO_CHECK=1)."
    command = click.option("--no-check", "unchecked", is_flag=True, envvar="WHISPER_NO_CHECK", help=words)(command)
    words = "Only say what would run, and what that would lose."
    command = with_format(command)
    return click.option("--plan", "only_plan", is_flag=True, help=words)(command)


def converse(
    project: Project,
    direction: str,
    target: str,
    run: Run,
    *,
    as_script: bool,
    only_plan: bool,
    unchecked: bool,
    output: Path | None,
    form: str,
    **waits: float | None,
) -> None:
    """Print the script or the plan, or call `run` and report its result.

    Ends with exit code 1 if the database differs from the history after the run.
    """
    patience = Patience.given(project.root, waits)
    if output and not as_script:
        raise click.UsageError("-o is for --sql.")
    if as_script and only_plan:
        raise click.UsageError("--sql prints a script, and --plan says what would run: give one of them.")
    if form == "json" and (as_script or not only_plan):
        raise click.UsageError("--format json is for --plan.")
    if as_script:
        text = script(project, direction, target, patience)
        if output is None or str(output) == "-":
            click.echo(text, nl=False)
        else:
            save(text, output)
            out.print(f"Wrote {escape(str(output))}. Run it with: psql -X -f {escape(shlex.quote(str(output)))} URL")
        return
    if form == "json":
        with kept_for_document(True):
            database = settings.database(project.root)
            document = plan(project, database.url, direction, target).document
        print_json({"database": str(database), **document})
        return
    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    if only_plan:
        for line in plan(project, database.url, direction, target).lines():
            out.print(escape(line))
        return
    progress = Progress(out)
    with runner(project, database.url, direction, target, tell, patience, progress) as ready:
        steps = ready.steps
        if not steps:
            report(direction, ready())
            out.print("Not compared with the history; this does: migrate.py check-drift")
            _doubt(ready)
            return
        heads = f"{plural('head', len(ready.history.heads))} {', '.join(ready.history.heads)}"
        what = "pending" if direction == "upgrade" else "to revert"
        out.print(f"It is at {ids(ready.before)}; {heads}; {len(steps)} {what}.")
        checked = run(ready, progress.say, unchecked)
        report(direction, checked.outcome)
        _doubt(ready)
    _conclude(direction, checked, unchecked)


def _conclude(direction: str, checked: Checked, unchecked: bool) -> None:
    """Report the comparison with the history. Raises Failure if a comparison was wanted and was not possible."""
    at = ids(checked.outcome.after)
    if unchecked:
        source = click.get_current_context().get_parameter_source("unchecked")
        who = "WHISPER_NO_CHECK" if source is ParameterSource.ENVIRONMENT else "--no-check"
        out.print(f"Not checked: nothing was compared, as {who} says. This does: migrate.py check-drift")
    elif checked.why_not:
        done = "upgraded" if direction == "upgrade" else "downgraded"
        raise Failure(
            f"The database is {done}, to {at}; whether it is what the history says was not checked: {checked.why_not}",
            "Check it with: migrate.py check-drift; a run that shall not compare has --no-check or WHISPER_NO_CHECK=1",
        )
    elif checked.differs:
        out.print(f"The database differs from the history at {at}:{escape(listed(checked.differs))}")
        out.print("  -> make repair   (prints the SQL that repairs it)")
        sys.exit(1)
    else:
        out.print("Checked: the database is what the history says.")


def _doubt(run: Runner) -> None:
    """Print a note on each stamp that the ledger does not explain."""
    connection = run.opened.connection
    (entries, hidden), stamps = read_or_why(connection), stamped(connection) or []
    for doubt in doubts(entries, stamps) if not hidden else ():
        out.print(escape(f"Note: {doubt.what}\n  -> {doubt.remedy}"))
