"""The folder of the cache, by the platform's convention: its files, their check, and its limit."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

UNFINISHED = "unfinished-"
NAME = re.compile(rf"[0-9a-f]{{64}}|{UNFINISHED}\w+")
NOT_THERE = (OSError, RuntimeError, ValueError)  # without a home, there is no folder either
LIMIT = 200_000_000  # bytes; the files that were not used for the longest time go first


def folder() -> Path:
    """Return the folder, which need not exist."""
    return user_cache_path("whisper-migrate", appauthor=False)


def load(name: str) -> str | None:
    """Return the content of a file; None if there is none. A file that is not as it was written is deleted."""
    try:
        file = folder() / name
        if not _is_mine(file.parent, S_ISDIR) or not _is_mine(file, S_ISREG):
            return None
        known, _, content = file.read_bytes().partition(b"\n")
        if known.decode() != _digest(content):
            file.unlink()
            return None
        os.utime(file)
        return content.decode()
    except NOT_THERE:
        return None


def save(name: str, text: str) -> None:
    """Write a file, whole or not at all. Nothing happens if the folder cannot be written, as in some containers."""
    with suppress(*NOT_THERE):
        place, content = folder(), text.encode()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_mine(place, S_ISDIR):
            return
        with NamedTemporaryFile(dir=place, prefix=UNFINISHED, delete=False) as file:
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
    """Delete all files of the cache, and no other ones; return their number."""
    files = _files(folder())
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _files(place: Path) -> list[Path]:
    """Return the files of the cache, the longest unused first."""
    if not place.is_dir() or not _is_mine(place, S_ISDIR):
        return []
    found = [file for file in place.iterdir() if NAME.fullmatch(file.name) and _is_mine(file, S_ISREG)]
    return sorted(found, key=lambda file: file.stat().st_mtime)


def _limit(place: Path) -> None:
    files = _files(place)
    size = sum(file.stat().st_size for file in files)
    for file in files[:-1]:
        if size <= LIMIT:
            return
        size -= file.stat().st_size
        file.unlink(missing_ok=True)


def _is_mine(path: Path, is_kind: Callable[[int], bool]) -> bool:
    """Whether a path is a file or folder, no link, that nobody else can write."""
    state = path.lstat()
    return is_kind(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o022


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
