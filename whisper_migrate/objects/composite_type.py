"""Composite types, other than the row types of tables (pg_type, pg_attribute). The order of attributes counts."""

from whisper_migrate.catalog import Object

CATALOG = "pg_type"
AFTER = ("schema", "extension", "enum", "domain")

QUERY = """
SELECT t.oid, t.oid::regtype::text AS identity,
       (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                         || CASE WHEN a.attcollation <> at.typcollation
                                 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS at ON at.oid = a.atttypid
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
WHERE t.typtype = 'c' AND c.relkind = 'c' AND t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"CREATE TYPE {item.identity} AS ({', '.join(item['attributes'] or ())})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TYPE {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """In place where the attributes that stay keep their places, which is what ADD and DROP ATTRIBUTE can do."""
    old, new = dict(map(_split, before["attributes"] or ())), dict(map(_split, after["attributes"] or ()))
    kept = [name for name in old if name in new]
    if [*kept, *(name for name in new if name not in old)] != list(new):
        return None
    parts = [f"DROP ATTRIBUTE {name}" for name in old if name not in new]
    parts += [f"ALTER ATTRIBUTE {name} TYPE {new[name]}" for name in kept if old[name] != new[name]]
    parts += [f"ADD ATTRIBUTE {name} {new[name]}" for name in new if name not in old]
    return [f"ALTER TYPE {after.identity} {', '.join(parts)}"]


def _split(attribute: str) -> tuple[str, str]:
    end = attribute.index('" ', 1) + 1 if attribute.startswith('"') else attribute.index(" ")
    return attribute[:end], attribute[end + 1 :]
