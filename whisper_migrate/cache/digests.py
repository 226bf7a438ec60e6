"""Digests of what a replay depends on: files, folders, variables, and its surroundings."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from whisper_migrate.cache.inputs import ALL, OF_THE_SHELL, OURS

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
       (SELECT array_agg(roleid::regrole || ' ' || member::regrole ORDER BY 1) FROM pg_catalog.pg_auth_members),
       (SELECT array_agg(spcname ORDER BY spcname) FROM pg_catalog.pg_tablespace)
"""
ASKS_FOR_ROLES = re.compile(
    rb"pg_(roles|authid|user|shadow|group|auth_members|has_role|tablespace)|role(s|name)?\b"
    rb"|\b(grant|revoke|owner|authorization|tablespace|user)\b",
    re.IGNORECASE,
)


def digest(what: Any) -> str:
    """Return the SHA-256 of a value's printed form."""
    return hashlib.sha256(repr(what).encode()).hexdigest()


def surroundings(server: Connection) -> str:
    """Return the digest of Python, the installed packages, this program, the current folder, and the server."""
    python = (sys.version, sys.flags, str(Path.cwd()), os.environ.get("TZ"))
    return digest((python, _packages(), _program(), tuple(server.execute(text(SERVER)).one())))


def roles(server: Connection) -> str:
    """Return the digest of the server's roles and tablespaces."""
    return digest(tuple(server.execute(text(ROLES)).one()))


def asks_for_roles(name: str) -> bool:
    """Whether the text of a file may ask for roles or tablespaces."""
    try:
        return bool(ASKS_FOR_ROLES.search(Path(name).read_bytes()))
    except OSError:
        return False


def of_file(name: str) -> str | None:
    """Return the digest of a file's content; None if it is no regular file, or cannot be read."""
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest() if Path(name).is_file() else None
    except OSError:
        return None


def of_folder(name: str) -> str | None:
    """Return the digest of the names in a folder; None if it cannot be read."""
    try:
        return digest(sorted(one.name for one in Path(name).iterdir()))
    except OSError:
        return None


def of_modules(name: str) -> str | None:
    """Return the digest of the names in a folder that may be modules or packages; None if it cannot be read."""
    try:
        return digest(sorted(one.name for one in Path(name).iterdir() if _may_be_module(one)))
    except OSError:
        return None


def _may_be_module(path: Path) -> bool:
    return path.suffix in (".py", ".pyc", ".so", ".zip") or (path.name.isidentifier() and path.is_dir())


def of_variable(environment: Mapping[str, str], name: str, salt: str) -> str:
    """Return the salted digest of a variable's value, which may be a secret."""
    if name == ALL:
        return digest((salt, sorted(one for one in environment.items() if one[0] not in OF_THE_SHELL)))
    return digest((salt, environment.get(name)))


def _packages() -> list[tuple[str, str | None]]:
    """Return the installed packages: their metadata's folders, named with the version, and the list of their files."""
    found: set[tuple[str, str | None]] = set()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path}:
        with suppress(OSError):
            kept = (one for one in Path(place or ".").iterdir() if one.suffix in (".dist-info", ".egg-info"))
            found |= {(one.name, of_file(str(one / "RECORD"))) for one in kept}
    return sorted(found, key=repr)


def _program() -> list[str | None]:
    """Return the digests of this program's files: a checkout of it changes under one version."""
    return [of_file(str(file)) for file in sorted(Path(OURS).rglob("*.py"))]
