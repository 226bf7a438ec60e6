"""A verdict in each format, one module each; `--format` offers what is found here.

A module gives `render(verdict, database)`: the whole report as text; `database` is its address without a password.
"""

import importlib
import pkgutil
from types import ModuleType

NAMES = tuple(module.name for module in pkgutil.iter_modules(__path__))


def report(name: str) -> ModuleType:
    """The module of one format."""
    return importlib.import_module(f"{__name__}.{name}")
