"""Foreign tables (pg_foreign_table). Their columns and constraints are kinds of their own."""

from collections.abc import Sequence

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import foreign_option_changes, foreign_options
from whisper_migrate.objects import column

FACTS = Facts(
    catalog="pg_class",
    owner="FOREIGN TABLE",
    exists="pg_foreign_table",
    seen=(),
    after=("foreign_server", "table"),
    is_relation=True,
    is_table=True,
    has_parts=True,
    holds_data=True,
    is_unique_in_schema=True,
)

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       quote_ident(s.srvname) AS server, f.ftoptions AS options,
       (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
        FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid) AS parents,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound
FROM pg_catalog.pg_foreign_table AS f
JOIN pg_catalog.pg_class AS c ON c.oid = f.ftrelid
JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
WHERE c.oid >= 16384
"""


def create(item: Object, inside: Sequence[Object] = ()) -> list[str]:
    """Create the table with the columns and constraints in `inside`; a partition has its parent's columns."""
    columns = [part for part in inside if part.kind == "column" and not part.derived]
    parts = [column.definition(part) for part in columns]
    parts += [f"CONSTRAINT {part['name']} {part['definition']}" for part in inside if part.kind == "constraint"]
    lines = "(\n    " + ",\n    ".join(parts) + "\n)" if parts else "()"
    what = f"CREATE FOREIGN TABLE {item.identity}"
    if item["partition_bound"]:
        words = f"{what} PARTITION OF {item['parents'][0]} {lines if parts else ''} {item['partition_bound']}"
    else:
        inherits = f" INHERITS ({', '.join(item['parents'])})" if item["parents"] else ""
        words = f"{what} {lines}{inherits}"
    statement = f"{words} SERVER {item['server']}{foreign_options(item['options'])}"
    return [statement, *(setting for part in columns for setting in column.settings(part))]


def drop(item: Object) -> list[str]:
    return [f"DROP FOREIGN TABLE {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None unless only options change: the table holds no rows, so it can be re-created."""
    if any(before[name] != after[name] for name in after.fields if name != "options"):
        return None
    return foreign_option_changes(f"ALTER FOREIGN TABLE {after.identity}", before["options"], after["options"])
