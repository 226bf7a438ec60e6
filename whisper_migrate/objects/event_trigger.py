"""Event triggers, which fire on DDL (pg_event_trigger). They are created last and dropped first."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_event_trigger",
    owner=None,
    exists="pg_event_trigger",
    after=("trigger", "rule", "policy", "statistics", "aggregate"),
    may_come_first=True,
    is_as_written=True,
)

QUERY = """
SELECT t.oid, quote_ident(t.evtname) AS identity,
       t.evtevent AS event,
       (SELECT array_agg(tag ORDER BY tag) FROM unnest(t.evttags) AS tag) AS tags,
       t.evtfoid::regproc::text AS function,
       CASE t.evtenabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE'
                         WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END AS state
FROM pg_catalog.pg_event_trigger AS t
"""


def create(item: Object) -> list[str]:
    tags = f" WHEN TAG IN ({', '.join(map(literal, item['tags']))})" if item["tags"] else ""
    statement = f"CREATE EVENT TRIGGER {item.identity} ON {item['event']}{tags} EXECUTE FUNCTION {item['function']}()"
    return [statement, *([] if item["state"] == "ENABLE" else _state(item))]


def drop(item: Object) -> list[str]:
    return [f"DROP EVENT TRIGGER {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if any(before[name] != after[name] for name in ("event", "tags", "function")):
        return None
    return _state(after)


def _state(item: Object) -> list[str]:
    return [f"ALTER EVENT TRIGGER {item.identity} {item['state']}"]
