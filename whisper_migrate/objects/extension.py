"""Extensions (pg_extension). A version other than the server's default is a kind of its own, `extension_version`."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_extension",
    owner=None,
    after=("schema", "extension_version"),
    holds_data=True,
    is_kept=True,
    may_come_first=True,
)

# CREATE EXTENSION sets a default comment: only another comment is compared. initdb creates plpgsql, but a database may
# have dropped it and created it again, as the dumps of some old versions do.
QUERY = """
SELECT e.oid, quote_ident(e.extname) AS identity, quote_ident(n.nspname) AS schema,
       nullif(coalesce(d.description, ''), coalesce(a.comment, '')) AS comment
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions() AS a ON a.name = e.extname
LEFT JOIN pg_catalog.pg_description AS d
       ON d.classoid = 'pg_catalog.pg_extension'::regclass AND d.objoid = e.oid AND d.objsubid = 0
WHERE e.oid >= 16384 OR e.extname = 'plpgsql'
"""


def create(item: Object) -> list[str]:
    # An administrator may have created the extension already, if this role may not.
    return [f"CREATE EXTENSION IF NOT EXISTS {item.identity} SCHEMA {item['schema']}", *_comment(item)]


def drop(item: Object) -> list[str]:
    return [f"DROP EXTENSION {item.identity}"]


def alter(before: Object, after: Object) -> list[str]:
    statements = []
    if before["schema"] != after["schema"]:
        statements.append(f"ALTER EXTENSION {after.identity} SET SCHEMA {after['schema']}")
    if before["comment"] != after["comment"]:
        statements += _comment(after) or [ITS_OWN_COMMENT.format(item=after)]
    return statements


ITS_OWN_COMMENT = """DO $$BEGIN
    EXECUTE (SELECT format('COMMENT ON EXTENSION %I IS %L', name, comment)
             FROM pg_catalog.pg_available_extensions WHERE quote_ident(name) = '{item.identity}');
END$$"""


def _comment(item: Object) -> list[str]:
    return [] if item["comment"] is None else [f"COMMENT ON EXTENSION {item.identity} IS {literal(item['comment'])}"]
