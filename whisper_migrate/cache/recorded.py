"""The catalogs of a history, kept between runs by everything that they depend on.

Only the catalogs of plain revisions are kept (see `plain_revisions`). A catalog is used again only if two runs, one
after another, have replayed the history to the same result, with the same files, variables, packages and server: so a
history that makes names by a clock or by chance is not taken for steady. Every day one run replays again. A verdict is
never kept.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.script import Script
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from whisper_migrate.cache import digests, folder
from whisper_migrate.cache.inputs import Inputs, loaded, places, watch
from whisper_migrate.cache.plain_revisions import is_plain
from whisper_migrate.catalog.document import dumps, loads, same
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.history.history import History
from whisper_migrate.project.alembic_folders import ini
from whisper_migrate.project.project import Project

FORMAT = 1
TRUSTED = 2  # equal replays
A_DAY = 86_400  # seconds


@dataclass
class Asked:
    """The catalog that is asked for: of a history at `revisions` on a server, with `requires` as in `inspect`."""

    history: History
    server: Connection
    revisions: Sequence[str]
    requires: bool

    @property
    def ids(self) -> list[str]:
        """The ids of the revisions."""
        return sorted(self.history.heads if tuple(self.revisions) == ("heads",) else self.revisions)

    @property
    def files(self) -> set[str]:
        """The files that a replay runs for certain, and those with the project's configuration."""
        project = self.history.project
        found = {project.root / "pyproject.toml", ini(project.root, project.options.get("alembic_ini"))}
        found |= {Path(self.history.scripts.env_py_location), project.root / ".env"}
        found |= set(self.revision_files)
        if str(baseline := project.options.get("baseline", "")).endswith(".sql"):
            found.add(project.root / str(baseline))
        return {str(file) for file in found if file}

    @cached_property
    def revision_files(self) -> list[Path]:
        """The files of the revisions up to `revisions`; of all revisions if a squash took some away."""
        return [Path(script.path) for script in self._scripts()]

    @cached_property
    def is_plain(self) -> bool:
        """Whether each revision is plain."""
        return all(map(is_plain, self.revision_files))

    def _scripts(self) -> Iterable[Script]:
        if self.history.archives:
            return [script for part in (self.history, *self.history.archives) for script in part.newest_first()]
        try:
            return list(self.history.scripts.iterate_revisions(tuple(self.ids), "base")) if self.ids else []
        except (CommandError, RevisionError):
            return self.history.newest_first()


class Recorded:
    """The kept catalogs of a project. Create it before the project's code is imported."""

    def __init__(self, project: Project) -> None:
        """Begin to note what the project's code reads."""
        self._root = str(project.root)
        self._inputs: Inputs = watch(project.root)
        self._surroundings = ""

    def find(self, asked: Asked) -> Catalog | None:
        """Return a catalog; None if it is not kept, or anything that it depends on has changed."""
        entry = self._entry(asked)
        if entry is None or entry["equal"] < TRUSTED or abs(time.time() - entry["at"]) > A_DAY:
            return None
        return loads(entry["catalog"])

    def keep(self, asked: Asked, catalog: Catalog) -> None:
        """Keep the result of a replay, and whether it is that of the run before."""
        document = dumps(catalog)
        modules = {str(Path(file).absolute()) for _, file in loaded()}
        files = sorted({*asked.files, *modules, *self._inputs.files})
        are_files = all(Path(file).is_file() for file in modules)
        if not self._inputs.bounded or not are_files or any(Path(one).exists() > Path(one).is_file() for one in files):
            return
        if not asked.is_plain or document is None or not same(loads(document), catalog):
            return
        before = self._entry(asked)
        salt = secrets.token_hex(16)
        entry = {
            "files": {file: digests.of_file(file) for file in files},
            "folders": {place: digests.of_folder(place) for place in sorted(self._inputs.folders)},
            "modules": {place: digests.of_modules(place) for place in places(self._inputs.path)},
            "variables": {name: self._variable(name, salt) for name in sorted(self._inputs.variables)},
            "salt": salt,
            "roles": digests.roles(asked.server) if any(map(digests.asks_for_roles, files)) else None,
            "equal": 1 if before is None else _again(before, catalog),
            "at": time.time(),
            "catalog": document,
        }
        folder.save(self._name(asked), json.dumps(entry))

    def _entry(self, asked: Asked) -> dict[str, Any] | None:
        """Return a kept entry whose inputs are as they were; None if there is none."""
        content = folder.load(self._name(asked)) if self._inputs.bounded and asked.is_plain else None
        if content is None:
            return None
        entry: dict[str, Any] = json.loads(content)
        is_as_it_was = (
            asked.files <= entry["files"].keys()
            and all(digests.of_file(file) == known for file, known in entry["files"].items())
            and all(digests.of_folder(place) == known for place, known in entry["folders"].items())
            and all(digests.of_modules(place) == known for place, known in entry["modules"].items())
            and all(self._variable(name, entry["salt"]) == known for name, known in entry["variables"].items())
            and (entry["roles"] is None or entry["roles"] == digests.roles(asked.server))
        )
        return entry if is_as_it_was else None

    def _variable(self, name: str, salt: str) -> str:
        return digests.of_variable(self._inputs.environment, name, salt)

    def _name(self, asked: Asked) -> str:
        self._surroundings = self._surroundings or digests.surroundings(asked.server)
        what = (FORMAT, self._root, self._inputs.path, self._surroundings, asked.ids, asked.requires)
        return digests.digest(what)


def _again(before: dict[str, Any], catalog: Catalog) -> int:
    """Return the number of equal replays with this one; 0, also for later, once replays with equal inputs differed."""
    steady = before["equal"] and same(loads(before["catalog"]), catalog)
    return int(before["equal"]) + 1 if steady else 0
