"""The revisions of a project: their graph, the position of a database in it, and running them in a shadow."""

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

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import plain_name, split_name
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.version_table import use
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.branches import rivals
from whisper_migrate.history.shadow_run import run_steps
from whisper_migrate.history.unwritten import PLACE, is_unwritten
from whisper_migrate.models.unchanged_models import noted
from whisper_migrate.project.project import Project
from whisper_migrate.wording.plurals import counted

# Folder for the revisions that `migrate.py squash` replaced, in a folder named after the new revision.
SQUASHED = "squashed"
# An env.py may set this attribute of Alembic's ScriptDirectory.
VERSIONS = "version_locations"


class History:
    """The revisions of a project. Every method raises Failure with a plain sentence for an invalid history.

    A squash replaces revisions by one that has the id of the last of them. The originals are in `archives`, each a
    history of its own that ends at that revision. A database that is at a revision in between is upgraded through
    these.
    """

    def __init__(self, project: Project, versions: Sequence[Path] = ()) -> None:
        """`versions` are the folders with the revisions, if not the project's own."""
        self.project = project
        self._texts: dict[str, str] = {}
        self.versions = versions
        config = project.alembic(versions=versions)
        try:
            with warnings.catch_warnings():
                # Alembic only warns about an id in two files, or a down_revision that does not exist.
                warnings.filterwarnings("error", category=UserWarning, module=r"alembic\.")
                self.scripts = ScriptDirectory.from_config(config)
                if not versions and VERSIONS in Path(self.scripts.env_py_location).read_text(encoding="utf-8"):
                    self.versions = list(map(Path, project.env_py[VERSIONS] or ()))
                    self.scripts = ScriptDirectory.from_config(project.alembic(versions=self.versions))
                with noted(self.folders):
                    self.heads = list(self.scripts.get_heads())
                use(project.version_options)
                self._forget_fresh()
        except Failure:
            raise
        except (CommandError, RevisionError, UserWarning) as error:
            raise Failure(f"The history cannot be read: {reason(error)}.") from error
        except BaseException as error:
            if is_of_a_signal(error):
                raise
            raise Failure(f"A revision does not import: {project.blame(error)}.") from error

    @property
    def folders(self) -> list[Path]:
        """The folders with the revisions."""
        return list(map(Path, self.scripts._version_locations))

    def folder(self, parent: str | None) -> Path:
        """Return the folder for a new revision: that of its parent, or else the first of `folders`."""
        file = Path(self.find(parent).path) if parent else None
        return next((folder for folder in self.folders if file and file.is_relative_to(folder)), self.folders[0])

    def _forget_fresh(self) -> None:
        """Delete the bytecode of files that are younger than 2 seconds.

        Python does not notice if a file is written again within one second.
        """
        for script in self.newest_first():
            if time.time() - Path(script.path).stat().st_mtime < 2:
                Path(importlib.util.cache_from_source(script.path)).unlink(missing_ok=True)

    @property
    def head(self) -> str | None:
        """The only head; None if there is no revision. Raises Failure if there are several heads."""
        self.require_no_fork()
        if len(self.heads) > 1:
            raise Failure(
                f"{self.several} This needs a single one.", "See the branches with: migrate.py history --graph"
            )
        return self.heads[0] if self.heads else None

    @property
    def several(self) -> str:
        """The sentence on a history with several heads, each with its file."""
        heads = ", ".join(f"{head} ({self.path(self.find(head))})" for head in sorted(self.heads))
        return f"The history has {counted(len(self.heads), 'head')}: {heads}."

    @cached_property
    def is_forked(self) -> bool:
        """Whether heads are rivals, and not branches of the project (see `rivals`)."""
        return bool(rivals(self.scripts, self.heads))

    def require_no_fork(self) -> None:
        """Raises Failure if the history is forked."""
        if self.is_forked:
            raise Failure(
                self.several, "Put yours on the other one: migrate.py rebase; or join them: alembic merge heads"
            )

    def find(self, name: str) -> Script:
        """Return the revision with this id, or whose id begins like this."""
        if name in ("head", "heads") and len(self.heads) > 1:
            raise Failure(f"{self.several} Name one of them.")
        try:
            found = self.holding(name).scripts.get_revision(name)
        except Failure:
            raise
        except (CommandError, RevisionError) as error:
            raise Failure(f"{reason(error)}.", "See the revisions there are with: migrate.py history") from error
        if found is None:
            raise Failure(f"There is no revision {name}.", "See the revisions there are with: migrate.py history")
        return found

    @cached_property
    def archives(self) -> "list[History]":
        """The squashed revisions, as histories that end at the revision which replaced them."""
        folders = sorted(path for path in (Path(self.scripts.dir) / SQUASHED).glob("*") if path.is_dir())
        return [History(self.project, (folder,)) for folder in folders]

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(script.revision for script in self.newest_first())

    def holding(self, revision: str) -> "History":
        """Return the history with this revision: the project's own, or the archive that alone has the file."""
        if revision in self._ids or revision in ("head", "heads", "base"):
            return self
        return next((archive for archive in self.archives if revision in archive._ids), self)

    def forms(self, revision: str) -> list[Script]:
        """Return all files with this id: this history's, and those in archives from which a squash took the id."""
        return [part.find(revision) for part in (self, *self.archives) if revision in part._ids]

    def way(self, stamped: Sequence[str]) -> "list[History]":
        """Return the histories that a database passes from `stamped` to the head: archives first, this one last.

        An archive is needed if the database is at a revision that was squashed. Raises Failure for a stamp that no file
        of this checkout has.
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
                "Compare it with this history, and see what joins it: migrate.py adopt",
            )
        return Failure(
            f"The database is stamped with {revision}, a revision that no file of this checkout has.",
            "Update the checkout, or restore the file; or see which revision it equals: migrate.py whereami",
        )

    def require_known(self, revisions: list[str]) -> None:
        """Raises Failure for a stamp that no file of this checkout has."""
        self.way(revisions)

    def require_unfolded(self, stamped: Sequence[str]) -> None:
        """Raises Alembic's CommandError, for Alembic's own commands, which cannot start at a squashed revision."""
        for revision in set(stamped) - self._ids:
            if (part := self.holding(revision)) is not self:
                raise CommandError(
                    f"The database is at {revision}, which a squash has folded into {part.heads[0]}."
                    " This takes it there and on: migrate.py upgrade"
                )

    def upgrade_steps(self, target: str, stamped: Sequence[str]) -> list[RevisionStep]:
        """Return Alembic's steps that upgrade a database from the revisions `stamped` to `target`."""
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
        """Return Alembic's steps that downgrade a database from the revisions `stamped` to `target`."""
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
        """Return the file of a revision, relative to the project."""
        return self.project.shown(Path(revision.path))

    def newest_first(self) -> list[Script]:
        """Return all revisions, heads first."""
        return list(self.scripts.walk_revisions())

    def before(self, revision: Script) -> list[Script]:
        """Return the revisions below `revision`, in the order in which they run."""
        found = self.scripts.iterate_revisions(revision.revision, "base")
        return [script for script in found if script.revision != revision.revision][::-1]

    def pending(self, stamped: list[str]) -> list[Script]:
        """Return the revisions that an upgrade from `stamped` to the heads would run, in order."""
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
            at_once = f"{counted(len(stamped), 'revision')} at once: {', '.join(stamped)}"
            raise Failure(
                f"The database is stamped with {at_once}. They do not fit together.", self.way_out(stamped)
            ) from error
        return [script for script in reversed(self.newest_first()) if script.revision not in done]

    def way_out(self, stamped: list[str]) -> str:
        """Suggest what to type for a database stamped with several revisions: often one of them includes all others."""
        for revision in stamped:
            below = {script.revision for script in self.before(self.find(revision))}
            if below.issuperset(set(stamped) - {revision}):
                return f"{revision} depends on the rest: migrate.py stamp {revision}   (compares the database first)"
        return "See which revision it equals: migrate.py whereami"

    def touching(self, item: Object, at: Sequence[str] = ()) -> Script | None:
        """Return the newest revision, up to `at` if given, whose file contains the names of an object and its table."""
        names = [split_name(item.parent)[1]] if item.parent else []
        names.append(plain_name(item))
        wanted = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names]
        scripts = (self.way(at)[0] if at else self).scripts.iterate_revisions(tuple(at) or "heads", "base")
        return next((s for s in scripts if all(pattern.search(self._text(s)) for pattern in wanted)), None)

    def source(self, revision: str) -> str:
        """Return the text of a revision's file."""
        return self._text(self.find(revision))

    def _text(self, script: Script) -> str:
        if script.revision not in self._texts:
            self._texts[script.revision] = Path(script.path).read_text()
        return self._texts[script.revision]

    def replay(self, connection: Connection, *targets: str) -> None:
        """Run the revisions up to `targets`, or else up to the heads, in the shadow behind `connection`, and commit."""
        for target in targets or ("heads",):

            def steps(heads: tuple[str, ...], _: object, target: str = target) -> list[RevisionStep]:
                return self.upgrade_steps(target, heads)

            run_steps(self, connection, steps, "The history cannot be replayed: ", destination_rev=target)

    def step(self, connection: Connection, revision: str, direction: str, memo: dict[str, Any] | None = None) -> None:
        """Run one revision, "upgrade" or "downgrade", in a shadow, and commit. Raises Failure with why it fails.

        For `memo` see `run_steps`.
        Alembic gets the step, not a target: a downgrade to the parent would also revert the parent's other children.
        """
        script = self.find(revision)
        self.require_filled([script])
        if not hasattr(script.module, direction):
            raise Failure(f"{self.path(script)} has no function {direction}().")
        self.take(connection, RevisionStep(self.scripts.revision_map, script, direction == "upgrade"), memo)

    def take(self, connection: Connection, step: RevisionStep, memo: dict[str, Any] | None = None) -> None:
        """Run one step in a shadow, and commit; the step may be one of an archive's. For `memo` see `run_steps`."""
        run_steps(self, connection, lambda *_: [step], memo=memo)
