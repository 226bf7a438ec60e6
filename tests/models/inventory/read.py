"""Read a database in the form of the inventory, with separate queries instead of the engine's inspection.

Some properties do not fit the inventory, such as a deferrable constraint or an index with INCLUDE. They appear under
additional names, so that they are noticed.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.models.inventory.queries import (
    COLUMNS,
    CONSTRAINTS,
    ENUMS,
    EXTENSIONS,
    FUNCTIONS,
    INDEXES,
    OTHER_TYPES,
    RELATIONS,
    SEQUENCES,
    SOURCES,
    TRIGGERS,
)

Row = dict[str, Any]
Inventory = dict[str, Any]


def expected(name: str = "v106") -> Inventory:
    """Return the inventory of v1.0.6 or of the `head`, without the versions of extensions: they are the server's."""
    inventory: Inventory = json.loads(Path(__file__).with_name(f"whisper_schema_{name}.json").read_text())
    for extension in inventory["extensions"]:
        del extension["version"]
    return inventory


def read(connection: Connection) -> Inventory:
    """Return the inventory of a database, without its counts and the subjects of its tables."""
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
    """Return the counts of an inventory, under the inventory's names for them."""
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
    """Return the differences between two inventories in words; named items are matched by name."""
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
    """Return a row without the values that the inventory mentions only if they are unusual."""
    return {name: value for name, value in row.items() if name not in unusual or value not in (None, False)}


def _rows(connection: Connection, query: str) -> list[Row]:
    return [dict(row) for row in connection.exec_driver_sql(query).mappings()]
