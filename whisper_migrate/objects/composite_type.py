"""Composite types, except the row types of tables (pg_type, pg_attribute). The order of attributes is compared."""

import re

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.statement import Does, Statement, effect

FACTS = Facts(
    catalog="pg_type",
    owner="TYPE",
    used_by_columns=True,
    exists="pg_class WHERE relkind = 'c' AND oid >= 16384",
    after=("schema", "extension", "enum", "domain", "collation"),
    is_type=True,
    is_unique_in_schema=True,
    exports=("split",),
)

QUERY = """
SELECT t.oid, t.oid::regtype::text AS identity, coalesce(a.attributes, '{}') AS attributes
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
LEFT JOIN LATERAL (
    SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                     || CASE WHEN a.attcollation <> at.typcollation
                             THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS at ON at.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) AS a(attributes) ON true
WHERE t.typtype = 'c' AND c.relkind = 'c' AND t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"CREATE TYPE {item.identity} AS ({', '.join(item['attributes'])})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TYPE {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER TYPE {item.identity} RENAME TO {name}"]


def conversion(value: str, name: str, before: Catalog, after: Catalog) -> str:
    """Return the expression that converts a value of the composite type `name` by the names of its attributes.

    Text is enough where all attributes keep their places. Attributes that change places inside of an array go by way of
    JSON, which has no other null than NULL.
    """
    if not _moves(name, before, after):
        return f"{value}::text::{name}"
    old = dict(split(before["composite_type", name]))
    parts = []
    for attribute, words in split(after["composite_type", name]):
        type_ = words.partition(" COLLATE ")[0]
        part = f"({value}).{attribute}"
        if attribute not in old:
            part = "NULL"
        elif _moves(type_.removesuffix("[]"), before, after):
            if type_.endswith("[]"):
                return f"json_populate_record(NULL::{name}, to_json({value}))"
            part = conversion(part, type_, before, after)
        elif old[attribute] != words or "." in type_:  # a type of a schema may be created again as well
            part = f"{part}::text::{type_}"
        parts.append(part)
    return f"CASE WHEN {value}::text IS NOT NULL THEN ROW({', '.join(parts)})::{name} END"


def _moves(name: str, before: Catalog, after: Catalog) -> bool:
    """Whether attributes of a composite type change their names or places, at any depth."""
    key = "composite_type", name
    if key not in before or key not in after:
        return False
    if not through_text(before[key], after[key]):
        return True
    return any(
        _moves(words.partition(" COLLATE ")[0].removesuffix("[]"), before, after) for _, words in split(after[key])
    )


def through_text(before: Object, after: Object) -> bool:
    """Whether a value can be converted by way of text, which has positions but no names."""
    return [name for name, _ in split(before)] == [name for name, _ in split(after)]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return the statements if attributes are only renamed, dropped or appended; None otherwise.

    PostgreSQL allows no other change of a type that columns use.
    """
    change, old, new = f"ALTER TYPE {after.identity}", split(before), split(after)
    renamed = {a: b for (a, _), (b, _) in zip(old, new, strict=False) if a != b}
    if [words for _, words in old] == [words for _, words in new] and not renamed.keys() & dict(new).keys():
        return [
            Statement(f"{change} RENAME ATTRIBUTE {a} TO {b} CASCADE", Does.RENAME_ATTRIBUTE)
            for a, b in renamed.items()
        ]
    kept = [attribute for attribute in old if attribute in new]
    added = new[len(kept) :]
    if new[: len(kept)] != kept or dict(added).keys() & dict(old).keys():
        return None
    parts = [f"DROP ATTRIBUTE {name} CASCADE" for name, words in old if (name, words) not in kept]
    changed = f"{change} {', '.join(parts + [f'ADD ATTRIBUTE {name} {words} CASCADE' for name, words in added])}"
    return [Statement(changed, Does.DROP_ATTRIBUTE) if parts else changed]


def disturbs(before: Object, after: Object) -> bool:
    """Whether an attribute is dropped, which PostgreSQL refuses while another object uses the attribute."""
    return any(effect(statement) is Does.DROP_ATTRIBUTE for statement in alter(before, after) or ())


def split(item: Object) -> list[tuple[str, str]]:
    """Split each attribute into its name and its type."""
    found = (re.fullmatch(r'("(?:[^"]|"")*+"|[^ ]+) (.*)', attribute, re.DOTALL) for attribute in item["attributes"])
    return [(match[1], match[2]) for match in found if match]
