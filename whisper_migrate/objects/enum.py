"""Enum types (pg_enum)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import literal

CATALOG = "pg_type"
AFTER = ("schema", "extension")

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


def alter(before: Object, after: Object) -> list[str] | None:
    """Values are added in place. Removing or reordering them needs another type under the columns."""
    old, new = list(before["labels"]), list(after["labels"])
    if [label for label in new if label in old] != old:
        return None
    statements = []
    for number, label in enumerate(new):
        if label in old:
            continue
        place = f"AFTER {literal(new[number - 1])}" if number else f"BEFORE {literal(old[0])}" if old else ""
        statements.append(f"ALTER TYPE {after.identity} ADD VALUE {literal(label)} {place}".rstrip())
    return statements
