"""Enum types (pg_enum)."""

from collections.abc import Iterable

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.sql import literal
from whisper_migrate.catalog.statement import Does, Statement

FACTS = Facts(
    catalog="pg_type",
    owner="TYPE",
    used_by_columns=True,
    in_metadata=True,
    exists="pg_type WHERE typtype = 'e' AND oid >= 16384",
    after=("schema", "extension"),
    is_type=True,
    moves=True,
    is_unique_in_schema=True,
    exports=("relabelled",),
)

QUERY = """
SELECT t.oid, t.oid::regtype::text AS identity,
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e
             WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
FROM pg_catalog.pg_type AS t
WHERE t.typtype = 'e' AND t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"CREATE TYPE {item.identity} AS ENUM ({', '.join(map(literal, item['labels']))})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TYPE {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER TYPE {item.identity} RENAME TO {name}"]


def look(item: Object, catalog: Catalog) -> object:
    """Return the enum's labels."""
    return item["labels"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return the statements if labels are only added, or only renamed in place; None otherwise.

    A label cannot be dropped or moved: that needs another type.
    """
    old, new = list(before["labels"]), list(after["labels"])
    names = dict(zip(old, new, strict=True)) if len(old) == len(new) else {}
    renamed = {label: name for label, name in names.items() if label != name}
    if renamed and not renamed.keys() & set(new):
        return [relabelled(after, label, name) for label, name in renamed.items()]
    if [label for label in new if label in old] != old:
        return None
    statements = []
    for number, label in enumerate(new):
        if label not in old:
            place = f" AFTER {literal(new[number - 1])}" if number else f" BEFORE {literal(old[0])}" if old else ""
            statements.append(f"ALTER TYPE {after.identity} ADD VALUE {literal(label)}{place}")
    return statements


def relabelled(item: Object, old: str, new: str) -> str:
    """Return the statement that renames a label."""
    return Statement(f"ALTER TYPE {item.identity} RENAME VALUE {literal(old)} TO {literal(new)}", Does.RENAME_LABEL)


def too_late(before: Object, after: Object, others: Iterable[Object]) -> bool:
    """Whether `others` use a new label. PostgreSQL refuses a label in the transaction that adds it."""
    if len(before["labels"]) == len(after["labels"]):
        return False
    added = [spelled for label in after["labels"] if label not in before["labels"] for spelled in _spellings(label)]
    return any(label in str(value) for item in others for value in item.values for label in added)


def _spellings(label: str) -> set[str]:
    """Return the SQL constants of a label: if it has a backslash, PostgreSQL may print every backslash doubled."""
    return {literal(label), literal(label.replace("\\", "\\\\"))}
