"""A database in the form of the inventory, by queries of its own: the engine's inspection is not asked.

What the inventory has no word for, such as a deferrable constraint or an index with INCLUDE, appears under a further
name, so that it cannot go unseen.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

Row = dict[str, Any]
Inventory = dict[str, Any]

OURS = """
    {oid} >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = '{catalog}'::regclass AND d.objid = {oid}
                    AND d.deptype = 'e')
"""
RELATION = OURS.format(catalog="pg_class", oid="c.oid") + " AND c.relname <> 'alembic_version'"
COLUMN_NAMES = """
    ARRAY(SELECT a.attname::text FROM unnest({keys}) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute AS a ON a.attrelid = {relation} AND a.attnum = key.number ORDER BY key.place)
"""
ACTION = "CASE {} WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE {}::text END"

RELATIONS = f"""
SELECT c.oid, c.relname AS name, c.relkind::text AS kind, obj_description(c.oid, 'pg_class') IS NOT NULL AS has_comment
FROM pg_class AS c
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't')
ORDER BY c.relname COLLATE "C"
"""

COLUMNS = f"""
SELECT a.attrelid AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
       CASE a.attgenerated WHEN '' THEN pg_get_expr(e.adbin, e.adrelid) END AS default,
       CASE a.attgenerated WHEN 's' THEN pg_get_expr(e.adbin, e.adrelid) END AS generated,
       nullif(a.attidentity::text, '') AS identity,
       (SELECT s.relname FROM pg_depend AS d JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype = 'a') AS owned_sequence,
       nullif(a.attndims, 0) IS NOT NULL AS array,
       col_description(a.attrelid, a.attnum) IS NOT NULL AS has_comment,
       nullif(a.attcollation, t.typcollation) AS other_collation,
       nullif(a.attcompression, '') AS compression
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

# On PostgreSQL 18 NOT NULL is a constraint as well (n): the columns tell of it.
CONSTRAINTS = f"""
SELECT k.conrelid AS oid, k.contype::text AS type, k.conname AS name,
       {COLUMN_NAMES.format(keys="k.conkey", relation="k.conrelid")} AS columns,
       f.relname AS ref_table, {COLUMN_NAMES.format(keys="k.confkey", relation="k.confrelid")} AS ref_columns,
       {ACTION.format("k.confdeltype", "k.confdeltype")} AS on_delete,
       {ACTION.format("k.confupdtype", "k.confupdtype")} AS on_update,
       pg_get_expr(k.conbin, k.conrelid) AS expression,
       nullif(k.condeferrable, false) AS deferrable, nullif(NOT k.convalidated, false) AS not_valid,
       nullif(k.connoinherit AND k.contype = 'c', false) AS no_inherit,
       nullif(k.confmatchtype NOT IN ('s', ' '), false) AS other_match,
       obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
LEFT JOIN pg_class AS f ON f.oid = k.confrelid
WHERE {RELATION} AND k.contype <> 'n'
ORDER BY k.conname COLLATE "C"
"""

INDEXES = f"""
SELECT i.indrelid AS oid, x.relname AS name, m.amname AS method, i.indisunique AS unique,
       (SELECT json_agg(json_build_object(
            'column', pg_get_indexdef(i.indexrelid, n, true),
            'order', CASE i.indoption[n - 1] & 1 WHEN 1 THEN 'desc' END,
            'nulls', CASE WHEN (i.indoption[n - 1] & 1) * 2 <> i.indoption[n - 1] & 2 THEN 'not the default' END,
            'opclass', CASE WHEN NOT o.opcdefault THEN o.opcname END,
            'collation', CASE WHEN i.indcollation[n - 1] <> a.attcollation THEN i.indcollation[n - 1]::text END
        ) ORDER BY n)
        FROM generate_series(1, i.indnkeyatts) AS n
        JOIN pg_opclass AS o ON o.oid = i.indclass[n - 1]
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1]) AS keys,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       (SELECT k.conname FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
           AS backs_constraint,
       nullif(i.indnatts, i.indnkeyatts) AS include, nullif(NOT i.indisvalid, false) AS not_valid,
       nullif(to_json(i)::jsonb -> 'indnullsnotdistinct', 'false') AS nulls_not_distinct,
       x.reloptions AS options, obj_description(x.oid, 'pg_class') AS comment
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = x.relam
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't')
ORDER BY x.relname COLLATE "C"
"""

TRIGGERS = f"""
SELECT g.tgrelid AS oid, g.tgname AS name,
       CASE WHEN g.tgtype & 2 > 0 THEN 'BEFORE' WHEN g.tgtype & 64 > 0 THEN 'INSTEAD OF' ELSE 'AFTER' END AS timing,
       array_remove(ARRAY[CASE WHEN g.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN g.tgtype & 8 > 0 THEN 'DELETE' END,
                          CASE WHEN g.tgtype & 16 > 0 THEN 'UPDATE' END,
                          CASE WHEN g.tgtype & 32 > 0 THEN 'TRUNCATE' END], NULL) AS events,
       CASE g.tgtype & 1 WHEN 1 THEN 'ROW' ELSE 'STATEMENT' END AS level, p.proname AS function,
       g.tgqual IS NOT NULL AS has_when, g.tgenabled = 'O' AS enabled,
       nullif(g.tgattr::text, '') AS columns, nullif(g.tgnargs, 0) AS arguments,
       coalesce(g.tgoldtable, g.tgnewtable) AS transition_table, obj_description(g.oid, 'pg_trigger') AS comment
FROM pg_trigger AS g
JOIN pg_class AS c ON c.oid = g.tgrelid
JOIN pg_proc AS p ON p.oid = g.tgfoid
WHERE {RELATION} AND NOT g.tgisinternal
ORDER BY g.tgname COLLATE "C"
"""

SEQUENCES = f"""
SELECT c.relname AS name, format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment,
       s.seqmin AS min, s.seqmax AS max, s.seqcache AS cache, s.seqcycle AS cycle,
       (SELECT t.relname || '.' || a.attname FROM pg_depend AS d JOIN pg_class AS t ON t.oid = d.refobjid
        JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.objid = c.oid AND d.deptype = 'a') AS owned_by
FROM pg_class AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
WHERE {RELATION}
ORDER BY c.relname COLLATE "C"
"""

FUNCTIONS = f"""
SELECT p.proname AS name, CASE p.prokind WHEN 'f' THEN 'function' ELSE p.prokind::text END AS kind,
       coalesce((SELECT json_agg(json_build_object('name', p.proargnames[n], 'type', format_type(t, NULL),
                                                   'default', pg_get_function_arg_default(p.oid, n::int)) ORDER BY n)
                 FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), '[]') AS arguments,
       pg_get_function_result(p.oid) AS returns, l.lanname AS language,
       CASE p.provolatile WHEN 'v' THEN 'volatile' WHEN 's' THEN 'stable' ELSE 'immutable' END AS volatility,
       p.proisstrict AS strict, p.prosecdef AS security_definer,
       obj_description(p.oid, 'pg_proc') IS NOT NULL AS has_comment,
       p.proconfig AS settings, nullif(p.proleakproof, false) AS leakproof, nullif(p.proparallel, 'u') AS parallel
FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE {OURS.format(catalog="pg_proc", oid="p.oid")}
ORDER BY p.proname COLLATE "C", p.oid
"""

SOURCES = f"""
SELECT DISTINCT c.oid, s.relname AS name
FROM pg_class AS c
JOIN pg_rewrite AS r ON r.ev_class = c.oid
JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refobjid <> c.oid
JOIN pg_class AS s ON d.refclassid = 'pg_class'::regclass AND s.oid = d.refobjid
WHERE {RELATION}
ORDER BY s.relname
"""

ENUMS = f"""
SELECT t.typname AS name, ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid
                                ORDER BY e.enumsortorder) AS labels,
       (SELECT count(*) FROM pg_attribute AS a WHERE a.attnum > 0 AND a.atttypid IN (t.oid, t.typarray))
           AS used_by_columns
FROM pg_type AS t WHERE t.typtype = 'e' AND {OURS.format(catalog="pg_type", oid="t.oid")}
ORDER BY t.typname COLLATE "C"
"""

OTHER_TYPES = f"""
SELECT t.typname AS name, t.typtype::text AS kind
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typtype <> 'e' AND t.typcategory <> 'A' AND (c.oid IS NULL OR c.relkind = 'c')
  AND {OURS.format(catalog="pg_type", oid="t.oid")}
"""

EXTENSIONS = """
SELECT e.extname AS name, e.extnamespace::regnamespace::text AS schema FROM pg_extension AS e
ORDER BY e.extname COLLATE "C"
"""


def expected() -> Inventory:
    """The inventory of v1.0.6. The versions of extensions are the server's business."""
    inventory: Inventory = json.loads(Path(__file__).with_name("whisper_schema_v106.json").read_text())
    for extension in inventory["extensions"]:
        del extension["version"]
    return inventory


def read(connection: Connection) -> Inventory:
    """The inventory of a database, but for its counts and for the subjects of its tables."""
    connection.execute(text("SET LOCAL search_path = public"))
    relations = _rows(connection, RELATIONS)
    columns = _by_relation(connection, COLUMNS, "owned_sequence", "array", "other_collation", "compression")
    constraints = _by_relation(
        connection, CONSTRAINTS, "deferrable", "not_valid", "no_inherit", "other_match", "comment"
    )
    indexes = _by_relation(connection, INDEXES, "include", "not_valid", "nulls_not_distinct", "options", "comment")
    triggers = _by_relation(connection, TRIGGERS, "columns", "arguments", "transition_table", "comment")
    sources = _by_relation(connection, SOURCES)
    for index in (index for found in indexes.values() for index in found):
        index["keys"] = [{name: value for name, value in key.items() if value is not None} for key in index["keys"]]
    tables, views = [], []
    for relation in relations:
        oid, kind = relation.pop("oid"), relation.pop("kind")
        if kind in ("v", "m"):
            view = {**relation, "materialized": kind == "m", "indexes": indexes.get(oid, [])}
            view["columns"] = [{name: column[name] for name in ("name", "type")} for column in columns[oid]]
            view["source_tables"] = [source["name"] for source in sources.get(oid, [])]
            views.append(view)
        else:
            table = {**relation, **({"kind": kind} if kind != "r" else {}), "columns": columns.get(oid, [])}
            table |= _constraints(constraints.get(oid, []))
            tables.append(table | {"indexes": indexes.get(oid, []), "triggers": triggers.get(oid, [])})
    return {
        "schema": "public",
        "extensions": _rows(connection, EXTENSIONS),
        "enums": _rows(connection, ENUMS),
        "other_types": _rows(connection, OTHER_TYPES),
        "sequences": _rows(connection, SEQUENCES),
        "tables": tables,
        "views": views,
        "functions": [_usual(row, "settings", "leakproof", "parallel") for row in _rows(connection, FUNCTIONS)],
    }


def counts(inventory: Inventory) -> Row:
    """The counts of an inventory, under the names that it gives them."""
    tables, functions, extensions = inventory["tables"], inventory["functions"], inventory["extensions"]
    columns, indexes, uniques, foreign_keys, checks, triggers = (
        [item for table in tables for item in table[kind]]
        for kind in ("columns", "indexes", "uniques", "foreign_keys", "checks", "triggers")
    )
    plain = [index for index in indexes if not index["backs_constraint"]]
    keys = [key for index in plain for key in index["keys"]]
    primary_keys = [table["primary_key"] for table in tables if table["primary_key"]]
    primary = {table["name"]: table["primary_key"] and table["primary_key"]["columns"] for table in tables}
    defaults = [column["default"] for column in columns if column["default"] is not None]

    def composite(items: list[Row]) -> int:
        return sum(len(item["columns"]) > 1 for item in items)

    def commented(items: list[Row]) -> int:
        return sum(item["has_comment"] for item in items)

    def given(items: list[Row], name: str) -> int:
        return sum(bool(item.get(name)) for item in items)

    return {
        "tables": len(tables),
        "table_columns": len(columns),
        "sequences": len(inventory["sequences"]),
        "views": sum(not view["materialized"] for view in inventory["views"]),
        "materialized_views": given(inventory["views"], "materialized"),
        "functions": len(functions),
        "trigger_functions": sum(function["returns"] == "trigger" for function in functions),
        "triggers": len(triggers),
        "enums": len(inventory["enums"]),
        "extensions_besides_plpgsql": sum(extension["name"] != "plpgsql" for extension in extensions),
        "indexes_total": len(indexes),
        "indexes_backing_constraints": len(indexes) - len(plain),
        "indexes_plain": len(plain),
        "indexes_by_method": Counter(index["method"] for index in indexes),
        "plain_indexes_by_method": Counter(index["method"] for index in plain),
        "indexes_partial": given(indexes, "predicate"),
        "indexes_with_expression": sum("(" in key["column"] for key in keys),
        "indexes_with_desc_key": sum(any("order" in key for key in index["keys"]) for index in plain),
        "indexes_with_nondefault_nulls": sum(any("nulls" in key for key in index["keys"]) for index in plain),
        "indexes_nondefault_opclass": Counter(key["opclass"] for key in keys if "opclass" in key),
        "indexes_multicolumn_gin": sum(index["method"] == "gin" and len(index["keys"]) > 1 for index in plain),
        "indexes_unique_without_constraint": given(plain, "unique"),
        "indexes_with_include": given(indexes, "include"),
        "primary_keys": len(primary_keys),
        "primary_keys_composite": composite(primary_keys),
        "unique_constraints": len(uniques),
        "unique_constraints_composite": composite(uniques),
        "check_constraints": len(checks),
        "foreign_keys": len(foreign_keys),
        "foreign_keys_by_on_delete": Counter(key["on_delete"] for key in foreign_keys),
        "foreign_keys_composite": composite(foreign_keys),
        "foreign_keys_self": sum(
            key["ref_table"] == table["name"] for table in tables for key in table["foreign_keys"]
        ),
        "foreign_keys_to_non_pk": sum(key["ref_columns"] != primary[key["ref_table"]] for key in foreign_keys),
        "table_comments": commented(tables),
        "column_comments": commented(columns),
        "view_comments": commented(inventory["views"]),
        "function_comments": commented(functions),
        "index_comments": given(indexes, "comment"),
        "constraint_comments": given(primary_keys + uniques + foreign_keys + checks, "comment"),
        "generated_columns": given(columns, "generated"),
        "identity_columns": given(columns, "identity"),
        "columns_with_default": len(defaults),
        "serial_columns": given(columns, "owned_sequence"),
        "columns_not_null": given(columns, "not_null"),
        "columns_by_type": Counter(column["type"] for column in columns),
        "columns_array": given(columns, "array"),
        "columns_enum": sum(enum["used_by_columns"] for enum in inventory["enums"]),
        "defaults_by_text": Counter("nextval(...)" if text.startswith("nextval(") else text for text in defaults),
    }


def differing(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Where two inventories differ, in words; what has a name is told apart by it."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = dict.fromkeys((*wanted, *found))
        pairs = [(f"{path}.{name}", found.get(name, "absent"), wanted.get(name, "absent")) for name in names]
    elif isinstance(found, list) and isinstance(wanted, list) and all(_named(x) for x in (*found, *wanted)):
        order = [[item["name"] for item in items] for items in (found, wanted)]
        if order[0] != order[1]:
            more, less = (sorted((Counter(a) - Counter(b)).elements()) for a, b in (order, order[::-1]))
            return [f"{path}: more {more}, less {less}" if more or less else f"{path}: another order, {order[0]}"]
        pairs = [(f"{path}[{a['name']}]", a, b) for a, b in zip(found, wanted, strict=True)]
    else:
        return [] if found == wanted else [f"{path}: {found!r}, not {wanted!r}"]
    return [line for where, a, b in pairs for line in differing(a, b, where)]


def _named(item: Any) -> bool:
    return isinstance(item, dict) and "name" in item


def _constraints(rows: list[Row]) -> Row:
    found: Row = {"primary_key": None, "uniques": [], "foreign_keys": [], "checks": []}
    for row in rows:
        kind = row.pop("type")
        further = [*row][list(row).index("expression") + 1 :]
        words = {name: row[name] for name in ("name", "columns", *further)}
        if kind == "f":
            words |= {name: row[name] for name in ("ref_table", "ref_columns", "on_delete", "on_update")}
            found["foreign_keys"].append(words)
        elif kind == "c":
            found["checks"].append(words | {"expression": row["expression"]})
        elif kind == "p":
            found["primary_key"] = words
        else:
            found.setdefault("uniques" if kind == "u" else f"constraints of type {kind}", []).append(words)
    return found


def _by_relation(connection: Connection, query: str, *unusual: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in _rows(connection, query):
        found.setdefault(row.pop("oid"), []).append(_usual(row, *unusual))
    return found


def _usual(row: Row, *unusual: str) -> Row:
    """A row without those of its values that are mentioned only when there is something to say."""
    return {name: value for name, value in row.items() if name not in unusual or value not in (None, False)}


def _rows(connection: Connection, query: str) -> list[Row]:
    return [dict(row) for row in connection.exec_driver_sql(query).mappings()]
