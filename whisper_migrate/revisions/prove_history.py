"""Prove a history: prove each revision, require a single head, and compare the last catalog with the models."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.script import Script
from sqlalchemy import URL, Connection

from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.comparing.left_alone import undeclared
from whisper_migrate.comparing.settle import settled
from whisper_migrate.comparing.unsaid_names import as_in_history
from whisper_migrate.databases import lost_connections
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.baseline import begin
from whisper_migrate.history.history import History
from whisper_migrate.history.shadow_run import run_steps
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.compiled import Fault, faults
from whisper_migrate.models.desired import build
from whisper_migrate.planning.locality import beyond_reach
from whisper_migrate.project.defects import unmade
from whisper_migrate.project.ignore import split
from whisper_migrate.revisions.data_only import is_unfilled
from whisper_migrate.revisions.prove import Flaw, prove
from whisper_migrate.revisions.prove_script import prove_script
from whisper_migrate.rows.any_row import FailsOnAnyRow
from whisper_migrate.rows.failures import Refused
from whisper_migrate.rows.proof import Tried, prove_rows, touched
from whisper_migrate.rows.triggers import Broken, broken, descriptions
from whisper_migrate.rows.triggers import reached as written
from whisper_migrate.wording.sign_of_life import counting, doing


@dataclass(frozen=True)
class Proof:
    """The proof of one revision: the duration in seconds, a flaw or None, and notes on its effects on rows."""

    script: Script
    seconds: float
    flaw: Flaw | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failing:
    """A function that cannot run, or a table on which it fails, with the revision that causes the failure."""

    script: Script
    what: Fault | Broken


@dataclass
class Outcome:
    """The proofs; the revisions left unproved, and the obstacle; and the changes of the models without a revision.

    `done` are the revisions that have run: those before the first proof, and those proved.

    `failing` are functions that a proved revision breaks and that still cannot run at the end. A function that a later
    revision repairs or drops is only a note on the first revision.

    `heads` and `unwritten` are empty if only one revision was to be proved and it is not the last one.
    """

    unproved: list[Script]
    done: list[Script] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    obstacle: str | None = None
    heads: list[str] = field(default_factory=list)
    is_forked: bool = False
    unwritten: list[Change] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)

    @property
    def faults(self) -> list[tuple[Script, str]]:
        """The functions that cannot run, as sentences, each with the revision that causes it."""
        scripts = dict.fromkeys(one.script for one in self.failing)
        own = {script: [one.what for one in self.failing if one.script is script] for script in scripts}
        return [
            (script, line)
            for script, found in own.items()
            for line in (
                *(str(what) for what in found if isinstance(what, Fault)),
                *descriptions([what for what in found if isinstance(what, Broken)]),
            )
        ]

    @property
    def clean(self) -> bool:
        """Whether everything was proved without a problem."""
        flawed = any(proof.flaw for proof in self.proofs)
        return not (flawed or self.obstacle or self.unwritten or self.failing or self.is_forked)


def prove_history(history: History, server: URL, name: str | None, tell: Callable[[Proof], None]) -> Outcome:
    """Prove every revision, or only the one called `name`, in shadows on `server`; call `tell` after each."""
    outcome = begun(history, name)
    for proof in proofs(history, server, outcome):
        tell(proof)
    return outcome


def begun(history: History, name: str | None) -> Outcome:
    """Return the outcome of a proof before it begins: every revision is unproved, or only the one called `name`."""
    if name is None:
        return Outcome(history.newest_first()[::-1])
    script = history.find(name)
    return Outcome([script], history.before(script))


def proofs(history: History, server: URL, outcome: Outcome) -> Generator[Proof, None, None]:
    """Prove the unproved revisions of `outcome` in shadows on `server`, yield each proof, and complete the outcome."""
    whole = len(outcome.done) + len(outcome.unproved) == len(history.newest_first())
    with shadows(server) as made:
        end: Catalog | None = None
        # A failed revision leaves its shadow in an unknown state, so the next revision is proved in a new shadow.
        while end is None and not outcome.obstacle:
            shadow = made.create(f"recorded{len(outcome.unproved)}")
            end = yield from _prove_in(made, shadow, history, outcome)
        if end is not None and whole:
            outcome.heads, outcome.is_forked = history.heads, history.is_forked
            with connected(made.create("desired")) as other:
                defects = build(other, history.project)
                wanted = inspect(other, requires=True, like=end)
            with connected(shadow) as connection:
                end = inspect(connection, requires=True, like=end)
                wanted = as_in_history(history.project, end, wanted)
                left = undeclared(history.project, end, wanted) | unmade(defects, end)
                wanted = replace(wanted, objects={**wanted.objects, **left})
                changes, _ = split(diff(end, wanted), history.project.ignored, end, wanted)
                outcome.unwritten = settled(connection, [one for one in changes if not beyond_reach(one)])


def _prove_in(made: Shadows, shadow: URL, history: History, outcome: Outcome) -> Generator[Proof, None, Catalog | None]:
    """Run the revisions that are `done` in an empty shadow, then prove the others. Return the last catalog.

    Returns None as soon as a revision fails.
    """
    memo: dict[str, Any] = {}
    with connected(shadow) as connection:
        try:
            begin(connection, history.project)
            run_steps(history, connection, lambda *_: [])  # env.py may create schemas, which is no revision's work
            with counting("replaying") as count:
                for script in outcome.done:
                    count(len(outcome.done))
                    history.step(connection, script.revision, "upgrade", memo)
        except Failure as failure:
            outcome.obstacle = f"{history.path(script)} does not run: {failure.what}"
            return None
        reached = inspect(connection)
        known = faults(connection, history.project)
    total = len(outcome.proofs) + len(outcome.unproved)
    while outcome.unproved:
        script = outcome.unproved.pop(0)
        began = time.monotonic()
        try:
            before = reached
            with doing(f"proving {len(outcome.proofs) + 1} of {total}"):
                reached, tried = prove_with_rows(made, shadow, history, script.revision, before)
                copy = made.create(f"script_{len(made.names)}", shadow.database)
                tried.notes += prove_script(history, copy, script, before, reached)
        except Flaw as flaw:
            outcome.proofs.append(Proof(script, time.monotonic() - began, flaw))
        else:
            with connected(shadow) as connection:
                now = faults(connection, history.project)
            brought = [fault for fault in now if not fault.was_in(known)]
            outcome.failing += [Failing(script, fault) for fault in brought]
            outcome.failing += [Failing(script, one) for one in tried.broken]
            known = now
            lines = [*map(str, brought), *descriptions(tried.broken)]
            if is_unfilled(history.source(script.revision)):
                tried.notes.append(f"Its upgrade is empty: fill it in {history.path(script)}.")
            notes = [*tried.notes, *(f"It brings a function that cannot run: {what}" for what in lines)]
            outcome.proofs.append(Proof(script, time.monotonic() - began, notes=notes))
        outcome.done.append(script)
        lost_connections.require_none(made.names)
        yield outcome.proofs[-1]
        if outcome.proofs[-1].flaw:
            return None
    with connected(shadow) as connection:
        outcome.failing = list(_still(connection, history, reached, outcome.failing))
    return reached


def _still(
    connection: Connection, history: History, reached: Catalog, failing: Collection[Failing]
) -> Iterator[Failing]:
    """Yield the failing functions that still cannot run after the last revision."""
    now = faults(connection, history.project) if failing else []
    there = {item.identity for item in reached}
    relations = {one.what.relation for one in failing if isinstance(one.what, Broken)} & there
    broken_now = broken(connection, history.project, reached, relations)
    connection.rollback()
    for one in failing:
        if one.what.was_in(broken_now) if isinstance(one.what, Broken) else one.what.was_in(now):
            yield one


def prove_with_rows(
    made: Shadows, shadow: URL, history: History, revision: str, before: Catalog
) -> tuple[Catalog, Tried]:
    """Prove a revision in a shadow that has the catalog `before`, and in a copy with rows. Raises Flaw.

    Returns the catalog after the revision, and the result for rows. Rows that the history itself has inserted are kept.
    """
    with connected(shadow) as connection:
        after = prove(history, connection, revision, before)
    if not touched(before, after, history.source(revision)) and not written(before, after):
        return after, Tried()
    copy = made.create(f"rows_{len(made.names)}", shadow.database)
    try:
        tried = prove_rows(made, copy, history, revision, before, after, by_name=True)
    except Refused as refused:
        raise Flaw("upgrade fails on tables with rows", f" {refused.what}") from refused
    except FailsOnAnyRow as failure:
        raise Flaw(f"{failure.direction} fails on tables with rows", f" {failure}") from failure
    return after, tried
