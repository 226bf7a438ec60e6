"""Constraints and indexes in a revision: operations where SQLAlchemy has the words, None where it has not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from whisper_migrate.catalog import Object
from whisper_migrate.names import arguments, in_parentheses, schema_argument, split_list, split_name, unquoted
from whisper_migrate.objects.constraint import NOT_VALID
from whisper_migrate.planning.steps import Step
from whisper_migrate.revisions.python_sql import quoted, sql_expression, sql_text

NAME = re.compile(r'[a-z_][a-z0-9_$]*|"(?:[^"]|"")+"')
INDEX = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX (?P<concurrently>CONCURRENTLY )?\S+ ON \S+ USING (?P<method>\w+) (?P<rest>\(.*)",
    re.DOTALL,
)
TAIL = re.compile(
    r"(?: INCLUDE \((?P<include>[^()]+)\))?(?P<nulls> NULLS NOT DISTINCT)?(?: WHERE (?P<where>.*))?", re.DOTALL
)
WITH_OPS = re.compile(rf"({NAME.pattern}) (\w+_ops)")
KEY = re.compile(r'(PRIMARY KEY|UNIQUE) \(((?:"(?:[^"]|"")+"|[^"()])+)\)')
FOREIGN_KEY = re.compile(
    r"FOREIGN KEY \((?P<columns>[^()]+)\) REFERENCES (?P<table>\S+)\((?P<to>[^()]+)\)"
    r"(?: ON UPDATE (?P<update>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?: ON DELETE (?P<delete>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?P<deferrable> DEFERRABLE)?(?P<deferred> INITIALLY DEFERRED)?"
)


def inline(item: Object) -> str | None:
    """A constraint as an argument of create_table; None where SQLAlchemy has no words for it."""
    name = f"name={_final(item)}"
    definition = item["definition"]
    if match := KEY.fullmatch(definition):
        word = "PrimaryKeyConstraint" if match[1] == "PRIMARY KEY" else "UniqueConstraint"
        return f"sa.{word}({', '.join([*_names(match[2]), name])})"
    if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
        return f"sa.CheckConstraint({sql_text(_bare(match[1]))}, {name})"
    if match := FOREIGN_KEY.fullmatch(definition):
        schema, table = split_name(match["table"])
        prefix = f"{schema}.{table}" if schema != "public" else table
        targets = [quoted(f"{prefix}.{unquoted(column)}") for column in split_list(match["to"])]
        words = [f"[{', '.join(_names(match['columns']))}]", f"[{', '.join(targets)}]", name]
        return f"sa.ForeignKeyConstraint({', '.join([*words, *_actions(match)])})"
    return None


def create_constraint(step: Step) -> list[str] | None:
    item = step.item
    schema, table = split_name(str(item.parent))
    name = _final(item)
    definition = item["definition"].removesuffix(NOT_VALID)
    where = schema_argument(schema)
    where += ["postgresql_not_valid=True"] if definition != item["definition"] else []
    if len(step.statements) > 1:
        return None
    if match := KEY.fullmatch(definition):
        word = "create_primary_key" if match[1] == "PRIMARY KEY" else "create_unique_constraint"
        names = f"[{', '.join(_names(match[2]))}]"
        return [f"op.{word}({arguments(name, quoted(table), names, *where)})"]
    if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
        body = sql_text(_bare(match[1]))
        return [f"op.create_check_constraint({arguments(name, quoted(table), body, *where)})"]
    if match := FOREIGN_KEY.fullmatch(definition):
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
    words += [f"postgresql_where={sql_expression(_bare(tail['where']))}"] if tail["where"] else []
    words += ["postgresql_concurrently=True"] if match["concurrently"] else []
    return [f"op.create_index({arguments(*words, *schema_argument(schema))})"]


def drop_index(step: Step) -> list[str]:
    schema, table = split_name(str(step.item.parent))
    words = [_final(step.item), f"table_name={quoted(table)}", *schema_argument(schema)]
    words += ["postgresql_concurrently=True"] if " CONCURRENTLY " in step.statements[0] else []
    return [f"op.drop_index({arguments(*words)})"]


def _names(text: str) -> list[str]:
    return [quoted(unquoted(name)) for name in split_list(text)]


def _final(item: Object) -> str:
    """A name that is final: op.f() keeps the models' naming convention of that day away from it."""
    return f"op.f({quoted(unquoted(item['name']))})"


def _actions(match: re.Match[str]) -> Iterable[str]:
    if match["update"]:
        yield f"onupdate={quoted(match['update'])}"
    if match["delete"]:
        yield f"ondelete={quoted(match['delete'])}"
    if match["deferrable"]:
        yield "deferrable=True"
    if match["deferred"]:
        yield 'initially="DEFERRED"'


def _bare(expression: str) -> str:
    """An expression without the parentheses around all of it."""
    if expression.startswith("("):
        _, end = in_parentheses(expression)
        if end == len(expression):
            return expression[1:-1]
    return expression
