"""Constraints that are checked at the end of a transaction: until then PostgreSQL refuses to alter their tables.

It says that a table has pending trigger events. Rows that an UPDATE has changed are checked at once behind SETTLE.
"""

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.objects.constraint import NOT_VALID

SETTLE = "SET CONSTRAINTS ALL IMMEDIATE"


def has_deferred(*catalogs: Catalog) -> bool:
    """Whether a constraint or a constraint trigger is deferred, on any table: triggers write to other tables too."""
    return any(_is_deferred(item) for catalog in catalogs for item in catalog)


def _is_deferred(item: Object) -> bool:
    if item.kind == "constraint":
        return bool(item["definition"].removesuffix(NOT_VALID).endswith(" INITIALLY DEFERRED"))
    if item.kind == "trigger":
        definition = str(item["definition"])
        return definition.startswith("CREATE CONSTRAINT TRIGGER ") and " INITIALLY DEFERRED " in definition
    return False
