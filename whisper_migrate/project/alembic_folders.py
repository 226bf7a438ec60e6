"""Alembic's configuration of a project: where it is, and its relative folders.

Alembic resolves relative folders from the current folder. That folder may contain another env.py, or a module with the
name of one that the program imports. Here they are resolved from the folder of alembic.ini.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import sys
import tomllib
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whisper_migrate.errors import Failure
from whisper_migrate.wording.plurals import counted

if TYPE_CHECKING:
    from alembic.config import Config

INI = "alembic.ini"
SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep}
DEPTH = 4  # folders below the project in which alembic.ini is looked for
NOT_OURS = {"node_modules", "site-packages", "build", "dist"}


class NoCommandLine(Namespace):
    """The defaults of Alembic's command line, for an env.py that reads them. It is false, since no command was typed.

    `quiet`: our messages are printed in place of Alembic's.
    """

    def __bool__(self) -> bool:
        return False


class NoHistory(Failure):
    """The project has no configuration of Alembic."""


def configuration(root: Path, settings: Mapping[str, Any], versions: Sequence[Path] = ()) -> Config:
    """Return Alembic's configuration of the project in `root`, with absolute folders.

    Of the `settings` in pyproject.toml, `alembic_ini` names the file, from `root`, and `x` lists what Alembic takes as
    `-x NAME=VALUE`. `versions` are the folders with the revisions, if not the project's own. Raises Failure if there is
    no configuration.
    """
    from alembic.config import Config

    file, x = ini(root, settings.get("alembic_ini")), settings.get("x", [])
    if not isinstance(x, list) or not all(isinstance(one, str) for one in x):
        raise Failure(f"[tool.whisper_migrate] x = {x!r} is no list of texts.", 'Write it as: x = ["tenant=a"]')
    options: dict[str, Any] = {"cmd_opts": NoCommandLine(quiet=True, x=x or None, autogenerate=False)}
    if _is_new(Config) and _in_pyproject(root):
        options["toml_file"] = root / "pyproject.toml"
    config = Config(file, **options)
    folder = file.parent if file else root
    try:
        config.file_config["DEFAULT"]["here"] = str(folder.absolute()).replace("%", "%%")
        anchor(config, folder.absolute(), root.absolute(), versions)
    except (configparser.Error, UnicodeError) as error:
        raise Failure(f"{file} cannot be read: {' '.join(str(error).split()).rstrip('.')}.") from error
    return config


def ini(root: Path, given: str | None) -> Path | None:
    """Return the project's alembic.ini; None if pyproject.toml takes its place, as it can from Alembic 1.16 on.

    Without a `given` one it is the only one in or below `root`. Raises Failure if there is none, or no telling which.
    """
    file = root / (given or INI)
    if file.is_file():
        return file
    if given:
        raise Failure(f"[tool.whisper_migrate] alembic_ini = {given!r} names no file in {root}.")
    if _in_pyproject(root):
        return None
    found = list(_below(root))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(str(one.relative_to(root)) for one in found)
        raise Failure(
            f"{root} has {counted(len(found), 'file')} named {INI}: {names}.",
            f'[tool.whisper_migrate] alembic_ini = "{found[0].relative_to(root)}"',
        )
    raise NoHistory(
        f"{root} has no history: there is no {INI}.", f"cd {shlex.quote(str(root))} && alembic init alembic"
    )


def _below(root: Path) -> Iterator[Path]:
    for folder, inner, files in os.walk(root):
        own = Path(folder)
        if INI in files:
            yield own / INI
        deep = len(own.relative_to(root).parts) >= DEPTH
        inner[:] = [] if deep else sorted(name for name in inner if may_be_ours(own / name))


def may_be_ours(folder: Path) -> bool:
    """Whether a folder may belong to the project: no hidden one, no virtual environment, no packages of others."""
    return not (folder.name.startswith(".") or folder.name in NOT_OURS or (folder / "pyvenv.cfg").exists())


def _in_pyproject(root: Path) -> Mapping[str, Any] | None:
    """Return `[tool.alembic]` of pyproject.toml; None if there is no such section."""
    file = root / "pyproject.toml"
    section = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("alembic") if file.is_file() else None
    return section if isinstance(section, dict) else None


def anchor(config: Config, folder: Path, root: Path, versions: Sequence[Path] = ()) -> None:
    """Make the relative folders of `config` absolute; `versions` replace its version_locations.

    They begin at `folder`, that of alembic.ini, or else at `root` or a folder above alembic.ini. The folders of
    prepend_sys_path are added to `sys.path` here, once: Alembic would add them at every reading.
    """
    for name in reversed(_folders(config, "prepend_sys_path")):
        if (path := str(folder / name)) not in sys.path:
            sys.path.insert(0, path)
    config.set_main_option("prepend_sys_path", "")
    scripts = (config.get_alembic_option if _is_new(config) else config.get_main_option)("script_location")
    if scripts:
        _set(config, "script_location", _at(scripts, folder, root))
    if places := versions or [_at(place, folder, root) for place in _folders(config, "version_locations")]:
        config.set_main_option("path_separator" if _is_new(config) else "version_path_separator", "newline")
        _set(config, "version_locations", *places)


def _is_new(config: object) -> bool:
    """Whether Alembic is 1.16 or newer, which reads pyproject.toml and lists of folders."""
    return hasattr(config, "get_alembic_option")


def _folders(config: Config, option: str) -> list[str]:
    """Return the folders of an option that lists them."""
    if _is_new(config):
        lists = {"prepend_sys_path": "get_prepend_sys_paths_list", "version_locations": "get_version_locations_list"}
        return list(getattr(config, lists[option])() or ())
    text, word = config.get_main_option(option) or "", config.get_main_option("version_path_separator")
    if option == "prepend_sys_path" or word is None:
        return [name for name in re.split(r", *| +|:" if option == "prepend_sys_path" else r", *| +", text) if name]
    return [name.strip() for name in text.split(SEPARATORS.get(word, word)) if name.strip()]


def _at(name: str, folder: Path, root: Path) -> Path:
    if ":" in name:  # a package and a folder in it
        return Path(name)
    return next((place / name for place in (folder, root, *folder.parents) if (place / name).exists()), folder / name)


def _set(config: Config, option: str, *paths: Path) -> None:
    if broken := next((path for path in paths if "\n" in str(path)), None):  # Alembic would look in two other folders
        raise Failure(f"The folder {str(broken)!r} has a line break in its name.", "Rename it.")
    config.set_main_option(option, "\n".join(map(str, paths)).replace("%", "%%"))
