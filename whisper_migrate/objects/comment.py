"""Comments, on objects of any kind but extensions, which bring one along, and large objects (pg_description)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import literal

CATALOG = "pg_description"
OWNER = None
ATTACHED = True  # lives and dies with the object at the same address

# What is a part of something is found there: a primary key's index at its constraint, a composite type's row at the
# type, an identity's sequence or a NOT NULL at its column, a domain's check at the domain.
QUERY = """
SELECT coalesce(part.class, d.classoid)::regclass::text AS class, coalesce(part.oid, d.objoid) AS oid,
       coalesce(part.subid, d.objsubid) AS subid,
       o.type || ' ' || o.identity AS identity, o.type AS type,
       CASE WHEN con.contypid <> 0
            THEN quote_ident(con.conname) || ' ON DOMAIN ' || format_type(con.contypid, NULL)
            ELSE o.identity END AS name,
       d.description AS text
FROM pg_catalog.pg_description AS d
CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
LEFT JOIN pg_catalog.pg_constraint AS con
       ON d.classoid = 'pg_catalog.pg_constraint'::regclass AND con.oid = d.objoid
      AND (con.contypid <> 0 OR con.contype = 'n')
LEFT JOIN LATERAL (
    SELECT p.refclassid AS class, p.refobjid AS oid, p.refobjsubid AS subid
    FROM pg_catalog.pg_depend AS p
    WHERE p.classid = d.classoid AND p.objid = d.objoid AND p.objsubid = 0
      AND p.deptype = CASE WHEN con.oid IS NULL THEN 'i' ELSE 'a' END
    LIMIT 1
) AS part ON true
WHERE (d.objoid >= 16384 OR d.objoid = to_regnamespace('public') AND d.classoid = 'pg_catalog.pg_namespace'::regclass
       -- on what initdb made, those that are younger than the last that it made
       OR d.xmin::text::bigint > (SELECT e.xmin::text::bigint FROM pg_catalog.pg_extension AS e WHERE e.oid < 16384))
  AND d.classoid NOT IN ('pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_largeobject'::regclass)
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
    return [f"COMMENT ON {named(item)} IS {literal(item['text'])}"]


def drop(item: Object) -> list[str]:
    return [f"COMMENT ON {named(item)} IS NULL"]


def alter(before: Object, after: Object) -> list[str]:
    return create(after)


def named(item: Object) -> str:
    """The object that it is on, as COMMENT ON wants it."""
    kind, name = item["type"], item["name"]
    if kind.endswith(" column"):
        return f"COLUMN {name}"
    if kind == "aggregate":
        name = name.replace("()", "(*)")
    if kind == "transform":  # as PostgreSQL said it before 18
        name = name.replace(" on language ", " language ")
    return f"{WORDS.get(kind, kind.upper())} {name}"
