"""The command `status`: the database's revision, pending revisions and drift."""

import sys
from typing import Any

import click
from rich.markup import escape
from sqlalchemy import URL, text

from whisper_migrate.catalog.describe import title
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.reports.json import plain_anomaly, plain_change
from whisper_migrate.running.ledger import Entry, read_or_why
from whisper_migrate.state.anomalies import Anomaly, anomalies
from whisper_migrate.state.drift import Verdict, check
from whisper_migrate.state.nearest import tally
from whisper_migrate.terminal.console import database_of
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out

# Versions of extensions depend on the server and are not compared.
EXTENSIONS = "SELECT extname || ' ' || extversion FROM pg_catalog.pg_extension WHERE oid >= 16384 ORDER BY 1"


@click.command("status")
@with_format
@click.pass_obj
def command(project: Project, form: str) -> None:
    """Print the database's revision, the pending revisions, and whether the database has drifted.

    Exit code 2 if the comparison was not possible, or not of every object.
    """
    if form == "json":
        with kept_for_document(True):
            document = _document(project)
        print_json(document)
        sys.exit(2 if document["not_checked"] or document["unreadable"] else 0)
    history, database = History(project), database_of(project)
    with connected(database.url, read_only=True) as connection:
        revisions, (entries, hidden) = stamped(connection) or [], read_or_why(connection)
        extensions = connection.scalars(text(EXTENSIONS)).all()
    _tell("Database", str(database))
    _tell("Revision", ", ".join(revisions) or "no revision yet")
    _tell("Head", ", ".join(history.heads) or "no revision yet")
    _tell("Ledger", f"not read: {hidden}" if hidden else _ledger(entries))
    _tell("With", ", ".join(extensions) or "no extension")
    for anomaly in anomalies(history, entries, revisions) if not hidden else ():
        out.print(escape(f"  {anomaly.what}"))
        if anomaly.remedy:
            out.print(escape(f"    -> {anomaly.remedy}"))
    history.require_known(revisions)
    pending = history.pending(revisions)
    _tell("Pending", str(len(pending)))
    for script in pending:
        out.print(escape(f"  {script.revision} {title(script)}"))
    verdict = _verdict(project, database.url)
    for number, line in enumerate(_drift(verdict)):
        _tell("" if number else "Drift", line)
    sys.exit(0 if isinstance(verdict, Verdict) and verdict.whole else 2)


def _tell(name: str, words: str) -> None:
    out.tell(escape(f"{name:9} {words}"))


def _ledger(entries: list[Entry]) -> str:
    if not entries:
        return "none yet: the next step or stamp begins it"
    last = entries[-1]
    count = counted(len(entries), "entry")
    return f"{count}, the last on {last.when}: {last.direction} {last.revision} by {last.who}"


def _document(project: Project) -> dict[str, Any]:
    """Return the state of the database as plain data."""
    history, database = History(project), database_of(project)
    with connected(database.url, read_only=True) as connection:
        revisions, (entries, hidden) = stamped(connection) or [], read_or_why(connection)
        extensions = connection.scalars(text(EXTENSIONS)).all()
    history.require_known(revisions)
    verdict = _verdict(project, database.url)
    found: list[Anomaly] = anomalies(history, entries, revisions) if not hidden else []
    if isinstance(verdict, Verdict):
        found += [anomaly for anomaly in verdict.anomalies if anomaly.word == "Stopped"]
    checked = verdict if isinstance(verdict, Verdict) else None
    return {
        "database": str(database),
        "revisions": revisions,
        "heads": history.heads,
        "pending": [{"revision": one.revision, "message": title(one)} for one in history.pending(revisions)],
        "ledger": {"entries": len(entries), "last": entries[-1].document if entries else None} if not hidden else None,
        "extensions": list(extensions),
        "anomalies": list(map(plain_anomaly, found)),
        "drift": [plain_change(change) for change in checked.drift] if checked else None,
        "not_checked": " ".join(str(verdict).split()) if isinstance(verdict, Failure) else None,
        "unreadable": list(checked.unreadable) if checked else [],
        "nearest": checked.nearest.revision if checked and checked.nearest else None,
    }


def _verdict(project: Project, database: URL) -> Verdict | Failure:
    """Compare the database with the history at its stamp. Returns the Failure if that is not possible."""
    try:
        with shadow_server(project.root) as server:
            return check(project, server, database, "database")
    except Failure as failure:
        return failure


def _drift(verdict: Verdict | Failure) -> list[str]:
    """Return lines on the difference from the history at the database's stamp, or on why it was not checked."""
    if isinstance(verdict, Failure):
        return [f"not checked: {' '.join(str(verdict).split())}"]
    for anomaly in verdict.anomalies:
        if anomaly.word == "Stopped":
            return [anomaly.what, f"  -> {anomaly.remedy}"]
    if not verdict.drift:
        return ["none"] if verdict.whole else ["none in what could be read", *verdict.unreadable]
    lines = [tally(verdict.drift), "  -> make check-drift   (names each)"]
    if near := verdict.nearest:
        lines += [f"The stamp looks wrong: it is nearer to {near.revision}, {near.difference}", "  -> migrate.py adopt"]
    return lines
