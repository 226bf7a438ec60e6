"""The folder of the cache, by the platform's convention: its files, their check, and its limit."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

LIMIT = 200_000_000  # bytes; the files that were not used for the longest time go first


def folder() -> Path:
    """Return the folder, which need not exist."""
    return user_cache_path("whisper-migrate", appauthor=False)


def load(name: str) -> str | None:
    """Return the content of a file; None if there is none. A file that is not as it was written is deleted."""
    file = folder() / name
    try:
        if not _is_mine(file.parent) or not _is_mine(file):
            return None
        digest, _, content = file.read_bytes().partition(b"\n")
        if digest.decode() != _digest(content):
            raise ValueError
        os.utime(file)
        return content.decode()
    except ValueError:
        with suppress(OSError):
            file.unlink()
    except OSError:
        pass
    return None


def save(name: str, text: str) -> None:
    """Write a file, whole or not at all. Nothing happens if the folder cannot be written, as in some containers."""
    with suppress(OSError):
        place, content = folder(), text.encode()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_mine(place):
            return
        with NamedTemporaryFile(dir=place, delete=False) as file:
            made = Path(file.name)
            try:
                file.write(f"{_digest(content)}\n".encode() + content)
                file.flush()
                made.replace(place / name)
            except OSError:
                made.unlink()
                raise
        _limit(place)


def clear() -> int:
    """Delete all files of the cache; return their number."""
    files = _files(folder())
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _files(place: Path) -> list[Path]:
    """Return the files, the longest unused first."""
    found = [file for file in place.iterdir() if file.is_file()] if place.is_dir() else []
    return sorted(found, key=lambda file: file.stat().st_mtime)


def _limit(place: Path) -> None:
    files = _files(place)
    size = sum(file.stat().st_size for file in files)
    for file in files[:-1]:
        if size <= LIMIT:
            return
        size -= file.stat().st_size
        file.unlink(missing_ok=True)


def _is_mine(path: Path) -> bool:
    """Whether nobody else can write a file or folder."""
    state = path.lstat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
