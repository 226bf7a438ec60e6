"""Domains (pg_type). Their checks are a kind of their own, `domain_constraint`."""

from collections.abc import Sequence

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal
from whisper_migrate.catalog.statement import Does, Statement

FACTS = Facts(
    catalog="pg_type",
    owner="DOMAIN",
    used_by_columns=True,
    in_metadata=True,
    exists="pg_type WHERE typtype = 'd' AND oid >= 16384",
    seen=("type", "collation"),
    after=("schema", "extension", "enum", "collation"),
    is_type=True,
    has_parts=True,
    converts_constants=True,
    is_unique_in_schema=True,
)


def query(version: int) -> str:
    """PostgreSQL 17 gave NOT NULL a constraint name; only a name that a person chose is compared."""
    return QUERY.format(name=NOT_NULL_NAME if version >= 17 else "NULL")


NOT_NULL_NAME = r"""(SELECT quote_ident(con.conname) FROM pg_catalog.pg_constraint AS con
        WHERE con.contypid = t.oid AND con.contype = 'n' AND con.conname !~ '_not_null\d*$')"""

QUERY = """
SELECT t.oid, t.oid::regtype::text AS identity,
       format_type(t.typbasetype, t.typtypmod) AS type,
       CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS collation,
       t.typdefault AS default,
       t.typnotnull AS not_null,
       {name} AS not_null_constraint
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
WHERE t.typtype = 'd' AND t.oid >= 16384
"""


def create(item: Object, inside: Sequence[Object] = ()) -> list[str]:
    """Create the domain with the checks in `inside`."""
    words = [f"CREATE DOMAIN {item.identity} AS {item['type']}"]
    if item["collation"]:
        words.append(f"COLLATE {item['collation']}")
    if item["default"] is not None:
        words.append(f"DEFAULT {item['default']}")
    words += _not_null(item)
    words += [f"CONSTRAINT {check['name']} {check['definition']}" for check in inside]
    return [" ".join(words)]


def drop(item: Object) -> list[str]:
    return [f"DROP DOMAIN {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER DOMAIN {item.identity} RENAME TO {name}"]


def without_references(before: Object, after: Object, tied: bool) -> Object:
    """Return the domain without its default, if `tied`: the default calls a re-created object."""
    return before.but(default=None) if tied else before


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the base type or the collation changes."""
    if (before["type"], before["collation"]) != (after["type"], after["collation"]):
        return None
    domain = f"ALTER DOMAIN {after.identity}"
    statements: list[str] = []
    if before["default"] != after["default"]:
        default = "DROP DEFAULT" if after["default"] is None else f"SET DEFAULT {after['default']}"
        statements.append(f"{domain} {default}")
    if before["not_null"] and after["not_null"] and _not_null(before) != _not_null(after):
        statements.append(_rename_not_null(after))
    elif _not_null(before) != _not_null(after):
        statements += [f"{domain} DROP NOT NULL"] if before["not_null"] else []
        add = "ADD" if after["not_null_constraint"] else "SET"
        statements += [Statement(f"{domain} {add} {words}", Does.SET_NOT_NULL) for words in _not_null(after)]
    return statements


def _rename_not_null(after: Object) -> str:
    """Return the statement that renames a NOT NULL: it cannot be added again if an array or row has such values."""
    name = literal(after["not_null_constraint"]) if after["not_null_constraint"] else "NULL"
    return f"""DO $$
DECLARE
    own record;
BEGIN
    SELECT n.conname, coalesce({name}, quote_ident(left(t.typname, 54) || '_not_null')) AS wanted INTO own
    FROM pg_catalog.pg_constraint AS n
    JOIN pg_catalog.pg_type AS t ON t.oid = n.contypid
    WHERE n.contype = 'n' AND n.contypid = {literal(after.identity)}::regtype;
    EXECUTE format('ALTER DOMAIN %s RENAME CONSTRAINT %I TO %s', {literal(after.identity)}, own.conname, own.wanted);
END
$$"""


def _not_null(item: Object) -> list[str]:
    name = f"CONSTRAINT {item['not_null_constraint']} " if item["not_null_constraint"] else ""
    return [f"{name}NOT NULL"] if item["not_null"] else []
