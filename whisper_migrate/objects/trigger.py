"""Triggers (pg_trigger)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_trigger",
    owner=None,
    after=("column", "view", "function", "constraint", "index"),
    is_replaceable=True,
    changes_its_table=True,
    is_as_written=True,
)

# PostgreSQL 14 marks a partition's copy of its parent's trigger as internal, like the triggers of a constraint.
QUERY = """
SELECT t.oid, t.tgrelid::regclass::text AS parent,
       quote_ident(t.tgname) || ' on ' || t.tgrelid::regclass AS identity,
       quote_ident(t.tgname) AS name,
       pg_get_triggerdef(t.oid) AS definition,
       CASE t.tgenabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE'
                        WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END AS state,
       t.tgparentid <> 0 AS inherited
FROM pg_catalog.pg_trigger AS t
WHERE t.oid >= 16384
  AND (NOT t.tgisinternal
       OR t.tgparentid <> 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS con
                                            WHERE con.oid = t.tgconstraint AND con.contype <> 't'))
"""


def create(item: Object) -> list[str]:
    """Create the trigger, unless it is inherited: PostgreSQL then creates it with the parent's, in the same state."""
    if item["inherited"]:
        return []
    return [item["definition"], *([] if item["state"] == "ENABLE" else _state(item))]


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Set the state of an inherited trigger once the table is a partition."""
    return _state(item) if item["inherited"] and not before else []


def drop(item: Object) -> list[str]:
    return [] if item["inherited"] else [f"DROP TRIGGER {item['name']} ON {item.parent}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if any(before[name] != after[name] for name in ("definition", "inherited")):
        return None
    return _state(after)


def _state(item: Object) -> list[str]:
    """Use ONLY, because each partition may have its trigger in another state."""
    return [f"ALTER TABLE ONLY {item.parent} {item['state']} TRIGGER {item['name']}"]
