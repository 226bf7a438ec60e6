"""Resolve relative folders in alembic.ini from the project's root.

Alembic resolves them from the current folder. That folder may contain another env.py, or a module with the name of one
that the program imports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from whisper_migrate.errors import Failure

if TYPE_CHECKING:
    from alembic.config import Config


def anchor(config: Config, root: Path, versions: Sequence[Path] = ()) -> None:
    """Make the folders of `config` absolute, from `root`; `versions` replace its version_locations.

    The folders of prepend_sys_path are added to `sys.path` here, once: Alembic would add them at every reading.
    """
    for folder in reversed(config.get_prepend_sys_paths_list() or ()):
        if (path := str(root / folder)) not in sys.path:
            sys.path.insert(0, path)
    config.set_main_option("prepend_sys_path", "")
    scripts = config.get_main_option("script_location")
    if scripts and ":" not in scripts:  # with a colon: a package and a folder in it
        _set(config, "script_location", root / scripts)
    if places := versions or [root / place for place in config.get_version_locations_list() or ()]:
        config.set_main_option("path_separator", "newline")
        _set(config, "version_locations", *places)


def _set(config: Config, option: str, *paths: Path) -> None:
    if broken := next((path for path in paths if "\n" in str(path)), None):  # Alembic would look in two other folders
        raise Failure(f"The folder {str(broken)!r} has a line break in its name.", "Rename it.")
    config.set_main_option(option, "\n".join(map(str, paths)).replace("%", "%%"))
