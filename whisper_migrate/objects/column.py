"""Columns of tables (pg_attribute). Their order is not compared: no statement can change it."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import foreign_option_changes, foreign_options, option_changes, options

CATALOG = "pg_class"
AFTER = ("table", "domain", "composite_type", "range_type")


def query(version: int) -> str:
    """Virtual generated columns and named NOT NULL constraints came with PostgreSQL 18."""
    named = "co.name" if version >= 18 else "NULL"
    join = NOT_NULL_NAMES if version >= 18 else ""
    target = "a.attstattarget" if version >= 17 else "nullif(a.attstattarget, -1)"
    return QUERY.format(named=named, join=join, target=target)


# PostgreSQL names these itself, after the table and column of that day: such a name survives a rename of either
# and no model can state it. Only a name that somebody chose is compared.
NOT_NULL_NAMES = r"""
LEFT JOIN LATERAL (
    SELECT concat_ws(' ', CASE WHEN n.conname !~ '_not_null\d*$' THEN 'CONSTRAINT ' || quote_ident(n.conname) END,
                     CASE WHEN NOT n.convalidated THEN 'NOT VALID' END,
                     CASE WHEN n.connoinherit THEN 'NO INHERIT' END) AS name
    FROM pg_catalog.pg_constraint AS n
    WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum]
) AS co ON a.attnotnull"""

QUERY = r"""
SELECT a.attrelid AS oid, a.attnum AS subid, c.oid::regclass::text AS parent,
       c.oid::regclass || '.' || quote_ident(a.attname) AS identity,
       quote_ident(a.attname) AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
       a.attnotnull AS not_null,
       nullif({named}, '') AS not_null_constraint,
       CASE a.attgenerated WHEN '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
       CASE a.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END AS generated_kind,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated,
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_kind,
       ids.name AS identity_sequence, ids.options AS identity_options,
       CASE WHEN a.attstorage <> t.typstorage THEN
           CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END
       END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       {target} AS statistics,
       a.attoptions AS options,
       a.attfdwoptions AS foreign_options,
       NOT a.attislocal AS inherited,
       c.relkind IN ('v', 'm') AS of_view, c.relkind = 'f' AS of_foreign_table
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN LATERAL (
    SELECT s.seqrelid::regclass::text AS name,
           ARRAY['INCREMENT BY ' || s.seqincrement, 'MINVALUE ' || s.seqmin, 'MAXVALUE ' || s.seqmax,
                 'START WITH ' || s.seqstart, 'CACHE ' || s.seqcache,
                 CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END] AS options
    FROM pg_catalog.pg_depend AS own
    JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = own.objid
    WHERE own.refclassid = 'pg_catalog.pg_class'::regclass AND own.refobjid = a.attrelid
      AND own.refobjsubid = a.attnum AND own.deptype = 'i' AND own.classid = 'pg_catalog.pg_class'::regclass
) AS ids ON a.attidentity <> ''{join}
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid >= 16384 AND c.relpersistence <> 't'
  AND (c.relkind IN ('r', 'p', 'f')
       OR c.relkind IN ('v', 'm') AND (a.atthasdef OR {target} IS NOT NULL OR a.attoptions IS NOT NULL
                                       OR a.attcompression <> '' OR c.relkind = 'm' AND a.attstorage <> t.typstorage))
ORDER BY a.attrelid, a.attnum
"""


def definition(item: Object) -> str:
    """The column as CREATE TABLE and ADD COLUMN take it."""
    words = [item["name"], item["type"] + foreign_options(item["foreign_options"])]
    if item["collation"]:
        words.append(f"COLLATE {item['collation']}")
    if item["default"] is not None:
        words.append(f"DEFAULT {item['default']}")
    if item["generated"] is not None:
        words.append(f"GENERATED ALWAYS AS ({item['generated']}) {item['generated_kind']}")
    if item["identity_kind"]:
        words.append(_as_identity(item))
    if item["not_null"]:
        words.append(_not_null(item))
    return " ".join(words)


def settings(item: Object) -> list[str]:
    """What CREATE TABLE has no words for (or has only on newer servers)."""
    column = f"ALTER TABLE {item.parent} ALTER COLUMN {item['name']}"
    statements = [f"{column} SET STORAGE {item['storage']}"] if item["storage"] else []
    if item["compression"]:
        statements.append(f"{column} SET COMPRESSION {item['compression']}")
    if item["statistics"] is not None:
        statements.append(f"{column} SET STATISTICS {item['statistics']}")
    if item["options"]:
        statements.append(f"{column} SET ({options(item['options'])})")
    if item["of_view"] and item["default"] is not None:
        statements.append(f"{column} SET DEFAULT {item['default']}")
    return statements


def fits_inside(item: Object) -> bool:
    """A table that is created brings its columns along."""
    return not item["of_view"]


def create(item: Object) -> list[str]:
    if item["of_view"]:
        return settings(item)
    return [f"ALTER TABLE {item.parent} ADD COLUMN {definition(item)}", *settings(item)]


def drop(item: Object) -> list[str]:
    if item["of_view"]:
        return alter(item, item.but(default=None, storage=None, compression=None, statistics=None, options=None)) or []
    return [f"ALTER TABLE {item.parent} DROP COLUMN {item['name']}"]


def loose(before: Object, after: Object, tied: bool) -> Object:
    """Without the default, which calls what is made again, and without an identity that it is to lose."""
    if before["identity_kind"] and not after["identity_kind"]:
        before = before.but(identity_kind=None, identity_sequence=None, identity_options=None)
    return before.but(default=None) if tied else before


def alter(before: Object, after: Object, using: str | None = None) -> list[str] | None:
    """None where the column has to become generated, or another kind of generated: that is a new column.

    `using` is how its values become ones of the new type, where that is not a simple cast.
    """
    if after["of_view"]:  # its query says of what type it is
        before = before.but(type=after["type"], collation=after["collation"])
    column = f"ALTER TABLE {after.parent} ALTER COLUMN {after['name']}"
    generation = _generation(before, after, column)
    if generation is None:
        return None
    statements = []
    if before["identity_kind"] and not after["identity_kind"]:
        statements.append(f"{column} DROP IDENTITY")
    retype = (before["type"], before["collation"]) != (after["type"], after["collation"])
    if before["default"] is not None and (after["default"] is None or retype):
        statements.append(f"{column} DROP DEFAULT")
    statements += generation
    if retype:
        collation = f" COLLATE {after['collation']}" if after["collation"] else ""
        using = _conversion(before, after) if using is None else using
        statements.append(f"{column} TYPE {after['type']}{collation}{using and f' USING {using}'}")
    if after["default"] is not None and (retype or before["default"] != after["default"]):
        statements.append(f"{column} SET DEFAULT {after['default']}")
    statements += _nullability(before, after, column)
    statements += _identity(before, after, column)
    if before["storage"] != after["storage"]:
        statements.append(f"{column} SET STORAGE {after['storage'] or 'DEFAULT'}")
    if before["compression"] != after["compression"]:
        statements.append(f"{column} SET COMPRESSION {after['compression'] or 'default'}")
    if before["statistics"] != after["statistics"]:
        statements.append(f"{column} SET STATISTICS {-1 if after['statistics'] is None else after['statistics']}")
    statements += option_changes(column, before["options"], after["options"])
    return statements + foreign_option_changes(column, before["foreign_options"], after["foreign_options"])


def _conversion(before: Object, after: Object) -> str:
    """Through text between two types that somebody made (their names have a schema): these have no casts."""
    if before["type"] == after["type"] or after["of_foreign_table"]:
        return ""
    through = "::text" if "." in before["type"] and "." in after["type"] else ""
    return f"{after['name']}{through}::{after['type']}"


def _generation(before: Object, after: Object, column: str) -> list[str] | None:
    if (before["generated"], before["generated_kind"]) == (after["generated"], after["generated_kind"]):
        return []
    if before["generated_kind"] == "STORED" and after["generated"] is None:
        return [f"{column} DROP EXPRESSION"]
    return None


def _nullability(before: Object, after: Object, column: str) -> list[str]:
    if (before["not_null"], before["not_null_constraint"]) == (after["not_null"], after["not_null_constraint"]):
        return []
    statements = [f"{column} DROP NOT NULL"] if before["not_null"] else []
    if after["not_null"] and after["not_null_constraint"]:
        name, words = _not_null_words(after)
        statements.append(f"ALTER TABLE {after.parent} ADD {name}NOT NULL {after['name']}{words}")
    elif after["not_null"]:
        statements.append(f"{column} SET NOT NULL")
    return statements


def _identity(before: Object, after: Object, column: str) -> list[str]:
    names = ("identity_kind", "identity_sequence", "identity_options")
    if not after["identity_kind"] or all(before[name] == after[name] for name in names):
        return []
    if not before["identity_kind"]:
        return [f"{column} ADD {_as_identity(after)}"]
    statements = []
    if before["identity_sequence"] != after["identity_sequence"]:
        name = after["identity_sequence"].rpartition(".")[2]
        statements.append(f"ALTER SEQUENCE {before['identity_sequence']} RENAME TO {name}")
    options = " ".join(f"SET {option}" for option in after["identity_options"])
    return [*statements, f"{column} SET GENERATED {after['identity_kind']} {options}"]


def _as_identity(item: Object) -> str:
    options = " ".join(item["identity_options"])
    return f"GENERATED {item['identity_kind']} AS IDENTITY (SEQUENCE NAME {item['identity_sequence']} {options})"


def _not_null(item: Object) -> str:
    if not item["not_null_constraint"]:
        return "NOT NULL"
    name, words = _not_null_words(item)
    return f"{name}NOT NULL{words.replace(' NOT VALID', '')}"


def _not_null_words(item: Object) -> tuple[str, str]:
    """`("CONSTRAINT name ", " NOT VALID NO INHERIT")` of a NOT NULL constraint that was given a name or a state."""
    text = str(item["not_null_constraint"])
    words = "".join(f" {word}" for word in ("NO INHERIT", "NOT VALID") if word in text)
    name = text.replace("NOT VALID", "").replace("NO INHERIT", "").strip()
    return (f"{name} " if name else ""), words
