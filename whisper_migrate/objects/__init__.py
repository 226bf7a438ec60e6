"""The kinds of PostgreSQL objects, one module each; this package finds the modules and orders them.

A module states its `FACTS` and defines the hooks of a `Kind` (whisper_migrate/catalog/kind.py says what they are).
"""

import importlib
import pkgutil
from graphlib import TopologicalSorter

from whisper_migrate.catalog.kind import Kind, kind_of

_found = {
    module.name: kind_of(importlib.import_module(f"{__name__}.{module.name}"))
    for module in pkgutil.iter_modules(__path__)
}
_order = TopologicalSorter({name: kind.after for name, kind in _found.items()}).static_order()

# Attached kinds come last: the objects that they belong to must be known.
KINDS: dict[str, Kind] = {name: _found[name] for name in sorted(_order, key=lambda name: _found[name].attached)}


def kinds_that(fact: str) -> frozenset[str]:
    """Return the names of the kinds of which a fact is true (e.g. `is_table`)."""
    return frozenset(name for name, kind in KINDS.items() if getattr(kind, fact))


ATTACHED = kinds_that("attached")
CONTAINERS = kinds_that("has_parts")
IN_METADATA = kinds_that("in_metadata")
OVERLOADED = kinds_that("is_overloaded")
RELATIONS = kinds_that("is_relation")
REPLACEABLE = kinds_that("is_replaceable")
TABLES = kinds_that("is_table")
TYPES = kinds_that("is_type")
USED_BY_COLUMNS = kinds_that("used_by_columns")
USED_BY_DEFAULTS = kinds_that("used_by_defaults")
