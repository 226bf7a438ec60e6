"""Stamp a database with a revision, if the schema equals the revision's, and record the stamp in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from alembic.config import Config
from alembic.script import Script
from sqlalchemy import URL, Connection

from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.databases.stamps import ensure, stamped
from whisper_migrate.databases.unreplicated import committing
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import joint, needed, scripts_of
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import require_role, strangers
from whisper_migrate.project.environment import environment
from whisper_migrate.project.ignore import Ignoring, without
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.ledger import TABLE as LEDGER
from whisper_migrate.running.ledger import Entry, enter, may_write, read_or_why
from whisper_migrate.running.lock import guard, locked
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.nearest import Candidate, candidates
from whisper_migrate.state.replays import record

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """The stamps before and after; or, if nothing was stamped, the differences from the revision, and the nearest one.

    `unrecorded`: there is no ledger, and the role may not create one. `blind`: the revision changes only rows, so no
    comparison can show whether it ran, and the ledger has no entry of it.
    """

    before: list[str]
    after: list[str]
    differences: list[Change] = field(default_factory=list)
    nearest: Candidate | None = None
    unrecorded: bool = False
    blind: bool = False


def stamp(
    project: Project, server: URL, database: URL, target: str, say: Say, patience: Patience | None = None
) -> Outcome:
    """Stamp a database with `target` (see `scripts_of`), if its schema equals the revision's.

    The schema is compared with a shadow on `server`; if they differ, nothing is stamped. `say` is called while waiting
    for another run.
    """
    history = History(project)
    scripts = scripts_of(history, target)
    revisions = [script.revision for script in scripts]
    half_run.refuse_in(database, history, "Nothing was stamped")

    def seen(it: Connection) -> tuple[list[str], tuple[list[Entry], str], Catalog]:
        require_role(it, project.owner)
        return stamped(it) or [], read_or_why(it), inspect(it, owners=True)

    before, (entries, _), found = in_snapshot(database, seen)
    actual = without(found, project.ignored)
    ran = {entry.revision for entry in entries if entry.direction == "upgrade"}
    with shadows(server) as made, connected(made.create("promised")) as shadow:
        promised = record(history, shadow, revisions, like=actual)
        changes = settled(shadow, diff(without(promised, project.ignored), actual))
        changes += strangers(project, promised, actual)
        if changes:
            near = candidates(history, made, actual, joint(history, before))
            return Outcome(before, before, changes, near[0] if near else None)
        blind = any(
            script.revision not in ran and _changes_rows_only(history, made, script, revisions, promised)
            for script in scripts
        )
    unchanged = Unchanged(actual, before, project.ignored)
    outcome = place(history, database, scripts, require=unchanged, verified=True, say=say, patience=patience)
    return replace(outcome, blind=blind)


def _changes_rows_only(
    history: History, made: Shadows, script: Script, revisions: Sequence[str], promised: Catalog
) -> bool:
    """Whether the schema at `revisions` is the same without `script`, which is one of them."""
    before = [*needed(script), *(revision for revision in revisions if revision != script.revision)]
    if not before:
        return not promised
    with connected(made.create(f"without_{len(made.names)}")) as shadow:
        history.replay(shadow, *before)
        return not diff(inspect(shadow), promised)


def stamp_unverified(
    project: Project, database: URL, target: str, say: Say, patience: Patience | None = None
) -> Outcome:
    """Stamp a database with `target` without a comparison. The ledger records that the stamp is unverified."""
    history = History(project)
    return place(history, database, scripts_of(history, target), verified=False, say=say, patience=patience)


@dataclass(frozen=True)
class Unchanged:
    """Requires that the schema and the stamps of a database have not changed since they were read."""

    actual: Catalog
    stamps: list[str]
    ignored: list[Ignoring]

    def __call__(self, connection: Connection) -> None:
        """Raise Failure if the database has changed."""
        now = without(inspect(connection, owners=True), self.ignored)
        same = now.fingerprint == self.actual.fingerprint and now.owners == self.actual.owners
        if not same or (stamped(connection) or []) != self.stamps:
            raise Failure("The database has changed since it was read: nothing was done.", "Try again.")


def place(
    history: History,
    database: URL,
    scripts: Sequence[Script],
    *,
    verified: bool,
    say: Say,
    patience: Patience | None = None,
    require: Callable[[Connection], None] = lambda _: None,
    work: Callable[[Connection, Config], str | None] = lambda *_: None,
) -> Outcome:
    """Stamp with `scripts` alone, and write the ledger's entry, in one transaction; `work` is done in it before.

    `work` gets the connection, and Alembic's configuration for it, and returns the definitions that it has replaced.

    Waits for another run to end. Raises Failure, and changes nothing, if `require` or `work` raises it.
    """
    revisions = tuple(script.revision for script in scripts) or ("base",)
    patience = patience or Patience.given(history.project.root)
    with locked(database, say, patience.wait_for_lock), connected(database) as connection:
        config = history.project.alembic(connection, history.holding(revisions[0]).versions)
        patience.prepare(connection)
        half_run.refuse(connection, history, "Nothing was stamped")
        guard(connection, say, patience.wait_for_lock)
        recorded = may_write(connection)
        before = stamped(connection) or []
        require(connection)
        fingerprint = inspect(connection).fingerprint
        replaced = work(connection, config)
        _, after_revisions = connection.info.get(LEDGER, (None, None))  # that `work` has run
        ensure(connection)
        directory = history.holding(revisions[0]).scripts
        # Inside an open transaction Alembic does not commit.
        with environment(
            config,
            directory,
            fn=lambda heads, _: directory._stamp_revs(revisions, heads),
            destination_rev=revisions,
            purge=True,
        ) as run_env:
            run_env()
        after = stamped(connection) or []
        if recorded:
            values = {"before": after_revisions or fingerprint, "verified": verified, "replaced": replaced}
            script = scripts[0] if len(scripts) == 1 else None
            enter(connection, script, direction="stamp", revision=", ".join(revisions), **values)
        with committing("The stamp"):
            connection.commit()
    return Outcome(before, after, unrecorded=not recorded)
