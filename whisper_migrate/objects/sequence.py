"""Sequences, except those of identity columns (pg_sequence). The current value is data and is not compared."""

from collections.abc import Sequence

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_class",
    owner="SEQUENCE",
    follows_table=True,
    in_metadata=True,
    exists="pg_sequence",
    seen=(),
    after=("schema", "extension"),
    holds_data=True,
    is_kept=True,
    used_by_defaults=True,
    moves=True,
    is_unique_in_schema=True,
    exports=("go_on", "settings"),
)

QUERY = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
       owner.refobjid::regclass::text AS parent,
       format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment,
       s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycle,
       owner.refobjid::regclass || '.'
       || (SELECT quote_ident(a.attname) FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid = owner.refobjid AND a.attnum = owner.refobjsubid) AS owned_by,
       c.relpersistence = 'u' AS unlogged
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend AS owner
       ON owner.classid = 'pg_catalog.pg_class'::regclass AND owner.objid = c.oid AND owner.objsubid = 0
      AND owner.refclassid = 'pg_catalog.pg_class'::regclass AND owner.refobjsubid <> 0
      AND owner.deptype IN ('a', 'i')
WHERE c.relpersistence <> 't' AND owner.deptype IS DISTINCT FROM 'i'
"""


def settings(item: Object) -> str:
    """Return the clauses of CREATE and ALTER SEQUENCE for everything but the owner."""
    return (
        f"AS {item['type']} INCREMENT BY {item['increment']} MINVALUE {item['minimum']} MAXVALUE {item['maximum']}"
        f" START WITH {item['start']} CACHE {item['cache']} {'CYCLE' if item['cycle'] else 'NO CYCLE'}"
    )


def create(item: Object) -> list[str]:
    return [f"CREATE {'UNLOGGED ' if item['unlogged'] else ''}SEQUENCE {item.identity} {settings(item)}"]


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Set the owning column when the table exists; the column's default needs the sequence first."""
    if not item["owned_by"] or (before and before["owned_by"] == item["owned_by"]):
        return []
    return [f"ALTER SEQUENCE {item.identity} OWNED BY {item['owned_by']}"]


def go_on(sequence: str, columns: Sequence[Object], start: str, bound: str, *, down: bool) -> str:
    """Return the statement that sets a new sequence to the last value in its columns, if that is not before its start.

    `start` and `bound` are the first and the last number that the sequence may give.
    """
    end, least, most = ("min", bound, start) if down else ("max", start, bound)
    if len(columns) == 1:
        last, source = f"{end}({columns[0]['name']})", str(columns[0].parent)
    else:
        ends = (f"SELECT {end}({column['name']}) FROM {column.parent}" for column in columns)
        last, source = f"{end}(used.value)", f"({' UNION ALL '.join(ends)}) AS used(value)"
    return f"SELECT setval({literal(sequence)}, {last}) FROM {source} HAVING {last} BETWEEN {least} AND {most}"


def without_references(before: Object, after: Object, tied: bool) -> Object:
    """Return the sequence without the owner that it will lose: a dropped column would drop its sequence."""
    return before if before["owned_by"] == after["owned_by"] else before.but(owned_by=None)


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER SEQUENCE {item.identity} RENAME TO {name}"]


def look(item: Object, catalog: Catalog) -> object:
    """Return the options of a sequence that no column owns."""
    return None if item["owned_by"] else item.values


def drop(item: Object) -> list[str]:
    """Use IF EXISTS for an owned sequence: dropping the owning column drops the sequence too."""
    return [f"DROP SEQUENCE {'IF EXISTS ' if item['owned_by'] else ''}{item.identity}"]


def alter(before: Object, after: Object) -> list[str]:
    statements = []
    if settings(before) != settings(after):
        statements += [
            *_into_bounds(before, after),
            f"ALTER SEQUENCE {after.identity} {settings(after)}{_turn(before, after)}",
        ]
    if before["unlogged"] != after["unlogged"]:
        statements.append(f"ALTER SEQUENCE {after.identity} SET {'UNLOGGED' if after['unlogged'] else 'LOGGED'}")
    if before["owned_by"] and not after["owned_by"]:
        statements.append(f"ALTER SEQUENCE {after.identity} OWNED BY NONE")
    return statements


def _turn(before: Object, after: Object) -> str:
    """Restart if the direction changes: the current value is out of the new bounds."""
    return " RESTART" if (before["increment"] < 0) != (after["increment"] < 0) else ""


def _into_bounds(before: Object, after: Object) -> list[str]:
    """Move the current value to the nearest one within the new bounds."""
    low, high = after["minimum"], after["maximum"]
    if _turn(before, after) or low <= before["start"] <= high or low > before["maximum"] or high < before["minimum"]:
        return []
    value = f"least(greatest(last_value, {low}), {high})"
    return [f"SELECT setval({literal(after.identity)}, {value}, is_called) FROM {after.identity}"]
