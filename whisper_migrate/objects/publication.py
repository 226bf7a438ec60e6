"""Publications, with their tables and schemas (pg_publication)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_publication",
    owner="PUBLICATION",
    exists="pg_publication",
    after=("schema", "column", "constraint", "function", "foreign_table"),
)


def query(version: int) -> str:
    """Column lists, WHERE and schemas exist since PostgreSQL 15, generated columns since 18."""
    columns, where, schemas, generated = "NULL", "NULL", "NULL::text[]", "NULL"
    if version >= 15:
        columns = (
            "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a"
            " WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))"
        )
        where = "pg_get_expr(r.prqual, r.prrelid)"
        schemas = (
            "(SELECT array_agg(s.pnnspid::regnamespace::text ORDER BY 1)"
            " FROM pg_catalog.pg_publication_namespace AS s WHERE s.pnpubid = p.oid)"
        )
    if version >= 18:
        generated = "CASE p.pubgencols WHEN 's' THEN 'stored' ELSE 'none' END"
    return QUERY.format(columns=columns, where=where, schemas=schemas, generated=generated)


QUERY = """
SELECT p.oid, quote_ident(p.pubname) AS identity,
       p.puballtables AS all_tables,
       (SELECT array_agg(concat(r.prrelid::regclass, ' (' || {columns} || ')', ' WHERE (' || {where} || ')')
                         ORDER BY r.prrelid::regclass::text)
        FROM pg_catalog.pg_publication_rel AS r WHERE r.prpubid = p.oid) AS tables,
       {schemas} AS schemas,
       concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                 CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
       p.pubviaroot AS via_root,
       {generated} AS generated_columns
FROM pg_catalog.pg_publication AS p
WHERE p.oid >= 16384
"""


def create(item: Object) -> list[str]:
    what = "ALL TABLES" if item["all_tables"] else _members(item)
    return [f"CREATE PUBLICATION {item.identity}{f' FOR {what}' if what else ''} WITH ({_settings(item)})"]


def drop(item: Object) -> list[str]:
    return [f"DROP PUBLICATION {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if before["all_tables"] != after["all_tables"]:
        return None
    publication = f"ALTER PUBLICATION {after.identity}"
    statements = []
    if (before["tables"], before["schemas"]) != (after["tables"], after["schemas"]):
        if not _members(after):
            return None
        statements.append(f"{publication} SET {_members(after)}")
    if _settings(before) != _settings(after):
        # A partitioned table can have a filter or column list only while publish_via_partition_root is set.
        first = after["via_root"] and not before["via_root"]
        statements.insert(0 if first else len(statements), f"{publication} SET ({_settings(after)})")
    return statements


def _members(item: Object) -> str:
    """Return the members: `TABLE ONLY a (x), ONLY b, TABLES IN SCHEMA s`. Child tables are listed separately."""
    tables = ", ".join(f"ONLY {table}" for table in item["tables"] or ())
    members = [f"TABLE {tables}"] if tables else []
    return ", ".join(members + [f"TABLES IN SCHEMA {schema}" for schema in item["schemas"] or ()])


def _settings(item: Object) -> str:
    words = [f"publish = {literal(item['publish'])}", f"publish_via_partition_root = {item['via_root']}".lower()]
    if item["generated_columns"]:
        words.append(f"publish_generated_columns = {item['generated_columns']}")
    return ", ".join(words)
