"""Find contradictions between the ledger, the stamp and the revision files, such as files edited after they ran."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from whisper_migrate.history.branches import parents
from whisper_migrate.history.history import History
from whisper_migrate.running.ledger import Entry, code_hash
from whisper_migrate.wording.revision_ids import ids


@dataclass(frozen=True)
class Anomaly:
    """A contradiction, in a sentence with the date from the ledger, and its remedy.

    `differs` means that the revision which ran is not the one in the history: a check then reports a difference.
    """

    revision: str
    what: str
    remedy: str
    differs: bool = False
    word: str = "Changed"


def anomalies(history: History, entries: list[Entry], stamps: list[str]) -> list[Anomaly]:
    """Return the contradictions between the ledger, the revision files and the stamps of the database.

    A stamp without a file is not reported here: commands that read the stamps refuse it themselves.
    """
    known = all(map(history.forms, stamps))
    return [*_changed(history, _applied(entries), stamps), *(doubts(entries, stamps) if known else ())]


def doubts(entries: list[Entry], stamps: list[str]) -> list[Anomaly]:
    """Return why the stamp may be wrong; nothing if the ledger shows that revisions or a verified stamp led to it."""
    at = ids(stamps)
    what = _doubt(entries, stamps, at)
    return [Anomaly(at, what, _verify(stamps))] if what else []


def _doubt(entries: list[Entry], stamps: list[str], at: str) -> str | None:
    if not entries:
        return f"No ledger tells how the database came to be stamped with {at}." if stamps else None
    last, counted = entries[-1], entries[settled_from(entries) :]
    if sorted(last.stands_at) != sorted(stamps):
        stood = ids(last.stands_at)
        return f"Nothing in the ledger leads to the stamp {at}: it ends at {stood}, {last.done}."
    if unverified := [entry for entry in counted if entry.verified is False]:
        return f"The stamp of {unverified[-1].revision} was not verified: {unverified[-1].done}."
    if counted[0].verified is None and counted[0].parents:
        return f"The ledger begins in the middle: {counted[0].revision} was {counted[0].done}."
    return None


def settled_from(entries: list[Entry]) -> int:
    """Return the number of the first entry that counts: a verified stamp makes older entries irrelevant."""
    return max((number for number, entry in enumerate(entries) if entry.verified), default=0)


def _applied(entries: list[Entry]) -> dict[str, Entry]:
    """Return the ledger's last entry for each applied revision, which has the hash of the file that ran."""
    found: dict[str, Entry] = {}
    for entry in entries[settled_from(entries) :]:
        if entry.direction == "downgrade":
            found.pop(entry.revision, None)
        elif entry.direction == "upgrade" or (entry.verified and entry.file):
            found[entry.revision] = entry
    return found


def _changed(history: History, applied: dict[str, Entry], stamps: list[str]) -> Iterator[Anomaly]:
    for revision, entry in applied.items():
        forms = [list(_edited(history, script, entry, _verify(stamps))) for script in history.forms(revision)]
        if not forms:
            yield Anomaly(
                revision, f"{revision} was {entry.done}, and no file has it now.", "Restore the file.", differs=True
            )
            continue
        yield from min(forms, key=len)


def _edited(history: History, script: Script, entry: Entry, verify: str) -> Iterator[Anomaly]:
    remedy = f"Restore the file; or, if it is right as it is: {verify}"
    path, content = history.path(script), Path(script.path).read_bytes()
    was = f"since it was {entry.done}"
    if entry.parents is not None and entry.parents != parents(script):
        now, then = (", ".join(ids) or "none" for ids in (parents(script), entry.parents))
        yield Anomaly(script.revision, f"{path} got another parent {was}: {now}, then {then}.", remedy, differs=True)
    if entry.code and entry.code != code_hash(content):
        yield Anomaly(script.revision, f"The code of {path} was edited {was}.", remedy, differs=True)
    elif entry.file and entry.file != hashlib.sha256(content).hexdigest():
        yield Anomaly(script.revision, f"The wording of {path} was edited {was}; its code is the same.", "")


def _verify(stamps: list[str]) -> str:
    """Return the command that verifies the stamp."""
    if len(stamps) != 1:
        return "migrate.py whereami"
    return f"migrate.py stamp {shlex.quote(stamps[0])}   (compares it first)"
