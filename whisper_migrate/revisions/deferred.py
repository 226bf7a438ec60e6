"""Deferred constraints: PostgreSQL refuses to alter a table whose changed rows have not been checked yet.

The error message is "pending trigger events". SETTLE, run after an UPDATE, checks the changed rows at once.
"""

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.objects.constraint import NOT_VALID

SETTLE = "SET CONSTRAINTS ALL IMMEDIATE"


def has_deferred(*catalogs: Catalog) -> bool:
    """Whether any table has a deferred constraint or constraint trigger: triggers may write to other tables, too."""
    return any(_is_deferred(item) for catalog in catalogs for item in catalog)


def _is_deferred(item: Object) -> bool:
    if item.kind == "constraint":
        return bool(item["definition"].removesuffix(NOT_VALID).endswith(" INITIALLY DEFERRED"))
    if item.kind == "trigger":
        definition = str(item["definition"])
        return definition.startswith("CREATE CONSTRAINT TRIGGER ") and " INITIALLY DEFERRED " in definition
    return False
