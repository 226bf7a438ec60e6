"""Hide the tables for bookkeeping from Alembic's own autogenerate, in each environment that has this package installed.

Alembic loads this module by its entry point (see pyproject.toml) whenever it is imported. The entry point's name
matches `alembic.autogenerate.*`, so that it also works with an env.py that knows nothing of this program. Otherwise
`alembic revision --autogenerate` would draft a revision that drops the ledger.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from alembic.util import DispatchPriority, PriorityDispatchResult

from whisper_migrate.databases.version_table import BOOKKEEPING

if TYPE_CHECKING:  # Alembic is still being imported when it loads this module
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.plugins import Plugin

OURS = BOOKKEEPING - {"alembic_version"}  # Alembic leaves its own table out
SCHEMAS = (None, "public")  # None: the default schema


def hide(context: AutogenContext, _: Any) -> PriorityDispatchResult:
    """Add a filter to those of the project's env.py, and let the comparison go on."""
    context._name_filters = [*context._name_filters, _is_of_the_schema]
    return PriorityDispatchResult.CONTINUE


def _is_of_the_schema(name: str | None, kind: str, parents: Mapping[Any, Any]) -> bool:
    return kind != "table" or name not in OURS or parents.get("schema_name") not in SCHEMAS


def setup(plugin: Plugin) -> None:
    """Add the filter before the tables are compared; Alembic calls this function."""
    plugin.add_autogenerate_comparator(hide, "autogenerate", qualifier="postgresql", priority=DispatchPriority.FIRST)


class _Listed(ModuleType):
    """A module that is also a list of itself: Alembic 1.18 and 1.19 take an entry point for a list of modules."""

    def __iter__(self) -> Iterator[ModuleType]:
        yield self


sys.modules[__name__].__class__ = _Listed
