"""Find the database: DATABASE_URL, else POSTGRES_*, else the embedded server. Printed addresses have no password."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from sqlalchemy import URL

from whisper_migrate import embedded
from whisper_migrate.addresses.secret_parameters import shown
from whisper_migrate.addresses.url import DRIVER, parse, port_number
from whisper_migrate.errors import Failure
from whisper_migrate.wording.sign_of_life import doing

__all__ = ["Database", "configured", "database", "embedded_folder", "parse", "shown"]


@dataclass(frozen=True)
class Database:
    """A database, and the source of its address in words."""

    url: URL
    source: str

    def __str__(self) -> str:
        if self.source.startswith("the embedded server"):
            return f"{self.url.database} on {self.source}"
        return f"{shown(self.url)} ({self.source})"


def configured(root: Path, environ: Mapping[str, str] | None = None) -> Database | None:
    """Return the database that the environment or `.env` names; None if neither does.

    The environment takes precedence: a POSTGRES_HOST there wins over a DATABASE_URL in `.env`.
    """
    real, file = _variables(root, environ)
    both = {**file, **real}
    for variables, where in ((real, ""), (file, " in .env")):
        if text := variables.get("DATABASE_URL"):
            return Database(parse(text, f"DATABASE_URL{where}"), f"DATABASE_URL{where}")
        if variables.get("POSTGRES_HOST"):
            return Database(_assembled(both), f"POSTGRES_HOST{where}")
    return None


def database(root: Path, environ: Mapping[str, str] | None = None, start: bool = True) -> Database:
    """Return the configured database, else that of the embedded server, which is started unless `start` is False."""
    found = configured(root, environ)
    if found:
        return found
    folder = embedded_folder(root, environ)
    real, file = _variables(root, environ)
    programs = {**file, **real}.get("WHISPER_PGBIN")
    if start:
        with doing("starting PostgreSQL"):
            url = embedded.start(folder, binaries=programs)
    else:
        url = embedded.url(folder)
    name = folder.relative_to(root.absolute()) if folder.is_relative_to(root.absolute()) else folder
    return Database(url, f"the embedded server in {name}")


def embedded_folder(root: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Return the embedded server's data folder: WHISPER_PGDATA, absolute or relative to `root`, or `.pgdata`."""
    real, file = _variables(root, environ)
    return root.absolute() / Path({**file, **real}.get("WHISPER_PGDATA", ".pgdata")).expanduser()


def _variables(root: Path, environ: Mapping[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables of the environment and those of `.env`, without empty ones."""
    try:
        file = dotenv_values(root / ".env", encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"The file {root / '.env'} cannot be read as text.", "Save it as UTF-8, or delete it.") from error
    real = os.environ if environ is None else environ
    return {k: v for k, v in real.items() if v}, {k: v for k, v in file.items() if v}


def _assembled(variables: Mapping[str, str]) -> URL:
    host, port = variables["POSTGRES_HOST"].strip(), variables.get("POSTGRES_PORT", "5433")
    url = URL.create(
        DRIVER,
        username=variables.get("POSTGRES_USER", "whisperengine"),
        password=variables.get("POSTGRES_PASSWORD"),
        database=variables.get("POSTGRES_DB", "whisperengine"),
    )
    number = port_number(port.strip(), "POSTGRES_PORT")
    if host.startswith("/"):
        return url.update_query_dict({"host": host, "port": str(number)})
    return url.set(host=host.removeprefix("[").removesuffix("]"), port=number)
