"""Comments, on objects of any kind but extensions, which bring one along (pg_description)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import literal

CATALOG = "pg_description"
AFTER = ("trigger", "index")
ATTACHED = True  # lives and dies with the object at the same address

QUERY = """
SELECT d.classoid::regclass::text AS class, d.objoid AS oid, d.objsubid AS subid,
       o.type || ' ' || o.identity AS identity, o.type AS type, o.identity AS name, d.description AS text
FROM pg_catalog.pg_description AS d
CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
WHERE (d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::regclass AND o.name = 'public')
  AND d.classoid <> 'pg_catalog.pg_extension'::regclass
"""

# What pg_identify_object() says -> what COMMENT ON wants, where that is another word.
WORDS = {
    "table constraint": "CONSTRAINT",
    "domain constraint": "CONSTRAINT",
    "statistics object": "STATISTICS",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "composite type": "TYPE",
}


def create(item: Object) -> list[str]:
    return [f"COMMENT ON {_on(item)} IS {literal(item['text'])}"]


def drop(item: Object) -> list[str]:
    return [f"COMMENT ON {_on(item)} IS NULL"]


def alter(before: Object, after: Object) -> list[str]:
    return create(after)


def _on(item: Object) -> str:
    kind, name = item["type"], item["name"]
    if kind.endswith(" column"):
        return f"COLUMN {name}"
    if kind == "domain constraint":
        name = name.replace(" on ", " ON DOMAIN ", 1)
    return f"{WORDS.get(kind, kind.upper())} {name}"
