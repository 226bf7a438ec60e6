"""Start psql on a database without showing passwords in the list of processes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from whisper_migrate import embedded
from whisper_migrate.addresses.secret_parameters import is_address, secrets, without_secrets
from whisper_migrate.addresses.url import rendered
from whisper_migrate.databases.own_connections import NAME
from whisper_migrate.errors import Failure

SERVICE = "whisper_migrate"


@contextmanager
def psql(url: URL) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield the command to run, without secrets, and the environment that contains them.

    libpq takes the password from the environment, and other secrets only from a service file. Raises Failure for a URL
    whose secrets psql could only be given in its arguments.
    """
    if is_address(url.database or "") or any(map(is_address, url.query.values())):
        raise Failure(
            "psql cannot be given a connection string in the place of a database's name: its password would be seen.",
            "Write the parts of the connection string into DATABASE_URL itself.",
        )
    program = shutil.which("psql") or str(embedded.binaries() / "psql")
    hidden = secrets(url)
    password = hidden.pop("password", None)
    environ = {name: value for name, value in os.environ.items() if value != NAME}
    environ |= {"PGPASSWORD": password} if password else {}
    plain = without_secrets(url)
    if not hidden:
        yield [program, rendered(plain)], environ
        return
    if "service" in url.query:
        names = " and ".join(sorted(hidden))
        raise Failure(f"psql cannot be given {names} of a URL that names a service.", f"Put {names} into the service.")
    with tempfile.TemporaryDirectory(prefix="whisper-psql-") as folder:  # only the user can enter this folder
        file = Path(folder, "service")
        file.touch(mode=0o600)
        file.write_text("\n".join([f"[{SERVICE}]", *(f"{name}={value}" for name, value in hidden.items())]) + "\n")
        named = plain.update_query_dict({"service": SERVICE})
        yield [program, rendered(named)], {**environ, "PGSERVICEFILE": str(file)}
