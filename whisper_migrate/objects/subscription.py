"""Subscriptions of this database (pg_subscription). Their connection strings, which hold passwords, are never shown."""

from sqlalchemy import Connection, text

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import hidden
from whisper_migrate.errors import Failure
from whisper_migrate.wording.plurals import counted

FACTS = Facts(
    catalog="pg_subscription",
    owner=None,
    exists="pg_subscription",
    after=("table",),
)

SUBSCRIPTIONS = """
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid AND d.datname = current_database()
"""
MAY_READ = "SELECT has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')"

# Attributes that ALTER SUBSCRIPTION ... SET takes by these names, each with the version that added it.
SETTINGS = {
    "slot_name": (14, "quote_literal(s.subslotname)"),
    "synchronous_commit": (14, "s.subsynccommit"),
    "binary": (14, "s.subbinary"),
    "streaming": (14, "CASE left(s.substream::text, 1) WHEN 'p' THEN 'parallel' WHEN 't' THEN 'on' ELSE 'off' END"),
    "two_phase": (15, "s.subtwophasestate <> 'd'"),
    "disable_on_error": (15, "s.subdisableonerr"),
    "password_required": (16, "s.subpasswordrequired"),
    "run_as_owner": (16, "s.subrunasowner"),
    "origin": (16, "s.suborigin"),
    "failover": (17, "s.subfailover"),
}


def query(version: int) -> str:
    return readable(version).replace("NULL AS connection", f"{hidden('s.subconninfo')} AS connection")


def readable(version: int) -> str:
    """Return the query without the connection string, which only superusers can read."""
    settings = ", ".join(f"{sql} AS {name}" for name, (since, sql) in SETTINGS.items() if version >= since)
    return f"""
SELECT s.oid, quote_ident(s.subname) AS identity, NULL AS connection,
       (SELECT array_agg(quote_ident(p) ORDER BY p) FROM unnest(s.subpublications) AS p) AS publications,
       s.subenabled AS enabled, {settings}
{SUBSCRIPTIONS}"""


def unreadable(connection: Connection) -> str | None:
    if connection.scalar(text(MAY_READ)):
        return None
    count = connection.scalar(text(f"SELECT count(*) {SUBSCRIPTIONS}"))
    return f"the connection strings of {counted(count, 'subscription')} (only for superusers)" if count else ""


def create(item: Object) -> list[str]:
    raise Failure(
        f"Subscription {item.identity} has to be created by hand: no catalog may know its connection string.",
        f"CREATE SUBSCRIPTION {item.identity} CONNECTION '...' PUBLICATION {', '.join(item['publications'])}",
    )


def drop(item: Object) -> list[str]:
    """Give up the replication slot first: DROP SUBSCRIPTION cannot drop it in a transaction.

    The slot stays on the publisher.
    """
    subscription = f"SUBSCRIPTION {item.identity}"
    return [f"ALTER {subscription} DISABLE", f"ALTER {subscription} SET (slot_name = NONE)", f"DROP {subscription}"]


def alter(before: Object, after: Object) -> list[str]:
    if before["connection"] != after["connection"]:
        raise Failure(
            f"The connection string of subscription {after.identity} differs, and no catalog may know it.",
            f"ALTER SUBSCRIPTION {after.identity} CONNECTION '...'",
        )
    subscription = f"ALTER SUBSCRIPTION {after.identity}"
    statements = []
    if before["enabled"] and not after["enabled"]:
        statements.append(f"{subscription} DISABLE")
    if before["publications"] != after["publications"]:
        publications = ", ".join(after["publications"])
        statements.append(f"{subscription} SET PUBLICATION {publications} WITH (refresh = false)")
    changed = [name for name in SETTINGS if name in after.fields and before[name] != after[name]]
    if changed:
        settings = ", ".join(f"{name} = {'NONE' if after[name] is None else after[name]}".lower() for name in changed)
        statements.append(f"{subscription} SET ({settings})")
    if after["enabled"] and not before["enabled"]:
        statements.append(f"{subscription} ENABLE")
    return statements
