"""Write pages into a folder, or compare them with it, without touching a file that this program did not write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from whisper_migrate.errors import Failure
from whisper_migrate.objects import KINDS
from whisper_migrate.pages.addresses import REVISIONS
from whisper_migrate.pages.templates import MARK

START = 200  # bytes of a file within which the mark is


def write(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write the files, by their paths in the folder, and delete pages of objects that no longer exist.

    Returns the paths that were created, changed or deleted. Raises Failure before anything is written if a file is not
    of this program, or the folder cannot be written.
    """
    if links := [name for name in sorted(files) if _is_linked(folder, name)]:
        raise Failure(
            f"{folder / links[0]} is, or is in, a symbolic link; nothing was written, as it may lead anywhere.",
            "Remove the link, or name another folder.",
        )
    others = [name for name in sorted(files) if (path := folder / name).exists() and not _is_ours(path)]
    if others:
        raise Failure(
            f"{folder / others[0]} exists and was not written by this command; nothing was written.",
            "Name another folder, or move the file away.",
        )
    changes = differences(folder, files)
    try:
        for name, _ in changes:
            path = folder / name
            if name in files:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(files[name], encoding="utf-8")
            else:
                path.unlink()
    except OSError as error:
        raise Failure(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
    return [name for name, _ in changes]


def differences(folder: Path, files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return each path that differs, with `+` for a missing page, `-` for one without an object, `~` for another text.

    Only files with the mark, in this folder and its folders of kinds, count as pages: other files may be there too, and
    the pages of another project below.
    """
    other = [name for name, text in files.items() if not _is(folder, name, text)]
    found = {name: "~" if (folder / name).exists() else "+" for name in other}
    suffixes = {Path(name).suffix for name in files}
    for path in (one for part in ("", REVISIONS, *KINDS) for one in (folder / part).glob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in files and path.suffix in suffixes and not _is_linked(folder, name) and _is_ours(path):
            found[name] = "-"
    return sorted(found.items())


def _is(folder: Path, name: str, text: str) -> bool:
    path = folder / name
    return path.is_file() and path.read_bytes() == text.encode()


def _is_linked(folder: Path, name: str) -> bool:
    """Whether a file, or a folder that it is in below `folder`, is a symbolic link."""
    return any((folder / part).is_symlink() for part in (Path(name), *Path(name).parents[:-1]))


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(START)
