"""From a change of the models to a revision: drafted, then proved before anyone sees it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Change, diff
from whisper_migrate.connect import connected
from whisper_migrate.desired import build
from whisper_migrate.errors import Failure, reason
from whisper_migrate.hazards import Hazard, hazards
from whisper_migrate.history import History
from whisper_migrate.inspect import inspect
from whisper_migrate.names import shown
from whisper_migrate.plan import plan
from whisper_migrate.project import Project
from whisper_migrate.render import Body
from whisper_migrate.revision_file import Text, config_with, write
from whisper_migrate.settle import agreed, settled
from whisper_migrate.shadow import shadows
from whisper_migrate.steps import Step
from whisper_migrate.words import line, outline


@dataclass(frozen=True)
class Draft:
    """A revision that was written and proved, and the changes that it carries."""

    path: Path
    revision: str
    changes: list[Change]


def draft(
    project: Project, server: URL, message: str, *, allowed: Collection[str] = (), revision: str | None = None
) -> Draft | None:
    """Write the revision that takes the history to the models; None when they agree already.

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
            changes = settled(connection, diff(recorded, desired))
            connection.rollback()
            if not changes:
                return None
            desired = agreed(recorded, desired, changes)
            up, down = plan(recorded, desired), plan(desired, recorded)
            lost = _require_allowed(up, changes, allowed)
            with tempfile.TemporaryDirectory() as folder:
                text = Text(
                    revision or secrets.token_hex(6),
                    parent,
                    message,
                    [*map(line, outline(changes)), *(f"Allowed: {hazard.name}" for hazard in lost)],
                    Body(up, desired).source(),
                    Body(down, recorded).source(),
                )
                file = write(project, Path(folder), text)
                prove(config_with(project, Path(folder), connection), connection, text.revision, recorded, desired)
                path = Path(history.scripts.versions) / file.name
                shutil.move(file, path)
    return Draft(path, text.revision, changes)


def _require_allowed(steps: Sequence[Step], changes: Sequence[Change], allowed: Collection[str]) -> list[Hazard]:
    """The losses of a draft, all of which must be allowed by name."""
    found = hazards(steps)
    refused = [hazard for hazard in found if hazard.name not in allowed]
    if not refused:
        return found
    lines = [f"{hazard}{_perhaps_renamed(hazard, changes)}" for hazard in refused]
    names = ", ".join(hazard.name for hazard in refused)
    raise Failure(
        "No revision was written, since it would lose data:\n  " + "\n  ".join(lines),
        f'If that is meant: make revision msg="..." allow="{names}"',
    )


def _perhaps_renamed(hazard: Hazard, changes: Sequence[Change]) -> str:
    """Where a column of the same type comes in its place: it may have been renamed, which would lose nothing."""
    gone = hazard.item
    if gone.kind != "column":
        return ""
    for new in (change.object for change in changes if change.sign == "+" and change.object.kind == "column"):
        if (new.parent, new["type"]) == (gone.parent, gone["type"]):
            return f" (though {shown(new.identity)}, of the same type, is new)"
    return ""


def prove(config: Config, connection: Connection, revision: str, before: Catalog, after: Catalog) -> None:
    """Run a revision up, down and up in a shadow that holds `before`; Failure when it does not lead where it should."""
    for direction, target, expected in (
        ("upgrade", revision, after),
        ("downgrade", "-1", before),
        ("upgrade", revision, after),
    ):
        try:
            getattr(command, direction)(config, target)
            connection.commit()
        except (DBAPIError, CommandError) as error:
            raise Failure(f"The draft's {direction} fails in a shadow, so it was not kept: {reason(error)}.") from error
        left = settled(connection, diff(inspect(connection), expected))
        connection.rollback()
        if left:
            lines = "\n  ".join(line(change) for change in left[:20])
            raise Failure(f"The draft's {direction} leaves {len(left)} differences, so it was not kept:\n  {lines}")
