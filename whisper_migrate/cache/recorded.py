"""The catalogs of a history, kept between runs by everything that they depend on.

A catalog is used again only if two runs, one after another, have replayed the history to the same result, with the same
files, variables, packages and server. So revisions that read a clock, or what else they meet, are not taken for steady.
Every day one run replays again. Only catalogs are kept, never a verdict.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from whisper_migrate.cache import folder
from whisper_migrate.cache.inputs import ALL, OF_THE_SHELL, OURS, Inputs, loaded, watch
from whisper_migrate.catalog.document import dumps, loads, same
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.history.history import History
from whisper_migrate.project.alembic_folders import ini
from whisper_migrate.project.project import Project

FORMAT = 1
TRUSTED = 2  # equal replays
A_DAY = 86_400  # seconds

# What a server brings to a replay besides the statements: its version, the role, the settings of its sessions, the
# extensions that it offers, and the database that it copies.
SERVER = """
SELECT version(), current_user, session_user,
       (SELECT array_agg(name || '=' || setting ORDER BY name) FROM pg_catalog.pg_settings
        WHERE context IN ('user', 'superuser') AND name <> 'application_name'),
       (SELECT array_agg(name || ' ' || default_version ORDER BY name) FROM pg_catalog.pg_available_extensions()),
       (SELECT (to_jsonb(d) - 'oid' - 'datfrozenxid' - 'datminmxid')::text FROM pg_catalog.pg_database AS d
        WHERE d.datname = 'template0')
"""
# Roles and tablespaces come and go on a server. They matter to a project whose files ask for them.
ROLES = """
SELECT (SELECT array_agg(to_jsonb(r)::text ORDER BY rolname) FROM pg_catalog.pg_roles AS r),
       (SELECT array_agg(spcname ORDER BY spcname) FROM pg_catalog.pg_tablespace)
"""
ASKS_FOR_ROLES = re.compile(
    rb"pg_(roles|authid|user|shadow|group|auth_members|has_role|tablespace)|role(s|name)?\b", re.I
)


class Recorded:
    """The kept catalogs of a project. Create it before the project's code is imported."""

    def __init__(self, project: Project, *, fresh: bool = False) -> None:
        """With `fresh` no kept catalog is used; the new ones are kept."""
        self.project = project
        self.fresh = fresh
        self._inputs: Inputs = watch(project.root)
        self._surroundings: tuple[Any, ...] = ()

    def find(self, history: History, server: Connection, revisions: Sequence[str], *, requires: bool) -> Catalog | None:
        """Return the catalog of the history at `revisions` on such a server, with `requires` as in `inspect`.

        None if it is not kept, or anything that it depends on has changed.
        """
        entry = self._entry(history, server, revisions, self._name(history, server, revisions, requires))
        if self.fresh or entry is None or entry["equal"] < TRUSTED or time.time() - entry["at"] > A_DAY:
            return None
        return loads(entry["catalog"])

    def keep(
        self, history: History, server: Connection, revisions: Sequence[str], catalog: Catalog, *, requires: bool
    ) -> None:
        """Keep what the history made at `revisions`, and whether it is what the run before has made."""
        if not self._inputs.is_bounded:
            return
        try:
            document = dumps(catalog)
        except TypeError:
            return
        if not same(loads(document), catalog):
            return
        name = self._name(history, server, revisions, requires)
        before = self._entry(history, server, revisions, name)
        equal = 1 if before is None else _again(before, catalog)
        salt = secrets.token_hex(16)
        modules = {str(Path(file).absolute()) for _, file in loaded()}
        files = {*self._files(history, revisions), *modules, *self._inputs.files}
        entry = {
            "salt": salt,
            "roles": _roles(server) if any(map(_asks_for_roles, files)) else None,
            "files": {file: _file(file) for file in sorted(files)},
            "folders": {place: _listing(place) for place in sorted(self._inputs.folders)},
            "variables": {variable: _variable(variable, salt) for variable in sorted(self._inputs.variables)},
            "equal": equal,
            "at": time.time(),
            "catalog": document,
        }
        folder.save(name, json.dumps(entry))

    def _entry(
        self, history: History, server: Connection, revisions: Sequence[str], name: str
    ) -> dict[str, Any] | None:
        """Return a kept entry whose inputs are as they were; None if there is none."""
        content = folder.load(name)
        if content is None:
            return None
        entry: dict[str, Any] = json.loads(content)
        files = entry["files"]
        is_same = (
            self._inputs.is_bounded
            and self._files(history, revisions) <= files.keys()
            and all(_file(file) == digest for file, digest in files.items())
            and all(_listing(place) == digest for place, digest in entry["folders"].items())
            and all(_variable(one, entry["salt"]) == digest for one, digest in entry["variables"].items())
            and (entry["roles"] is None or entry["roles"] == _roles(server))
        )
        return entry if is_same else None

    def _name(self, history: History, server: Connection, revisions: Sequence[str], requires: bool) -> str:
        if not self._surroundings:
            found = server.execute(text(SERVER)).one()
            self._surroundings = (FORMAT, str(self.project.root), sys.version, _packages(), _program(), *found)
        what = (*self._surroundings, sorted(_resolved(history, revisions)), requires)
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def _files(self, history: History, revisions: Sequence[str]) -> set[str]:
        """Return the files that a replay runs for certain, and those with the project's configuration."""
        project = self.project
        found = {project.root / "pyproject.toml", ini(project.root, project.options.get("alembic_ini"))}
        found.add(Path(history.scripts.env_py_location))
        found |= {Path(script.path) for script in _scripts(history, revisions)}
        if str(baseline := project.options.get("baseline", "")).endswith(".sql"):
            found.add(project.root / str(baseline))
        return {str(file) for file in found if file}


def _again(before: dict[str, Any], catalog: Catalog) -> int:
    """Return the number of equal replays with this one; 0, also for later, once replays with equal inputs differed."""
    steady = before["equal"] and same(loads(before["catalog"]), catalog)
    return int(before["equal"]) + 1 if steady else 0


def _resolved(history: History, revisions: Sequence[str]) -> Iterable[str]:
    return history.heads if tuple(revisions) == ("heads",) else revisions


def _scripts(history: History, revisions: Sequence[str]) -> Iterable[Any]:
    """Return the revisions up to `revisions`; all of them if a squash took some away."""
    if history.archives:
        return [script for part in (history, *history.archives) for script in part.newest_first()]
    ids = tuple(_resolved(history, revisions))
    try:
        return list(history.scripts.iterate_revisions(ids, "base")) if ids else []
    except (CommandError, RevisionError):
        return history.newest_first()


def _file(name: str) -> str | None:
    """Return the SHA-256 of a file's content; None if it cannot be read."""
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return None


def _asks_for_roles(name: str) -> bool:
    try:
        return bool(ASKS_FOR_ROLES.search(Path(name).read_bytes()))
    except OSError:
        return False


def _roles(server: Connection) -> str:
    return hashlib.sha256(repr(server.execute(text(ROLES)).one()).encode()).hexdigest()


def _listing(name: str) -> str | None:
    try:
        return hashlib.sha256(repr(sorted(one.name for one in Path(name).iterdir())).encode()).hexdigest()
    except OSError:
        return None


def _variable(name: str, salt: str) -> str:
    """Return the salted SHA-256 of a variable's value, which may be a secret."""
    value: Any = os.environ.get(name)
    if name == ALL:
        value = sorted((one, it) for one, it in os.environ.items() if one not in OF_THE_SHELL)
    return hashlib.sha256(repr((salt, value)).encode()).hexdigest()


def _packages() -> list[str]:
    """Return the installed packages with their versions, as the names of their metadata's folders tell them."""
    found: set[str] = set()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path}:
        with suppress(OSError):
            found |= {one.name for one in Path(place or ".").iterdir() if one.suffix in (".dist-info", ".egg-info")}
    return sorted(found)


def _program() -> list[tuple[str, int, int]]:
    """Return this program's files with size and time of change: a checkout of it changes under one version."""
    return sorted((str(file), (state := file.stat()).st_size, state.st_mtime_ns) for file in Path(OURS).rglob("*.py"))
