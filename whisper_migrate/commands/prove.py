"""The command `prove`: prove existing revisions."""

import sys
from typing import Any

import click
from rich.markup import escape

from whisper_migrate.catalog.describe import line, outline, title
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.reports.json import plain_change
from whisper_migrate.revisions.prove_history import Outcome, Proof, prove_history
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import not_an_address
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out


@click.command("prove")
@click.argument("revision", default="", callback=not_an_address, shell_complete=revisions)
@with_format
@click.pass_obj
def command(project: Project, revision: str, form: str) -> None:
    """Run REVISION, or every revision, up, down and up in a throwaway database with generated rows."""
    if form == "json":
        with kept_for_document(True), shadow_server(project.root) as server:
            history = History(project)
            outcome = prove_history(history, server, revision or None, lambda _: None)
        print_json(_document(history, outcome))
        sys.exit(0 if outcome.clean else 1)
    history = History(project)

    def tell(proof: Proof) -> None:
        name = proof.script.revision
        if proof.flaw:
            what = f"{name}: the {proof.flaw.what} ({history.path(proof.script)}):{proof.flaw.details}"
        else:
            what = f"{name} up, down, up: nothing differs ({proof.seconds:.1f} s)"
        out.tell(escape(what))
        for note in proof.notes:
            out.tell(f"  Note: {escape(note)}")

    with shadow_server(project.root) as server:
        outcome = prove_history(history, server, revision or None, tell)
    for text in _end(history, outcome):
        out.tell(escape(text))
    sys.exit(0 if outcome.clean else 1)


def _document(history: History, outcome: Outcome) -> dict[str, Any]:
    """Return the proofs as plain data."""
    return {
        "clean": outcome.clean,
        "revisions": [
            {
                "revision": proof.script.revision,
                "message": title(proof.script),
                "file": str(history.path(proof.script)),
                "seconds": round(proof.seconds, 3),
                "flaw": {"what": proof.flaw.what, "details": proof.flaw.details.strip()} if proof.flaw else None,
                "notes": proof.notes,
            }
            for proof in outcome.proofs
        ],
        "unproved": [script.revision for script in outcome.unproved],
        "obstacle": outcome.obstacle,
        "heads": outcome.heads,
        "failing": [{"revision": script.revision, "what": what} for script, what in outcome.faults],
        "unwritten": [plain_change(change) for change in outcome.unwritten],
    }


def _end(history: History, outcome: Outcome) -> list[str]:
    """Return the lines that summarize the proof of a history."""
    if outcome.obstacle:
        names = ", ".join(script.revision for script in outcome.unproved)
        return [outcome.obstacle, f"So this was not proved: {names or 'that the history ends at the models'}."]
    said = []
    if outcome.is_forked:
        said += [history.several, "  -> migrate.py rebase   (puts yours on the other one)"]
    if outcome.failing:
        said += ["Functions cannot run at the end:"]
        said += [f"  {what} ({history.path(script)})" for script, what in outcome.faults]
    if outcome.unwritten:
        changes = outline(outcome.unwritten)
        said += [f"The history does not end at the models ({counted(len(changes), 'change')}):"]
        said += [f"  {line(change)}" for change in changes]
        said += ['  -> make revision msg="..."']
    if outcome.heads and outcome.clean:
        said += [_agreement(outcome.heads)]
        said += ["  -> make upgrade   (applies the revisions that a database lacks)"]
    return said


def _agreement(heads: list[str]) -> str:
    if len(heads) == 1:
        return f"One head, {heads[0]}, and it is what the models say."
    return f"{counted(len(heads), 'head')}, {', '.join(heads)}, and together they are what the models say."
