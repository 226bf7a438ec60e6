"""The revisions: their graph, where a database stands in it, and what they make when they are run."""

import importlib.util
import re
import time
import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from whisper_migrate.catalog import Object
from whisper_migrate.environment import ENV_PY
from whisper_migrate.errors import Failure, reason
from whisper_migrate.names import plain_name, split_name
from whisper_migrate.plurals import counted
from whisper_migrate.project import Project
from whisper_migrate.shadow_run import run_steps
from whisper_migrate.unwritten import PLACE, is_unwritten

# Beside the folder of the revisions: those that `migrate.py squash` has folded into one, in a folder named after it.
SQUASHED = "squashed"


class History:
    """The revisions of a project. Every method raises Failure with a plain sentence for a history that is not sound.

    A squash folds revisions into one that has the id of the last of them; the originals are in `archives`, each of
    which is a history of its own that ends there. What stands, or stood, in the middle is found in these.
    """

    def __init__(self, project: Project, versions: Sequence[Path] = ()) -> None:
        """`versions` are the folders to find them in, where they are not the project's own."""
        self.project = project
        self._texts: dict[str, str] = {}
        self.versions = versions
        if not (project.root / "alembic.ini").is_file():
            raise Failure(
                f"{project.root} has no history: there is no alembic.ini.", f"alembic init alembic   (and {ENV_PY})"
            )
        try:
            with warnings.catch_warnings():
                # Of an id that two files have, or a down_revision that none has, Alembic only warns.
                warnings.filterwarnings("error", category=UserWarning, module=r"alembic\.")
                self.scripts = ScriptDirectory.from_config(project.alembic(versions=versions))
                self.heads = list(self.scripts.get_heads())
                self._forget_fresh()
        except (CommandError, RevisionError, UserWarning) as error:
            raise Failure(f"The history cannot be read: {reason(error)}.") from error
        except (Exception, SystemExit) as error:
            raise Failure(f"A revision does not import: {project.blame(error)}.") from error

    def _forget_fresh(self) -> None:
        """Python would take a file that is written again within a second for what it has compiled of it already."""
        for script in self.newest_first():
            if time.time() - Path(script.path).stat().st_mtime < 2:
                Path(importlib.util.cache_from_source(script.path)).unlink(missing_ok=True)

    @property
    def head(self) -> str | None:
        """The one head; None while there is no revision."""
        if len(self.heads) > 1:
            raise Failure(
                self.forked, "Put yours on the other one: migrate.py rebase; or join them: alembic merge heads"
            )
        return self.heads[0] if self.heads else None

    @property
    def forked(self) -> str:
        """The sentence on a history with more than one head: it names each with its file."""
        heads = ", ".join(f"{head} ({self.path(self.find(head))})" for head in sorted(self.heads))
        return f"The history has {counted(len(self.heads), 'head')}: {heads}."

    def find(self, name: str) -> Script:
        """The revision with this id, or the one whose id begins like this."""
        try:
            found = self.holding(name).scripts.get_revision(name)
        except (CommandError, RevisionError) as error:
            raise Failure(f"{reason(error)}.", "See the revisions there are with: migrate.py history") from error
        if found is None:
            raise Failure(f"There is no revision {name}.", "See the revisions there are with: migrate.py history")
        return found

    @cached_property
    def archives(self) -> "list[History]":
        """What was folded, each a history that ends at the revision which took its place."""
        folders = sorted(path for path in (Path(self.scripts.dir) / SQUASHED).glob("*") if path.is_dir())
        return [History(self.project, (folder,)) for folder in folders]

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(script.revision for script in self.newest_first())

    def holding(self, revision: str) -> "History":
        """The history that has this revision: this one, unless only an archive does."""
        if revision in self._ids or revision in ("head", "heads", "base"):
            return self
        return next((archive for archive in self.archives if revision in archive._ids), self)

    def forms(self, revision: str) -> list[Script]:
        """The files with this id: that of this history, and those of archives, one of which a squash took it from."""
        return [part.find(revision) for part in (self, *self.archives) if revision in part._ids]

    def way(self, stamped: Sequence[str]) -> "list[History]":
        """The histories that a database goes through from `stamped` to the head: this one last.

        Others come before it where the database stands in the middle of what was folded. Raises Failure for a stamp
        that no file of this checkout has.
        """
        parts: list[History] = []
        while unknown := set(stamped) - self._ids:
            part = next((one for one in self.archives if unknown <= one._ids - set(one.heads)), None)
            if part is None or part in parts:
                raise self._unknown(min(unknown))
            parts.append(part)
            stamped = part.heads
        return [*parts, self]

    def _unknown(self, revision: str) -> Failure:
        if owner := self.project.elsewhere.get(revision):
            return Failure(
                f"The database is stamped with {revision}, which is not of this history but of {owner}.",
                "See how far it is from here: migrate.py whereami",
            )
        return Failure(
            f"The database is stamped with {revision}, a revision that no file of this checkout has.",
            "Update the checkout, or restore the file; or see which revision it equals: migrate.py whereami",
        )

    def require_known(self, revisions: list[str]) -> None:
        """Raises Failure for a stamp that no file of this checkout has."""
        self.way(revisions)

    def require_unfolded(self, stamped: Sequence[str]) -> None:
        """Raises Alembic's own CommandError, for its own commands, which cannot go on from what was folded."""
        for revision in set(stamped) - self._ids:
            if (part := self.holding(revision)) is not self:
                raise CommandError(
                    f"The database stands at {revision}, which a squash has folded into {part.heads[0]}."
                    " This takes it there and on: migrate.py upgrade"
                )

    def upgrade_steps(self, target: str, stamped: Sequence[str]) -> list[RevisionStep]:
        """What takes a database that stands at `stamped` up to `target`, as Alembic says it."""
        steps: list[RevisionStep] = []
        for part in self.way(stamped) if stamped else [self.holding(target)]:
            here = part is self or target in part._ids or target.startswith("+")
            at: Any = tuple(stamped)
            steps += part.scripts._upgrade_revs(target if here else part.heads[0], at)
            if here:
                break
            stamped = part.heads
        self.require_filled(step.revision for step in steps)
        return steps

    def downgrade_steps(self, target: str, stamped: Sequence[str]) -> list[RevisionStep]:
        """What takes a database that stands at `stamped` down to `target`, as Alembic says it."""
        at: Any = tuple(stamped)
        return self.way(stamped)[0].scripts._downgrade_revs(target, at)

    def require_filled(self, revisions: Iterable[Script]) -> None:
        """Raises Failure for a revision with a backfill that its author has not written yet."""
        for script in revisions:
            for number, line in enumerate(self._text(script).splitlines(), 1):
                if is_unwritten(line):
                    raise Failure(
                        f"{self.path(script)}:{number} is yet to be written: {line.strip()}",
                        f"Put an SQL expression in place of {PLACE}, then: migrate.py prove {script.revision}",
                    )

    def path(self, revision: Script) -> Path:
        """The file of a revision, relative to the project."""
        path = Path(revision.path)
        return path.relative_to(self.project.root) if path.is_relative_to(self.project.root) else path

    def newest_first(self) -> list[Script]:
        """All revisions, heads first."""
        return list(self.scripts.walk_revisions())

    def before(self, revision: Script) -> list[Script]:
        """The revisions that one stands on, in the order in which they run."""
        found = self.scripts.iterate_revisions(revision.revision, "base")
        return [script for script in found if script.revision != revision.revision][::-1]

    def pending(self, stamped: list[str]) -> list[Script]:
        """The revisions that an upgrade to the heads would run on a database that stands at `stamped`, in order."""
        found: list[Script] = []
        for part in self.way(stamped):
            found += part._pending(stamped)
            stamped = part.heads
        return found

    def _pending(self, stamped: list[str]) -> list[Script]:
        try:
            path = self.scripts.iterate_revisions(tuple(stamped), "base") if stamped else ()
            done = {script.revision for script in path}
        except RevisionError as error:
            raise Failure(
                f"The database's stamps do not fit together: {reason(error)}.",
                self.way_out(stamped),
            ) from error
        return [script for script in reversed(self.newest_first()) if script.revision not in done]

    def way_out(self, stamped: list[str]) -> str:
        """What to type for a database that is stamped with several revisions: often one stands on all the others."""
        for revision in stamped:
            below = {script.revision for script in self.before(self.find(revision))}
            if below.issuperset(set(stamped) - {revision}):
                return f"{revision} stands on the rest: migrate.py stamp {revision}   (compares the database first)"
        return "See which revision it equals: migrate.py whereami"

    def touching(self, item: Object, at: str | None = None) -> Script | None:
        """The newest revision, of those up to `at` or of all, that mentions an object by name, and its table's."""
        names = [split_name(item.parent)[1]] if item.parent else []
        names.append(plain_name(item))
        wanted = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names]
        scripts = (self.holding(at) if at else self).scripts.iterate_revisions(at or "heads", "base")
        return next((s for s in scripts if all(pattern.search(self._text(s)) for pattern in wanted)), None)

    def source(self, revision: str) -> str:
        """The text of a revision's file."""
        return self._text(self.find(revision))

    def _text(self, script: Script) -> str:
        if script.revision not in self._texts:
            self._texts[script.revision] = Path(script.path).read_text()
        return self._texts[script.revision]

    def replay(self, connection: Connection, target: str = "heads") -> None:
        """Run the revisions up to `target` on the database behind `connection`, which must be a shadow, and commit."""

        def steps(heads: tuple[str, ...], _: object) -> list[RevisionStep]:
            return self.upgrade_steps(target, heads)

        run_steps(self, connection, steps, "The history cannot be replayed: ", destination_rev=target)

    def step(self, connection: Connection, revision: str, direction: str) -> None:
        """Run one revision, "upgrade" or "downgrade", on a shadow, and commit. Raises Failure with why it fails.

        It is named to Alembic as a step: to go down to a parent would take back that parent's other children as well.
        """
        script = self.find(revision)
        self.require_filled([script])
        if not hasattr(script.module, direction):
            raise Failure(f"{self.path(script)} has no function {direction}().")
        self.take(connection, RevisionStep(self.scripts.revision_map, script, direction == "upgrade"))

    def take(self, connection: Connection, step: RevisionStep) -> None:
        """The same for a step, which may be one of an archive's."""
        run_steps(self, connection, lambda *_: [step])
