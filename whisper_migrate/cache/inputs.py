"""Note the files, folders and variables that the code of a project reads: while it is imported, and in revisions.

Python reports openings of files and listings of folders to audit hooks. Readings of the environment are noted by the
dictionary inside `os.environ`. What the standard library and installed packages read on their own account is not noted:
their versions stand for it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

OURS = str(Path(__file__).parents[1]) + os.sep
LIBRARIES = tuple(
    {
        f"{path}{os.sep}"
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in (sysconfig.get_path(name), os.path.realpath(sysconfig.get_path(name)))
    }
)
PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
# The world outside of the files: what it answers can be another thing each time.
BEYOND: tuple[str, ...] = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
BEYOND += ("socket.connect", "socket.getaddrinfo", "socket.gethostname", "sqlite3.connect")
METADATA = "importlib/metadata/__init__.py"
ALL = "*"  # stands for the whole environment
OF_THE_SHELL = ("_", "SHLVL", "OLDPWD")  # change with each command


class Inputs:
    """The readings of the project's code since `watch()`. If they are not `bounded`, the code has asked more.

    `environment` and `path` are the variables and `sys.path` as they were then: the project may change both.
    """

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.path = list(sys.path)
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.variables: set[str] = set()
        self.bounded = True

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event that Python reports. Never fails, since the audited call would fail with it."""
        try:
            if event == "open":
                self._opened(*arguments)
            elif event in ("os.listdir", "os.scandir"):
                if _is_of_project(sys._getframe(2), listing=True):
                    self.folders.add(str(Path(_text(arguments[0]) or ".").absolute()))
            elif event in BEYOND and _is_of_project(sys._getframe(2)):
                self.bounded = False
        except (OSError, ValueError, TypeError):
            self.bounded = False

    def _opened(self, path: Any, mode: str | None, flags: int) -> None:
        only_written = flags & os.O_WRONLY if mode is None else set(mode) & set("wax") and "+" not in mode
        name = _text(path)
        if name and not only_written and not _is_library(name) and _is_of_project(sys._getframe(3)):
            self.files.add(str(Path(_source(name)).absolute()))

    def variable(self, name: str) -> None:
        """Note that a variable of the environment was read, or `ALL` of them."""
        if _is_of_project(sys._getframe(2)):
            self.variables.add(name)


class _Environment(dict[Any, Any]):
    """The dictionary inside `os.environ`, which says what is read."""

    def __getitem__(self, name: Any) -> Any:
        if _watched:
            _watched[-1].variable(os.fsdecode(name))
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[Any]:
        if _watched:
            _watched[-1].variable(ALL)
        return super().__iter__()


_watched: list[Inputs] = []


def watch(root: Path) -> Inputs:
    """Begin to note what the project's code reads, until this process ends. Call it before the project is imported.

    If a module of the project in `root` has been imported already, the result is not bounded.
    """
    inputs = Inputs()
    if any(is_under(root, file) for name, file in loaded() if name != "__main__"):
        inputs.bounded = False
    if not _watched:
        sys.addaudithook(lambda event, arguments: _watched[-1].audit(event, arguments))
        environ: Any = os.environ
        noting = _Environment(environ._data)
        bytes_of_it: Any = os.environb
        environ._data = bytes_of_it._data = noting  # two views of one dictionary
    _watched.append(inputs)
    return inputs


def loaded() -> list[tuple[str, str]]:
    """Return the modules that are neither the standard library's, nor an installed package's, nor ours, with files."""
    found = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
    return [(name, file) for name, file in found if file and not _is_library(file) and not file.startswith(OURS)]


def places(path: Sequence[str]) -> list[str]:
    """Return the folders in which an import of the project's code may find a module, other than installed packages."""
    found = {str(Path(place).absolute()) for place in path}
    for name, file in loaded():
        found.add(str(Path(file).absolute().parent))
        found |= {str(Path(place).absolute()) for place in getattr(sys.modules.get(name), "__path__", ())}
    return sorted(place for place in found if not _is_library(f"{place}{os.sep}"))


def is_under(root: Path, file: str) -> bool:
    """Whether a file is in the folder `root` or below."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root))


def _is_of_project(frame: FrameType | None, *, listing: bool = False) -> bool:
    """Whether code of the project is at work: it is called by nothing but libraries, up to the first frame of ours.

    A `listing` of the import system looks for a module: see `places`.
    """
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(OURS):
            return False
        if listing and (frame.f_code.co_name == "_fill_cache" or file.endswith(METADATA)):
            return False
        if not _is_library(file):
            return True
        frame = frame.f_back
    return True  # the thread of a library works for the project: ours have a frame of ours


@cache
def _is_library(file: str) -> bool:
    return file.startswith(("<", *LIBRARIES)) or any(part in file for part in PACKAGES)


def _source(name: str) -> str:
    """Return the file that a compiled module was made from; any other file itself."""
    try:
        return source_from_cache(name) if name.endswith(".pyc") else name
    except ValueError:
        return name


def _text(path: Any) -> str | None:
    return os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else None
