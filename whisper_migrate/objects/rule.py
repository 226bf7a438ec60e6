"""Rewrite rules, except those that define views (pg_rewrite)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_rewrite",
    owner=None,
    exists="pg_rewrite WHERE rulename <> '_RETURN' AND oid >= 16384",
    after=("column", "view", "function", "trigger"),
    changes_its_table=True,
)

QUERY = """
SELECT r.oid, r.ev_class::regclass::text AS parent,
       quote_ident(r.rulename) || ' on ' || r.ev_class::regclass AS identity,
       quote_ident(r.rulename) AS name,
       rtrim(pg_get_ruledef(r.oid), ';') AS definition,
       CASE r.ev_enabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE'
                         WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END AS state
FROM pg_catalog.pg_rewrite AS r
WHERE r.rulename <> '_RETURN' AND r.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [item["definition"], *([] if item["state"] == "ENABLE" else _state(item))]


def drop(item: Object) -> list[str]:
    return [f"DROP RULE {item['name']} ON {item.parent}"]


def alter(before: Object, after: Object) -> list[str]:
    replaced = [after["definition"].replace("CREATE RULE", "CREATE OR REPLACE RULE", 1)]
    return [
        *(replaced if before["definition"] != after["definition"] else []),
        *(_state(after) if before["state"] != after["state"] else []),
    ]


def _state(item: Object) -> list[str]:
    return [f"ALTER TABLE {item.parent} {item['state']} RULE {item['name']}"]
