"""User mappings of foreign servers (pg_user_mapping). Their options, which hold passwords, are never shown."""

from sqlalchemy import Connection, text

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import HIDDEN, foreign_option_changes, foreign_options, hidden
from whisper_migrate.errors import Failure
from whisper_migrate.wording.plurals import counted

FACTS = Facts(
    catalog="pg_user_mapping",
    owner=None,
    exists="pg_foreign_server",
    after=("foreign_server",),
)

# Only the wrapper knows which options are secret, so all are hidden but the name of the user.
QUERY = f"""
SELECT m.umid AS oid, u.name || ' on ' || quote_ident(m.srvname) AS identity,
       u.name AS user, quote_ident(m.srvname) AS server,
       (SELECT array_agg(CASE WHEN o.option_name IN ('user', 'username') THEN o.option_name || '=' || o.option_value
                              ELSE o.option_name || '=' || {hidden("o.option_value")} END ORDER BY o.option_name)
        FROM pg_options_to_table(m.umoptions) AS o) AS options
FROM pg_catalog.pg_user_mappings AS m
CROSS JOIN LATERAL (SELECT CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END AS name) AS u
WHERE m.umid >= 16384
"""

# The view pg_user_mappings shows NULL for a mapping without options and for options that this role may not read.
UNREADABLE = """
SELECT count(*) FROM pg_catalog.pg_user_mappings AS m
WHERE m.umoptions IS NULL AND NOT has_table_privilege('pg_catalog.pg_user_mapping', 'SELECT')
"""


def unreadable(connection: Connection) -> str | None:
    count = connection.scalar(text(UNREADABLE))
    return (
        f"the options of {counted(count, 'user mapping')} (only for superusers and the server's owner)"
        if count
        else None
    )


def readable(version: int) -> str:
    return QUERY


def create(item: Object) -> list[str]:
    _refuse_secrets(item, item["options"])
    return [f"CREATE USER MAPPING FOR {_on(item)}{foreign_options(item['options'])}"]


def drop(item: Object) -> list[str]:
    return [f"DROP USER MAPPING FOR {_on(item)}"]


def alter(before: Object, after: Object) -> list[str]:
    _refuse_secrets(after, set(after["options"] or ()) - set(before["options"] or ()))
    return foreign_option_changes(f"ALTER USER MAPPING FOR {_on(after)}", before["options"], after["options"])


def _refuse_secrets(item: Object, options: object) -> None:
    secret = sorted(pair.partition("=")[0] for pair in options or () if f"={HIDDEN}" in pair)  # type: ignore[attr-defined]
    if secret:
        raise Failure(
            f"The user mapping of {item.identity} needs {', '.join(secret)}, which no catalog may know.",
            f"Set it by hand: ALTER USER MAPPING FOR {_on(item)} OPTIONS (...), or CREATE where there is none.",
        )


def _on(item: Object) -> str:
    return f"{item['user']} SERVER {item['server']}"
