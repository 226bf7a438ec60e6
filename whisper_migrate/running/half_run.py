"""A revision that was stopped in its middle comes first: nothing else may run on what it has left."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError

from whisper_migrate.errors import Failure
from whisper_migrate.plurals import verb
from whisper_migrate.running.journal import TABLE, Journal


def require_none(journal: Journal, todo: list[Any], heads: Any, context: MigrationContext) -> None:
    """Raises Failure when the journal has a revision that was stopped in its middle, and `todo` does not begin with it.

    Entries on a revision that has been stamped as run (or as taken back) since are dropped: somebody has seen to it.
    """
    if not journal.entries or (todo and todo[0].info.is_stamp):
        return
    first = (_revision(todo[0]), "upgrade" if todo[0].is_upgrade else "downgrade") if todo else None
    for revision, direction in {(entry.revision, entry.direction): None for entry in journal.entries}:
        if (revision, direction) == first:
            continue
        if (direction == "upgrade") == (revision in _run(heads, context)):
            assert context.connection is not None
            with closing(context.connection.connection.cursor()) as cursor:
                journal.forget(cursor, revision, direction)
            context.connection.commit()
            continue
        entries = journal.of(revision, direction).values()
        done, began = sum(entry.done for entry in entries), min(entry.began for entry in entries)
        raise Failure(
            f"Revision {revision} was stopped in the middle of its {direction} ({began}):"
            f" {done} of its statements {verb(done, 'is', 'are')} done, and it must be finished first.",
            f"migrate.py {direction} {'+1' if direction == 'upgrade' else '-1'}; or, when you have finished it or taken"
            f" it back by hand: DELETE FROM {TABLE} WHERE revision = '{revision}';",
        )


def _revision(step: Any) -> str:
    return str(step.info.up_revision_id)


def _run(heads: Any, context: MigrationContext) -> set[str]:
    """The revisions that the database has, so far as the files tell."""
    assert context.script is not None
    try:
        return (
            {script.revision for script in context.script.iterate_revisions(tuple(heads), "base")} if heads else set()
        )
    except (RevisionError, CommandError):
        return set()
