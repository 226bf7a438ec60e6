"""The command `fleet`: work on many databases."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from whisper_migrate import reports
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.errors import Failure
from whisper_migrate.fleet import members as fleet
from whisper_migrate.fleet.compare import compare
from whisper_migrate.fleet.document import document
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.shard import Shard, ShardOption
from whisper_migrate.fleet.survey import Standing, Survey, survey
from whisper_migrate.fleet.upgrade import upgrade
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running.options import options_of_a_run
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.anomalies import Anomaly
from whisper_migrate.state.drift import Verdict
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.printing import err, out
from whisper_migrate.wording.revision_ids import ids
from whisper_migrate.wording.sign_of_life import replaced

Tell = Callable[[Member, str | Failure], None]


@click.command("fleet")
@click.argument("urls", metavar="URLS-FILE", type=click.File("r", encoding="utf-8-sig"))
@click.argument("action", type=click.Choice(["status", "check-drift", "upgrade"]))
@click.option("--jobs", type=click.IntRange(1, 100), default=4, show_default=True, help="How many databases at a time.")
@click.option(
    "--canary",
    type=click.IntRange(0),
    default=0,
    help="Upgrade so many first that have something pending; the rest if none failed.",
)
@click.option("--shard", type=ShardOption(), help="Take only a part of them: 3/10 is the third of ten.")
@with_format
@options_of_a_run
@click.pass_obj
def command(
    project: Project,
    /,
    urls: IO[str],
    action: str,
    jobs: int,
    canary: int,
    shard: Shard | None,
    form: str,
    **waits: float | None,
) -> None:
    """Work on every database that URLS-FILE lists, in parallel. A failure of one does not stop the others.

    A line of the file is a URL, or a name and a URL. Blank lines and # comments are skipped, and nothing in a line is
    expanded. "-" reads standard input.

    \b
    status       the revision of each, grouped by schema; exit code 1 if not all are alike
    check-drift  compare each with the history at its revision; exit code 1 if one differs or has pending revisions
    upgrade      bring each to the head, without a comparison; check-drift compares

    With --shard, runs on several machines share the databases by their names. Exit code 2 if any failed. Every action
    can be run again.
    """
    if canary and action != "upgrade":
        raise click.UsageError("--canary is for upgrade.")
    if action != "upgrade" and (given := [name for name, value in waits.items() if value is not None]):
        raise click.UsageError(f"--{given[0].replace('_', '-')} is for upgrade.")
    patience = Patience.given(project.root, waits)
    if form == "json" and action == "upgrade":
        raise click.UsageError("--format json is for status and check-drift.")
    try:
        members = fleet.read(urls, urls.name)
    except UnicodeDecodeError as error:
        raise Failure(f"{urls.name} is no UTF-8 text.") from error
    if shard:
        members, count = shard.members(members), len(members)
        if form == "text":
            out.print(f"Shard {shard}: {len(members)} of {counted(count, 'database')}.")
    if form == "json":
        sys.exit(_print_json(project, members, action, jobs))
    history = History(project)
    history.require_no_fork()
    if action == "upgrade":
        sys.exit(_upgrade(history, members, jobs, canary, patience))
    with _progress(members) as tell:
        found = survey(history, members, jobs, lambda member, one: tell(member, _place(one)))
    code = _report_status(found) if action == "status" else _report_drift(history, found)
    sys.exit(_report_failed(found.failed, members) or code)


@contextmanager
def _progress(members: Sequence[Member]) -> Iterator[Tell]:
    """Print a line when a database is done; on a terminal, with a progress bar below."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("databases"), TimeElapsedColumn())
    with replaced(), Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=len(members))
        done = 0

        def tell(member: Member, said: str | Failure) -> None:
            nonlocal done
            done += 1
            words = f"failed: {said.what}" if isinstance(said, Failure) else said
            out.print(escape(f"[{done:{len(str(len(members)))}}/{len(members)}] {member.name}: {words}"))
            progress.advance(task)

        yield tell


def _upgrade(history: History, members: list[Member], jobs: int, canary: int, patience: Patience) -> int:
    failed: dict[Member, Failure] = {}
    done: list[bool] = []
    first = f"one of the first {canary}" if canary > 1 else "the first"
    why, signalled = f"{first} with something pending failed", None
    with _progress(members) as tell:
        try:
            for member, outcome in upgrade(history, members, jobs, canary, patience, _say):
                if isinstance(outcome, Failure):
                    failed[member] = outcome
                    tell(member, outcome)
                else:
                    done.append(bool(outcome.applied))
                    tell(member, f"{ids(outcome.before)} -> {ids(outcome.after)}, {len(outcome.applied)} applied")
        except BaseException as error:
            if not is_of_a_signal(error):
                raise
            why, signalled = "a signal stopped the command", error
    untried = len(members) - len(done) - len(failed)
    out.print(f"{done.count(True)} upgraded, {done.count(False)} had nothing to do, {len(failed)} failed.")
    if members:
        this = f"migrate.py fleet {shlex.quote(members[0].file)} check-drift"
        err.print(escape(f"None was compared with the history; this does: {this}"))
    if untried:
        were = verb(untried, "was", "were")
        out.print(f"{untried} {were} not tried, as {why}.")
    code = _report_failed(failed, members)
    if signalled:
        raise signalled
    return code


def _say(member: Member, line: str) -> None:
    out.print(escape(f"{member.name}: {line}"))


def _print_json(project: Project, members: list[Member], action: str, jobs: int) -> int:
    """Print the document of `status` or `check-drift`, and return the exit code."""
    with kept_for_document(True):
        history = History(project)
        history.require_no_fork()
        found = survey(history, members, jobs, lambda *_: None)
        compared = compare(history, found) if action == "check-drift" else None
    print_json({"action": action, **document(found, members, compared)})
    if found.failed:
        return 2
    if compared is None:
        return 0 if found.alike else 1
    differs = any(one.drift for one in compared) or any(one.pending or one.changed for one in found.standings)
    return 1 if differs else 0


def _place(standing: Standing | Failure) -> str | Failure:
    if isinstance(standing, Failure):
        return standing
    pending = f"{standing.pending} pending" if standing.pending else "nothing pending"
    return f"{standing.at}, {pending}, fingerprint {standing.fingerprint[:8]}"


def _report_status(found: Survey) -> int:
    groups = found.groups
    versions = {group[0].version for group in groups}
    for number, group in enumerate(groups):
        server = f", PostgreSQL {group[0].version}" if len(versions) > 1 else ""
        said = f"({_place(group[0])}{server})"
        out.print(escape(f"{_differ(group)} {said}: {_names(group)}" if number else f"{len(group)} equal {said}"))
    _report_left_out(found)
    return 0 if found.alike else 1


def _report_drift(history: History, found: Survey) -> int:
    code = 0
    for number, one in enumerate(compare(history, found)):
        at = f"the history at {ids(one.revisions)}"
        if one.drift:
            code = 1
            out.print(escape(f"{_differ(one.standings)} from {at}: {_names(one.standings)}"))
            verdict = Verdict(history.project, history, drift=one.drift, revisions=one.revisions)
            for text in reports.report("text").changes(verdict, one.drift):
                out.print(text)
        else:
            out.print(escape(f"{len(one.standings)} equal {at}" + (f": {_names(one.standings)}" if number else "")))
        if pending := one.standings[0].pending:
            code = 1
            out.print(escape(f"  pending there: {pending}, up to {', '.join(history.heads)}"))
    changed: dict[str, dict[Standing, Anomaly]] = {}
    for standing in found.standings:
        for anomaly in standing.changed:
            changed.setdefault(anomaly.revision, {}).setdefault(standing, anomaly)
    for anomalies in changed.values():
        code, anomaly = 1, next(iter(anomalies.values()))
        out.print(escape(f"Changed since it ran on {_names(list(anomalies))}: {anomaly.what}\n  -> {anomaly.remedy}"))
    _report_left_out(found)
    return code


def _report_left_out(found: Survey) -> None:
    ignored = sum(standing.ignored for standing in found.standings)
    if ignored:
        out.print(f"Not compared, as pyproject.toml ignores them: {counted(ignored, 'object')}.")
    for reason in sorted({reason for standing in found.standings for reason in standing.unreadable}):
        out.print(escape(f"Not readable: {reason}"))


def _report_failed(failed: dict[Member, Failure], members: list[Member]) -> int:
    if failed:
        out.print(f"[bold red]{len(failed)} of {len(members)} failed:[/]")
    for member in members:
        if failure := failed.get(member):
            out.print(escape(f"  {member.name}: {failure.what}"))
            if failure.remedy:
                out.print(escape(f"    {failure.remedy}"))
    return 2 if failed else 0


def _differ(standings: Sequence[Standing]) -> str:
    return f"{len(standings)} {verb(len(standings), 'differs', 'differ')}"


def _names(standings: Sequence[Standing]) -> str:
    return ", ".join(standing.member.name for standing in standings)
