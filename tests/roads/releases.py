"""The databases that WhisperEngine's releases leave, built from the inventories of their schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from tests.models.inventory import read as inventory
from tests.support.projects import ask

Item = dict[str, Any]
FACTS = Path(inventory.__file__).with_name("whisper_releases.json")
STATES: dict[str, Item] = {state["name"]: state for state in json.loads(FACTS.read_text())["states"]}
V106 = {table["name"]: table for table in inventory.expected()["tables"]}
HEAD = {table["name"]: table for table in inventory.expected("head")["tables"]}
STAMP = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"
OVERLOADED = "get_user_facts_with_relations"


def taken_to(url: URL, name: str) -> URL:
    """Take a database of v1.0.6 to a later state of whisper_releases.json, with its stamp. Only their statements."""
    state = STATES[name]
    ask(url, *_statements(state), *stamps(state["stamp"]))
    return url


def stamps(*revisions: str) -> list[str]:
    """Return the statements that stamp a database; without a revision, the table is empty."""
    return [STAMP, *(f"INSERT INTO alembic_version VALUES ('{revision}')" for revision in revisions)]


def _statements(state: Item) -> Iterator[str]:
    own = {table["name"]: table for table in state["own_form"]}
    wanted = {name: HEAD[name] for name in state["as_head"] if name != "alembic_version"} | own
    if state["missing_of_v106"]:
        yield f"DROP TABLE {', '.join(state['missing_of_v106'])}"
    for name in state["functions_missing"]:
        yield f"DROP FUNCTION {name}"
    new = [table for name, table in wanted.items() if name not in V106]
    for table in new:
        yield from _created(table)
    for table in new:
        yield from _keyed(table)
    for table in new:
        yield from _referring(table)
    for name, table in wanted.items():
        yield from _altered(V106[name], table) if name in V106 else ()
        yield from _described(V106.get(name), table)
    if state["functions_beside_v106"]:
        yield _overload()


def _created(table: Item) -> Iterator[str]:
    columns = table["columns"]
    for column in columns:
        if sequence := column.get("owned_sequence"):
            yield f"CREATE SEQUENCE {sequence} AS integer"
    yield f"CREATE TABLE {table['name']} ({', '.join(map(_column, columns))})"
    for column in columns:
        if sequence := column.get("owned_sequence"):
            yield f"ALTER SEQUENCE {sequence} OWNED BY {table['name']}.{column['name']}"


def _column(column: Item) -> str:
    default = f" DEFAULT {column['default']}" if column["default"] is not None else ""
    return f"{column['name']} {column['type']}{default}{' NOT NULL' if column['not_null'] else ''}"


def _keyed(table: Item) -> Iterator[str]:
    """Yield the statements for the keys, checks and indexes of a table."""
    add = f"ALTER TABLE {table['name']} ADD CONSTRAINT"
    if key := table["primary_key"]:
        yield f"{add} {key['name']} PRIMARY KEY ({', '.join(key['columns'])})"
    for unique in table["uniques"]:
        yield f"{add} {unique['name']} UNIQUE ({', '.join(unique['columns'])})"
    for check in table["checks"]:
        yield f"{add} {check['name']} CHECK ({check['expression']})"
    yield from _indexed(table, [])


def _referring(table: Item) -> Iterator[str]:
    for key in table["foreign_keys"]:
        there = f"{key['ref_table']} ({', '.join(key['ref_columns'])})"
        here = f"ADD CONSTRAINT {key['name']} FOREIGN KEY ({', '.join(key['columns'])}) REFERENCES {there}"
        yield f"ALTER TABLE {table['name']} {here} ON DELETE {key['on_delete']} ON UPDATE {key['on_update']}"


def _indexed(table: Item, there: list[Item]) -> Iterator[str]:
    names = {index["name"] for index in there}
    for index in table["indexes"]:
        if index["name"] not in names and not index["backs_constraint"]:
            unique, where = "UNIQUE " if index["unique"] else "", index["predicate"]
            keys = ", ".join(f"{key['column']} {key.get('order', '')}" for key in index["keys"])
            created = f"CREATE {unique}INDEX {index['name']} ON {table['name']} USING {index['method']} ({keys})"
            yield f"{created} WHERE {where}" if where else created


def _altered(before: Item, after: Item) -> Iterator[str]:
    old, new = ({column["name"]: column for column in table["columns"]} for table in (before, after))
    alter = f"ALTER TABLE {after['name']}"
    yield from (f"{alter} DROP COLUMN {name}" for name in old.keys() - new.keys())
    yield from (f"{alter} ADD COLUMN {_column(new[name])}" for name in new if name not in old)
    for name in old.keys() & new.keys():
        if old[name]["type"] != new[name]["type"]:
            type_, default = new[name]["type"], new[name]["default"]
            yield f"UPDATE {after['name']} SET {name} = to_json({name})"  # text that is no JSON would stop theirs too
            yield f"{alter} ALTER {name} DROP DEFAULT, ALTER {name} TYPE {type_} USING {name}::{type_}"
            yield f"{alter} ALTER {name} SET DEFAULT {default}"
    yield from _indexed(after, before["indexes"])


def _described(before: Item | None, after: Item) -> Iterator[str]:
    """Yield their comments, in their own words: the inventory only has that there is one."""
    if after["has_comment"] and not (before and before["has_comment"]):
        yield f"COMMENT ON TABLE {after['name']} IS 'Their words'"
    old = {column["name"]: column for column in before["columns"]} if before else {}
    for column in after["columns"]:
        if column["has_comment"] and not old.get(column["name"], {}).get("has_comment"):
            yield f"COMMENT ON COLUMN {after['name']}.{column['name']} IS 'Their words'"


def _overload() -> str:
    found = (function for function in inventory.expected("head")["functions"] if function["name"] == OVERLOADED)
    function = next(one for one in found if one["arguments"][0]["type"] == "character varying")
    arguments = ", ".join(
        f"{one['name']} {one['type']}{' DEFAULT ' + one['default'] if one['default'] else ''}"
        for one in function["arguments"]
    )
    body = "BEGIN RETURN; END"
    return f"CREATE FUNCTION {OVERLOADED}({arguments}) RETURNS {function['returns']} LANGUAGE plpgsql AS $${body}$$"
