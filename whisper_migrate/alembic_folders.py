"""Folders that alembic.ini names are the project's, whatever folder a command is typed in.

Alembic looks for a relative folder in the current one. Somebody else may have put an env.py there, or a module that is
called as one that the program imports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config


def anchor(config: Config, root: Path, versions: Sequence[Path] = ()) -> None:
    """Make the folders of `config` absolute, from `root`; `versions` take the place of its version_locations.

    The folders of prepend_sys_path come to `sys.path` here, and once: Alembic would add them at every reading.
    """
    for folder in reversed(config.get_prepend_sys_paths_list() or ()):
        if (path := str(root / folder)) not in sys.path:
            sys.path.insert(0, path)
    config.set_main_option("prepend_sys_path", "")
    scripts = config.get_main_option("script_location")
    if scripts and ":" not in scripts:  # with a colon it is a package and a folder in it
        _set(config, "script_location", root / scripts)
    if places := versions or [root / place for place in config.get_version_locations_list() or ()]:
        config.set_main_option("path_separator", "newline")
        _set(config, "version_locations", *places)


def _set(config: Config, option: str, *paths: Path) -> None:
    config.set_main_option(option, "\n".join(map(str, paths)).replace("%", "%%"))
