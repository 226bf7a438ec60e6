"""Render constraints and indexes as operations; each function returns None if SQLAlchemy cannot express the object."""

from __future__ import annotations

import re
from collections.abc import Iterable

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import arguments, in_parentheses, schema_argument, split_list, split_name, unquoted
from whisper_migrate.objects.constraint import NOT_VALID
from whisper_migrate.planning.steps import Step
from whisper_migrate.revisions.python_sql import quoted, sql_expression, sql_text

NAME = re.compile(r'[a-z_][a-z0-9_$]*|"(?:[^"]|"")++"')
NAMES = r'(?:"(?:[^"]|"")++"|[^\s"(])+'  # with or without a schema
COLUMNS = r'(?:"(?:[^"]|"")++"|[^"()])+'
INDEX = re.compile(
    rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<concurrently>CONCURRENTLY )?{NAMES} ON {NAMES} USING (?P<method>\w+) "
    r"(?P<rest>\(.*)",
    re.DOTALL,
)
TAIL = re.compile(
    rf"(?: INCLUDE \((?P<include>{COLUMNS})\))?(?P<nulls> NULLS NOT DISTINCT)?(?: WITH \((?P<with>[^()]+)\))?"
    rf"(?: TABLESPACE (?P<tablespace>{NAMES}))?(?: WHERE (?P<where>.*))?",
    re.DOTALL,
)
WITH_OPS = re.compile(rf"({NAME.pattern}) (\w+_ops)")
WHEN = r"(?P<deferrable> DEFERRABLE)?(?P<deferred> INITIALLY DEFERRED)?"
KEY = re.compile(
    rf"(?P<word>PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? \((?P<columns>{COLUMNS})\)"
    rf"(?: INCLUDE \((?P<include>{COLUMNS})\))?{WHEN}"
)
EXCLUDE = re.compile(r"EXCLUDE USING (?P<method>\w+) (?P<rest>\(.*)", re.DOTALL)
EXCLUDED = re.compile(rf"({NAME.pattern}) WITH ([^\s\w(]+)")
EXCLUDE_TAIL = re.compile(rf"(?: WHERE (?P<where>\(.*\)))?{WHEN}", re.DOTALL)
FOREIGN_KEY = re.compile(
    rf"FOREIGN KEY \((?P<columns>{COLUMNS})\) REFERENCES (?P<table>{NAMES})\((?P<to>{COLUMNS})\)(?P<full> MATCH FULL)?"
    r"(?: ON UPDATE (?P<update>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    rf"(?: ON DELETE (?P<delete>CASCADE|RESTRICT|SET (?:NULL|DEFAULT)(?: \({COLUMNS}\))?))?{WHEN}"
)


# SQLAlchemy cannot express these, and would take the words for columns.
TEMPORAL = re.compile(r" WITHOUT OVERLAPS\)|\bPERIOD ")


def inline(item: Object) -> str | None:
    """Return a constraint as an argument of create_table; None if SQLAlchemy cannot express it."""
    if TEMPORAL.search(item["definition"]):
        return None
    name = f"name={_final(item)}"
    definition = item["definition"]
    if match := KEY.fullmatch(definition):
        word = "PrimaryKeyConstraint" if match["word"] == "PRIMARY KEY" else "UniqueConstraint"
        return f"sa.{word}({', '.join([*_names(match['columns']), name, *_special(match)])})"
    if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
        return f"sa.CheckConstraint({sql_text(_bare(match[1]))}, {name})"
    if (match := FOREIGN_KEY.fullmatch(definition)) and not _has_dots(match):
        schema, table = split_name(match["table"])
        prefix = f"{schema}.{table}" if schema != "public" else table
        targets = [quoted(f"{prefix}.{unquoted(column)}") for column in split_list(match["to"])]
        words = [f"[{', '.join(_names(match['columns']))}]", f"[{', '.join(targets)}]", name]
        return f"sa.ForeignKeyConstraint({', '.join([*words, *_actions(match)])})"
    excluded = _excluded(definition)
    return f"postgresql.ExcludeConstraint({', '.join([*excluded[0], name, *excluded[1]])})" if excluded else None


def create_constraint(step: Step) -> list[str] | None:
    item = step.item
    schema, table = split_name(str(item.parent))
    name = _final(item)
    definition = item["definition"].removesuffix(NOT_VALID)
    where = schema_argument(schema)
    where += ["postgresql_not_valid=True"] if definition != item["definition"] else []
    if len(step.statements) > 1 or TEMPORAL.search(definition):
        return None
    if match := KEY.fullmatch(definition):
        word = "create_primary_key" if match["word"] == "PRIMARY KEY" else "create_unique_constraint"
        names, special = f"[{', '.join(_names(match['columns']))}]", _special(match)
        if match["include"] or (special and match["word"] == "PRIMARY KEY"):  # not supported by these operations
            return None
        return [f"op.{word}({arguments(name, quoted(table), names, *special, *where)})"]
    if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
        body = sql_text(_bare(match[1]))
        return [f"op.create_check_constraint({arguments(name, quoted(table), body, *where)})"]
    if (match := FOREIGN_KEY.fullmatch(definition)) and not _has_dots(match):
        other_schema, other = split_name(match["table"])
        columns, targets = _names(match["columns"]), _names(match["to"])
        words = [
            name,
            quoted(table),
            quoted(other),
            f"[{', '.join(columns)}]",
            f"[{', '.join(targets)}]",
            *_actions(match),
        ]
        words += where[-1:] if definition != item["definition"] else []
        if schema != "public" or other_schema != "public":
            words += [f"source_schema={quoted(schema)}", f"referent_schema={quoted(other_schema)}"]
        return [f"op.create_foreign_key({arguments(*words)})"]
    if excluded := _excluded(definition):
        words = [name, quoted(table), *excluded[0], *excluded[1], *where]
        return [f"op.create_exclude_constraint({arguments(*words)})"]
    return None


def drop_constraint(step: Step) -> list[str]:
    schema, table = split_name(str(step.item.parent))
    type_ = {"foreign key": "foreignkey", "primary key": "primary", "exclusion": None}.get(
        step.item["type"], step.item["type"]
    )
    words = [_final(step.item), quoted(table), *([f"type_={quoted(type_)}"] if type_ else [])]
    return [f"op.drop_constraint({arguments(*words, *schema_argument(schema))})"]


def create_index(step: Step) -> list[str] | None:
    match = INDEX.fullmatch(step.statements[0])
    if not match or len(step.statements) > 1:
        return None
    schema, table = split_name(str(step.item.parent))
    keys, end = in_parentheses(match["rest"])
    tail = TAIL.fullmatch(match["rest"], end)
    if tail is None:
        return None
    ops = {found[1]: found[2] for key in keys if (found := WITH_OPS.fullmatch(key))}
    keys = [found[1] if (found := WITH_OPS.fullmatch(key)) else key for key in keys]
    names = [quoted(unquoted(key)) if NAME.fullmatch(key) else sql_expression(key) for key in keys]
    words = [_final(step.item), quoted(table), f"[{', '.join(names)}]"]
    words += ["unique=True"] if match["unique"] else []
    words += [f"postgresql_using={quoted(match['method'])}"] if match["method"] != "btree" else []
    words += (
        [f"postgresql_ops={{{', '.join(f'{quoted(unquoted(k))}: {quoted(op)}' for k, op in ops.items())}}}"]
        if ops
        else []
    )
    words += [f"postgresql_include=[{', '.join(_names(tail['include']))}]"] if tail["include"] else []
    words += ["postgresql_nulls_not_distinct=True"] if tail["nulls"] else []
    words += [f"postgresql_with={options(tail['with'].split(', '))}"] if tail["with"] else []
    words += [f"postgresql_tablespace={quoted(unquoted(tail['tablespace']))}"] if tail["tablespace"] else []
    words += [f"postgresql_where={sql_expression(_bare(tail['where']))}"] if tail["where"] else []
    words += ["postgresql_concurrently=True"] if match["concurrently"] else []
    return [f"op.create_index({arguments(*words, *schema_argument(schema))})"]


def drop_index(step: Step) -> list[str]:
    schema, table = split_name(str(step.item.parent))
    words = [_final(step.item), f"table_name={quoted(table)}", *schema_argument(schema)]
    words += ["postgresql_concurrently=True"] if step.alone else []
    return [f"op.drop_index({arguments(*words)})"]


def _names(text: str) -> list[str]:
    return [quoted(unquoted(name)) for name in split_list(text)]


def _has_dots(reference: re.Match[str]) -> bool:
    """Whether a name in a foreign key's target contains a dot, at which SQLAlchemy would split it."""
    return any("." in unquoted(name) for name in (*split_name(reference["table"]), *split_list(reference["to"])))


def _final(item: Object) -> str:
    """Return the name inside op.f(), so that a later naming convention of the models does not change it."""
    return f"op.f({quoted(unquoted(item['name']))})"


def _excluded(definition: str) -> tuple[list[str], list[str]] | None:
    """Return the elements of an exclusion constraint as (column, operator) pairs, and its other arguments."""
    match = EXCLUDE.fullmatch(definition)
    elements, end = in_parentheses(match["rest"]) if match else ([], 0)
    parts = [EXCLUDED.fullmatch(element) for element in elements]
    tail = EXCLUDE_TAIL.fullmatch(match["rest"], end) if match else None
    if not match or not tail or not all(parts):
        return None
    pairs = [f"({quoted(unquoted(part[1]))}, {quoted(part[2])})" for part in parts if part]
    words = [f"using={quoted(match['method'])}"]
    words += [f"where={sql_expression(_bare(_bare(tail['where'])))}"] if tail["where"] else []
    return pairs, [*words, *_when(tail)]


def options(given: Iterable[str]) -> str:
    """`["fillfactor='70'"]` -> `{"fillfactor": 70}`."""
    pairs = (option.partition("=") for option in given)
    values = {name: value.strip("'") for name, _, value in pairs}
    return f"{{{', '.join(f'{quoted(n)}: {v if v.isdecimal() else quoted(v)}' for n, v in values.items())}}}"


def _special(match: re.Match[str]) -> list[str]:
    """Return the arguments of a unique constraint or primary key other than its columns."""
    words = ["postgresql_nulls_not_distinct=True"] if match["nulls"] else []
    words += [f"postgresql_include=[{', '.join(_names(match['include']))}]"] if match["include"] else []
    return [*words, *_when(match)]


def _actions(match: re.Match[str]) -> Iterable[str]:
    if match["full"]:
        yield 'match="FULL"'
    if match["update"]:
        yield f"onupdate={quoted(match['update'])}"
    if match["delete"]:
        yield f"ondelete={quoted(match['delete'])}"
    yield from _when(match)


def _when(match: re.Match[str]) -> Iterable[str]:
    if match["deferrable"]:
        yield "deferrable=True"
    if match["deferred"]:
        yield 'initially="DEFERRED"'


def _bare(expression: str) -> str:
    """Remove the parentheses that enclose a whole expression."""
    if expression.startswith("("):
        _, end = in_parentheses(expression)
        if end == len(expression):
            return expression[1:-1]
    return expression
