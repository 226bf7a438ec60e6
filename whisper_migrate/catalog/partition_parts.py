"""Partition indexes, and the keys and foreign keys that a partition has from its partitioned table.

PostgreSQL creates them, or somebody attaches an index. Their names are not compared. A partition index is identified by
the index or constraint of the topmost partitioned table and by its partition. A statement on it looks up the name when
it runs, because each database may have another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal
from whisper_migrate.catalog.statement import Statement

# Stands for the name of the partition's index or constraint in a statement: SQL never contains this character.
NAME = "\0"

# Partition indexes: the index, its partition, and the index of the topmost partitioned table.
INDEXES = """
    SELECT i.indexrelid AS oid, quote_ident(top.relname) AS name, top.oid::regclass::text AS part_of,
           top.oid::regclass || ' on partition ' || i.indrelid::regclass AS identity
    FROM pg_catalog.pg_inherits AS h
    JOIN pg_catalog.pg_index AS i ON i.indexrelid = h.inhrelid
    JOIN pg_catalog.pg_index AS up ON up.indexrelid = h.inhparent AND up.indisvalid
    JOIN pg_catalog.pg_class AS top ON top.oid = pg_partition_root(i.indexrelid)
"""
# Partitions' keys, exclusions and foreign keys, for WITH RECURSIVE. (A check always has the name of its parent's.)
CONSTRAINTS = """
part_above(oid, conrelid, above) AS (
    SELECT con.oid, con.conrelid, con.conparentid
    FROM pg_catalog.pg_constraint AS con
    JOIN pg_catalog.pg_constraint AS up ON up.oid = con.conparentid AND up.conrelid <> con.conrelid
    WHERE con.contype IN ('p', 'u', 'x', 'f')
    UNION ALL
    SELECT part_above.oid, part_above.conrelid, con.conparentid
    FROM part_above
    JOIN pg_catalog.pg_constraint AS con ON con.oid = part_above.above
    WHERE con.conparentid <> 0
), part_constraint AS (
    SELECT part_above.oid, quote_ident(top.conname) AS name,
           quote_ident(top.conname) || ' on ' || top.conrelid::regclass AS part_of,
           quote_ident(top.conname) || ' on ' || top.conrelid::regclass || ', partition '
           || part_above.conrelid::regclass AS identity
    FROM part_above
    JOIN pg_catalog.pg_constraint AS top ON top.oid = part_above.above AND top.conparentid = 0
)"""


def constraint_of(item: Object) -> str:
    """Return a query for the constraint that the partition has from the topmost table's, `item["part_of"]`."""
    name, table = literal(item["name"]), literal(item["part_of"].removeprefix(f"{item['name']} on "))
    return f"""WITH RECURSIVE part AS (
        SELECT con.oid, con.conrelid FROM pg_catalog.pg_constraint AS con
        WHERE con.conrelid = {table}::regclass AND quote_ident(con.conname) = {name}
        UNION ALL
        SELECT con.oid, con.conrelid FROM part
        JOIN pg_catalog.pg_constraint AS con ON con.conparentid = part.oid AND con.conrelid <> part.conrelid
    )
    SELECT part.oid FROM part WHERE part.conrelid = {literal(str(item.parent))}::regclass"""


def _index_of(item: Object) -> str:
    return f"""SELECT i.indexrelid FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = {literal(str(item.parent))}::regclass
      AND pg_partition_root(i.indexrelid) = {literal(item["part_of"])}::regclass"""


def with_names(item: Object, statements: Iterable[str], *, of: str | None = None) -> list[str]:
    """Return the statements; each that contains NAME looks up the name of the partition index when it runs.

    `of` is "index" or "constraint" if `item` itself is neither, as a comment on one.
    """
    return [_with_name(item, of or item.kind, sql) if NAME in sql else sql for sql in statements]


def _with_name(item: Object, kind: str, statement: str) -> str:
    if kind == "index":
        found = (
            f"SELECT quote_ident(c.relname) FROM pg_catalog.pg_class AS c WHERE c.oid = (\n    {_index_of(item)}\n    )"
        )
    else:
        found = (
            "SELECT quote_ident(con.conname) FROM pg_catalog.pg_constraint AS con WHERE con.oid = (\n"
            f"    {constraint_of(item)}\n    )"
        )
    executed = " || own || ".join(map(literal, statement.split(NAME)))
    body = f"""
DECLARE
    own text := (
    {found}
    );
BEGIN
    EXECUTE {executed};
END
"""
    quote = "$$"
    while quote in body:
        quote = f"${quote.strip('$')}_$"
    sql = f"DO {quote}{body}{quote}"
    return Statement(sql, statement.does, statement.using) if isinstance(statement, Statement) else sql


def index_gives_way(relation: str) -> str:
    """Return the statement that renames a partition index with this name, so that another object can get the name."""
    return f"""DO $$
DECLARE
    part regclass := to_regclass({literal(relation)});
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = part AND c.relkind IN ('i', 'I') AND c.relispartition)
    THEN
        EXECUTE format('ALTER INDEX %s RENAME TO %I', part, 'part_' || part::oid);
    END IF;
END
$$"""


def constraint_gives_way(name: str, table: str) -> str:
    """Return the statement that renames a partition's foreign key, to free its name for another constraint."""
    return f"""DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint AS con
               WHERE con.conrelid = to_regclass({literal(table)}) AND quote_ident(con.conname) = {literal(name)}
                 AND con.contype = 'f' AND con.conparentid <> 0)
    THEN
        ALTER TABLE {table} RENAME CONSTRAINT {name} TO part_{hashlib.sha256(name.encode()).hexdigest()[:12]};
    END IF;
END
$$"""
