"""Primary key, unique, check, foreign key and exclusion constraints of tables (pg_constraint)."""

from dataclasses import replace

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.partition_parts import CONSTRAINTS, NAME, constraint_of, with_names
from whisper_migrate.catalog.sql import literal, option_changes, sibling
from whisper_migrate.catalog.statement import Does, Statement

FACTS = Facts(
    catalog="pg_constraint",
    owner=None,
    in_metadata=True,
    seen=(),
    after=("column", "function"),
    follows_type=True,
    concerns_rows=True,
    changes_its_table=True,
    evaluates_at_once=True,
    exports=("validate",),
)

# A foreign key to a partitioned table has a numbered copy for each partition: copies are left out. A disabled internal
# trigger (DISABLE TRIGGER ALL) means that PostgreSQL does not enforce the constraint.
QUERY = f"""
WITH RECURSIVE {CONSTRAINTS}, copy(oid, original) AS (
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
    SELECT c.oid, c.oid::regclass::text AS name, c.relispartition FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= 16384
)
SELECT con.oid, c.name AS parent,
       coalesce(part.identity, quote_ident(con.conname) || ' on ' || c.name) AS identity,
       coalesce(part.name, quote_ident(con.conname)) AS name,
       CASE WHEN part.oid IS NOT NULL THEN quote_ident(con.conname) END AS called,
       part.part_of,
       CASE con.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
                        WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' END AS type,
       pg_get_constraintdef(con.oid) AS definition,
       off.triggers AS internal_triggers,
       x.reloptions AS index_options, ts.spcname AS tablespace,
       NOT (i.indisvalid AND i.indisready) AS invalid,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity,
       con.contype = 'c' AND NOT (con.conislocal OR c.relispartition) AS inherited_only,
       con.coninhcount > 0 AS derived
FROM pg_catalog.pg_constraint AS con
JOIN relation AS c ON c.oid = con.conrelid
LEFT JOIN part_constraint AS part ON part.oid = con.oid
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = con.conindid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
LEFT JOIN off ON off.oid = con.oid
WHERE con.oid >= 16384 AND con.contype IN ('p', 'u', 'c', 'f', 'x')
  AND con.oid NOT IN (SELECT copy.oid FROM copy)
ORDER BY con.oid
"""

NOT_VALID = " NOT VALID"
HAS_INDEX = ("primary key", "unique", "exclusion")


def create(item: Object) -> list[str]:
    """Add the constraint; with ONLY if it is invalid, since only a partitioned table's own can be."""
    if item["part_of"]:  # the partition is not attached yet, so PostgreSQL may choose the name
        return [f"ALTER TABLE {item.parent} ADD {item['definition']}"]
    plain = item.but(**PLAIN)
    table = f"{'ONLY ' if item['invalid'] else ''}{item.parent}"
    added = f"ALTER TABLE {table} ADD CONSTRAINT {item['name']} {item['definition']}"
    return [added, *(alter(plain, item) or ())]


PLAIN = {"internal_triggers": None, "index_options": None, "tablespace": None, "clustered": False}


def fits_inside(item: Object) -> bool:
    """Whether CREATE TABLE can express all of the constraint."""
    extra = ("internal_triggers", "index_options", "tablespace", "invalid")
    return not any(item[name] for name in (*extra, "part_of")) and not item["definition"].endswith(NOT_VALID)


def drop(item: Object) -> list[str]:
    return [f"ALTER TABLE {item.parent} DROP CONSTRAINT {_own_name(item)}"]


def rename(item: Object, name: str) -> list[str]:
    """Rename through the index if there is one: a partition's constraint itself cannot be renamed."""
    if item["type"] in HAS_INDEX:
        return with_names(item, [f"ALTER INDEX {_index(item)} RENAME TO {name}"])
    return with_names(item, [f"ALTER TABLE {item.parent} RENAME CONSTRAINT {_own_name(item)} TO {name}"])


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the definition changes, unless the constraint only has to be validated."""
    table, index = f"ALTER TABLE {after.parent}", f"ALTER INDEX {_index(before)}"
    statements: list[str] = []
    if before["definition"] != after["definition"]:
        if before["definition"] != after["definition"] + NOT_VALID:
            return None
        statements.append(validate(before))
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
    statements = with_names(before, statements)
    return statements + [_switch(before, state) for state in switched.values() if state not in old]


def validate(item: Object) -> Statement:
    return Statement(f"ALTER TABLE {item.parent} VALIDATE CONSTRAINT {_own_name(item)}", Does.VALIDATE)


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Mark the constraint's index for CLUSTER and replica identity, once partitions are attached.

    A table can mark one index only, so the mark of another index has to be removed before.
    """
    statements: list[str] = []
    if item["part_of"]:
        item = replace(item, derived=True)
        statements += [] if before else alter(item.but(**PLAIN), item) or ()
    name = _own_name(item)
    if item["clustered"] and not (before and before["clustered"]):
        statements.append(f"ALTER TABLE {item.parent} CLUSTER ON {name}")
    if item["replica_identity"] and not (before and before["replica_identity"]):
        statements.append(f"ALTER TABLE {item.parent} REPLICA IDENTITY USING INDEX {name}")
    return with_names(item, statements)


def _index(item: Object) -> str:
    """Return the name of the constraint's index: always that of the constraint."""
    return sibling(str(item.parent), _own_name(item))


def _own_name(item: Object) -> str:
    """Return the constraint's name; NAME, to be looked up, for a partition's unless the partition is detached."""
    return NAME if item.derived and item["part_of"] else str(item.called or item["name"])


def _switch(item: Object, state: str) -> str:
    """Set the state of the constraint's internal triggers (`ENABLE on users`), whose names only the server knows."""
    verb, _, name = state.partition(" on ")
    on, table = literal(name), literal(str(item.parent))
    by_name = f"con.conrelid = {table}::regclass AND quote_ident(con.conname) = {literal(_own_name(item))}"
    own = f"con.oid = ({constraint_of(item)})" if NAME in by_name else by_name
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
          AND {own}
    LOOP
        EXECUTE format('ALTER TABLE ONLY %s {verb} TRIGGER %I', {on}, own);
    END LOOP;
END
$$"""
