"""Comments (pg_description), except those on extensions, which have a default comment, and on large objects."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.partition_parts import CONSTRAINTS, INDEXES, NAME, with_names
from whisper_migrate.catalog.sql import literal, sibling

FACTS = Facts(
    catalog="pg_description",
    owner=None,
    in_metadata=True,
    attached=True,
    is_replaceable=True,
    may_come_first=True,
    names_exactly=True,
    exports=("named",),
)

# A comment on a part has the address of the whole: a primary key's index that of its constraint, a composite type's row
# that of the type, an identity's sequence or a NOT NULL that of its column, a domain's check that of the domain.
QUERY = f"""
WITH RECURSIVE {CONSTRAINTS}, part_index AS ({INDEXES})
SELECT coalesce(part.class, d.classoid)::regclass::text AS class, coalesce(part.oid, d.objoid) AS oid,
       coalesce(part.subid, d.objsubid) AS subid,
       o.type || ' ' || coalesce(on_index.identity, on_constraint.identity, o.identity) AS identity, o.type AS type,
       CASE WHEN con.contypid <> 0
            THEN quote_ident(con.conname) || ' ON DOMAIN ' || format_type(con.contypid, NULL)
            ELSE coalesce(on_index.part_of, on_constraint.name, o.identity) END AS name,
       coalesce(on_index.part_of, on_constraint.part_of) AS part_of,
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
LEFT JOIN part_index AS on_index ON on_index.oid = d.objoid AND d.classoid = 'pg_catalog.pg_class'::regclass
LEFT JOIN part_constraint AS on_constraint
       ON on_constraint.oid = d.objoid AND d.classoid = 'pg_catalog.pg_constraint'::regclass
WHERE (d.objoid >= 16384 OR d.objoid = to_regnamespace('public') AND d.classoid = 'pg_catalog.pg_namespace'::regclass
       -- on what initdb made, those that are younger than the last that it made: plpgsql, unless it was made again
       OR d.xmin::text::bigint > coalesce(
           (SELECT e.xmin::text::bigint FROM pg_catalog.pg_extension AS e WHERE e.oid < 16384),
           (SELECT max(p.xmin::text::bigint) FROM pg_catalog.pg_proc AS p
            WHERE p.oid < 16384 AND p.pronamespace = to_regnamespace('information_schema'))))
  AND d.classoid NOT IN ('pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_largeobject'::regclass)
"""

# The words of pg_identify_object() that differ from those of COMMENT ON.
WORDS = {
    "table constraint": "CONSTRAINT",
    "domain constraint": "CONSTRAINT",
    "statistics object": "STATISTICS",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "composite type": "TYPE",
}


def create(item: Object) -> list[str]:
    return [] if item["part_of"] else _comment(item, literal(item["text"]))


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Comment on a partition index once the partition is attached."""
    return _comment(item, literal(item["text"])) if item["part_of"] else []


def drop(item: Object) -> list[str]:
    return _comment(item, "NULL")


def _comment(item: Object, text: str) -> list[str]:
    kind = "index" if item["type"] == "index" else "constraint"
    return with_names(item, [f"COMMENT ON {named(item)} IS {text}"], of=kind)


def alter(before: Object, after: Object) -> list[str]:
    return create(after)


def named(item: Object) -> str:
    """Return the commented object as COMMENT ON takes it."""
    kind, name = item["type"], item["name"]
    if kind.endswith(" column"):
        return f"COLUMN {name}"
    is_part = "part_of" in item.fields and item["part_of"]
    if is_part and kind == "index":
        return f"INDEX {sibling(str(item.parent), NAME)}"
    if is_part:
        return f"CONSTRAINT {NAME} ON {item.parent}"
    if kind == "aggregate":
        name = name.replace("()", "(*)")
    if kind == "transform":  # the spelling before PostgreSQL 18
        name = name.replace(" on language ", " language ")
    return f"{WORDS.get(kind, kind.upper())} {name}"
