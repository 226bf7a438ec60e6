"""Checks of domains (pg_constraint)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_constraint",
    owner=None,
    in_metadata=True,
    exists="pg_constraint WHERE contypid >= 16384",
    after=("domain", "function", "column"),
    evaluates_at_once=True,
)

QUERY = """
SELECT con.oid, con.contypid::regtype::text AS parent,
       quote_ident(con.conname) || ' on ' || con.contypid::regtype AS identity,
       quote_ident(con.conname) AS name,
       pg_get_constraintdef(con.oid) AS definition
FROM pg_catalog.pg_constraint AS con
WHERE con.contypid <> 0 AND con.contype = 'c' AND con.oid >= 16384
  -- an extension's domain brings its checks along
  AND con.contypid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend AS d
                           WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'e')
"""

NOT_VALID = " NOT VALID"


def create(item: Object) -> list[str]:
    return [f"ALTER DOMAIN {item.parent} ADD CONSTRAINT {item['name']} {item['definition']}"]


def fits_inside(item: Object) -> bool:
    """Whether CREATE DOMAIN accepts the check: not if it is NOT VALID."""
    return not item["definition"].endswith(NOT_VALID)


def drop(item: Object) -> list[str]:
    return [f"ALTER DOMAIN {item.parent} DROP CONSTRAINT {item['name']}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return VALIDATE CONSTRAINT if the check only becomes valid, else None."""
    if before["definition"] != after["definition"] + NOT_VALID:
        return None
    return [f"ALTER DOMAIN {after.parent} VALIDATE CONSTRAINT {after['name']}"]
