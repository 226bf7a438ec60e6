"""From a change of the models to a revision: drafted, then proved before anyone sees it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import URL

from whisper_migrate.catalog import Catalog, Object, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.desired import build
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.inspect import inspect
from whisper_migrate.names import shown
from whisper_migrate.planning.hazards import Hazard, hazards
from whisper_migrate.planning.plan import plan
from whisper_migrate.planning.renames import VALUES, declaration, lookalike, rename
from whisper_migrate.planning.steps import Step
from whisper_migrate.project import Project
from whisper_migrate.revisions.prove import Flaw, prove
from whisper_migrate.revisions.render import Body
from whisper_migrate.revisions.revision_file import Text, write
from whisper_migrate.rows.proof import prove_rows
from whisper_migrate.settle import agreed, settled
from whisper_migrate.words import line, outline


@dataclass(frozen=True)
class Draft:
    """A revision that was written and proved, the lines that tell what it changes, and notes for who wrote the models.

    `path` is None where history and models agree: no revision is needed, and none was written.
    """

    path: Path | None
    lines: list[str]
    notes: list[str]


def draft(
    project: Project, server: URL, message: str, *, allowed: Collection[str] = (), revision: str | None = None
) -> Draft:
    """Write the revision that takes the history to the models, unless they agree already.

    The models and the history are each made real in a shadow on `server`. The file is kept only after it has been run
    there up, down and up again: the catalog then equals the models, before it, and the models.

    Raises Failure when it would lose data that `allowed` does not name (as `drop-column users.nickname`).
    """
    history = History(project)
    parent = history.head
    with shadows(server) as made:
        with connected(made.create("desired")) as connection:
            build(connection, project)
            desired = inspect(connection, requires=True)
        with connected(made.create("recorded")) as connection:
            history.replay(connection)
            recorded = inspect(connection, requires=True)
            renames = rename(connection, project, recorded, desired)
            changes = settled(connection, diff(renames.catalog, desired))
            connection.rollback()
            if not changes and not renames.up:
                return Draft(None, [], renames.notes)
            desired = agreed(renames.catalog, desired, changes)
            up = [*renames.up, *plan(renames.catalog, desired)]
            down = [*plan(desired, renames.catalog), *renames.down]
            lost = _require_allowed(up, renames.catalog, desired, allowed)
            with tempfile.TemporaryDirectory() as folder:
                lines = [*renames.lines, *map(line, outline(changes))]
                text = Text(
                    revision or secrets.token_hex(6),
                    parent,
                    message,
                    [*lines, *(f"Allowed: {hazard.name}" for hazard in lost)],
                    Body(up, desired).source(),
                    Body(down, recorded).source(),
                )
                file = write(project, Path(folder), text)
                own = Path(history.scripts.versions)
                drafts = History(project, (own, Path(folder)))
                try:
                    prove(drafts, connection, text.revision, recorded, desired)
                except Flaw as flaw:
                    raise Failure(f"The draft's {flaw.what}, so it was not kept:{flaw.details}") from flaw
                of_rows = prove_rows(connection, partial(drafts.step, connection, text.revision), recorded, desired)
                path = own / file.name
                shutil.move(file, path)
    return Draft(path, lines, [*renames.notes, *of_rows])


def _require_allowed(steps: Sequence[Step], before: Catalog, after: Catalog, allowed: Collection[str]) -> list[Hazard]:
    """The losses of a draft, all of which must be allowed by name."""
    found = [*hazards(steps), *_relabelled(steps)]
    refused = [hazard for hazard in found if hazard.name not in allowed]
    if not refused:
        return found
    lines = [f"{hazard}{_perhaps_renamed(hazard.item, before, after)}" for hazard in refused]
    names = ", ".join(hazard.name for hazard in refused)
    raise Failure(
        "No revision was written, since it would lose data:\n  " + "\n  ".join(lines),
        f'If that is meant: make revision msg="..." allow="{names}"',
    )


def _relabelled(steps: Sequence[Step]) -> Iterator[Hazard]:
    """Enums of which one value comes in the place of another: unless it is a new name, what rows said is lost."""
    for step in steps:
        if step.verb == "alter" and step.before and any(" RENAME VALUE " in sql for sql in step.statements):
            names = zip(step.before["labels"], step.item["labels"], strict=True)
            told = ", ".join(f"{old} would say {new}" for old, new in names if old != new)
            yield Hazard("change-enum", step.item, f"rows that say {told}")


def _perhaps_renamed(gone: Object, before: Catalog, after: Catalog) -> str:
    """Where one of the same shape comes in its place, the line that would make it a rename, which loses nothing."""
    if gone.kind == "enum":
        old, new = before[gone.key]["labels"], after[gone.key]["labels"] if gone.key in after else ()
        pairs = [(a, b) for a, b in zip(old, new, strict=False) if a not in new and b not in old]
        said = ", ".join(f'"{b}": "{a}"' for a, b in pairs)
        return f'\n    If that is a new name: the type\'s .info = {{"{VALUES}": {{{said}}}}}' if pairs else ""
    if new := lookalike(gone, before, after):
        return f"\n    If it is {shown(new.identity)} now, say so there in the model: {declaration(gone)}"
    return "\n    No model declares it: is its module imported?" if gone.kind == "table" else ""
