"""The formats of a verdict, one module each; `--format` offers the modules of this package.

A module defines `render(verdict, database)`, which returns the report as text. `database` is the database's address
without its password.
"""

import importlib
import pkgutil
from types import ModuleType

NAMES = tuple(module.name for module in pkgutil.iter_modules(__path__))


def report(name: str) -> ModuleType:
    """Return the module of a format."""
    return importlib.import_module(f"{__name__}.{name}")
