"""Primary key, unique, check, foreign key and exclusion constraints of tables (pg_constraint)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import literal, option_changes, sibling
from whisper_migrate.statement import Does, Statement

CATALOG = "pg_constraint"
OWNER = None
AFTER = ("column", "function")
SEEN = ()

# A foreign key to a partitioned table has a copy of itself for each partition, numbered as they came: not schema.
# An internal trigger that is switched off (DISABLE TRIGGER ALL) means a constraint that PostgreSQL no longer keeps.
QUERY = """
WITH RECURSIVE copy(oid, original) AS (
    SELECT con.oid, up.oid
    FROM pg_catalog.pg_constraint AS con
    JOIN pg_catalog.pg_constraint AS up ON up.oid = con.conparentid AND up.conrelid = con.conrelid
    WHERE con.contype = 'f' AND con.conparentid <> 0
    UNION ALL
    SELECT copy.oid, up.oid
    FROM copy
    JOIN pg_catalog.pg_constraint AS con ON con.oid = copy.original
    JOIN pg_catalog.pg_constraint AS up ON up.oid = con.conparentid AND up.conrelid = con.conrelid
), off AS (
    SELECT coalesce(copy.original, g.tgconstraint) AS oid,
           array_agg(DISTINCT CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                               ELSE 'ENABLE ALWAYS' END || ' on ' || g.tgrelid::regclass) AS triggers
    FROM pg_catalog.pg_trigger AS g
    LEFT JOIN copy ON copy.oid = g.tgconstraint AND copy.original NOT IN (SELECT c.oid FROM copy AS c)
    WHERE g.tgisinternal AND g.tgenabled <> 'O' AND g.tgconstraint <> 0
    GROUP BY 1
), relation AS MATERIALIZED (
    SELECT c.oid, c.oid::regclass::text AS name FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= 16384
)
SELECT con.oid, c.name AS parent,
       quote_ident(con.conname) || ' on ' || c.name AS identity,
       quote_ident(con.conname) AS name,
       CASE con.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
                        WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' END AS type,
       pg_get_constraintdef(con.oid) AS definition,
       off.triggers AS internal_triggers,
       x.reloptions AS index_options, ts.spcname AS tablespace,
       NOT (i.indisvalid AND i.indisready) AS invalid,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity,
       con.coninhcount > 0 AS derived
FROM pg_catalog.pg_constraint AS con
JOIN relation AS c ON c.oid = con.conrelid
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = con.conindid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
LEFT JOIN off ON off.oid = con.oid
WHERE con.oid >= 16384 AND con.contype IN ('p', 'u', 'c', 'f', 'x')
  AND con.oid NOT IN (SELECT copy.oid FROM copy)
"""

NOT_VALID = " NOT VALID"
HAS_INDEX = ("primary key", "unique", "exclusion")


def create(item: Object) -> list[str]:
    """One that is invalid is that of a partitioned table alone."""
    plain = item.but(internal_triggers=None, index_options=None, tablespace=None, clustered=False)
    table = f"{'ONLY ' if item['invalid'] else ''}{item.parent}"
    added = f"ALTER TABLE {table} ADD CONSTRAINT {item['name']} {item['definition']}"
    return [added, *(alter(plain, item) or ())]


def fits_inside(item: Object) -> bool:
    """Whether CREATE TABLE can say all of it."""
    extra = ("internal_triggers", "index_options", "tablespace", "invalid")
    return not any(item[name] for name in extra) and not item["definition"].endswith(NOT_VALID)


def drop(item: Object) -> list[str]:
    return [f"ALTER TABLE {item.parent} DROP CONSTRAINT {item['name']}"]


def renamed(item: Object, name: str) -> list[str]:
    """By its index where it has one: a partition's constraint itself can not be renamed."""
    if item["type"] in HAS_INDEX:
        return [f"ALTER INDEX {_index(item)} RENAME TO {name}"]
    return [f"ALTER TABLE {item.parent} RENAME CONSTRAINT {item['name']} TO {name}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """None for another definition, but for one that only has to be validated."""
    table, index = f"ALTER TABLE {after.parent}", f"ALTER INDEX {_index(after)}"
    statements: list[str] = []
    if before["definition"] != after["definition"]:
        if before["definition"] != after["definition"] + NOT_VALID:
            return None
        statements.append(validate(after))
    if before["invalid"] != after["invalid"]:
        return None
    statements += option_changes(index, before["index_options"], after["index_options"])
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{index} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    if before["clustered"] and not after["clustered"]:
        statements.append(f"{table} SET WITHOUT CLUSTER")
    old, new = before["internal_triggers"] or (), after["internal_triggers"] or ()
    switched = {on: f"ENABLE on {on}" for on in (state.partition(" on ")[2] for state in old)}
    switched |= {state.partition(" on ")[2]: state for state in new}
    return statements + [_switch(after, state) for state in switched.values() if state not in old]


def validate(item: Object) -> Statement:
    return Statement(f"ALTER TABLE {item.parent} VALIDATE CONSTRAINT {item['name']}", Does.VALIDATE)


def finish(item: Object, before: Object | None = None) -> list[str]:
    """A table can point to one index: this comes when the others have let go."""
    statements = []
    if item["clustered"] and not (before and before["clustered"]):
        statements.append(f"ALTER TABLE {item.parent} CLUSTER ON {item['name']}")
    if item["replica_identity"] and not (before and before["replica_identity"]):
        statements.append(f"ALTER TABLE {item.parent} REPLICA IDENTITY USING INDEX {item['name']}")
    return statements


def _index(item: Object) -> str:
    """The constraint's index always has its name."""
    return sibling(str(item.parent), item["name"])


def _switch(item: Object, state: str) -> str:
    """`ENABLE on users`: the triggers of this constraint alone, which have names that only the server knows."""
    verb, _, name = state.partition(" on ")
    on, table = literal(name), literal(str(item.parent))
    return f"""DO $$
DECLARE
    own name;
BEGIN
    FOR own IN
        SELECT g.tgname
        FROM pg_catalog.pg_trigger AS g
        JOIN pg_catalog.pg_constraint AS kept ON kept.oid = g.tgconstraint
        JOIN pg_catalog.pg_constraint AS con USING (conrelid, contype, conkey)
        WHERE g.tgisinternal AND g.tgrelid = {on}::regclass
          AND con.conrelid = {table}::regclass AND quote_ident(con.conname) = {literal(item["name"])}
    LOOP
        EXECUTE format('ALTER TABLE ONLY %s {verb} TRIGGER %I', {on}, own);
    END LOOP;
END
$$"""
