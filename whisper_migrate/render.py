"""Steps of a plan as the body of a revision: Alembic's own operations where it has them, SQL verbatim where not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from whisper_migrate import column_types
from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.names import arguments, schema_argument, split_list, split_name, unquoted
from whisper_migrate.plan import Step
from whisper_migrate.python_sql import escaped, execute, quoted


class Body:
    """Renders the steps of one direction, towards `catalog`."""

    def __init__(self, steps: Sequence[Step], catalog: Catalog) -> None:
        self.steps = steps
        self.catalog = catalog
        self.absorbed: set[tuple[str, Key]] = set()

    def source(self) -> str:
        """The statements of the function body, one operation after another, not indented."""
        lines = []
        for step in self._tables_first():
            if step.key not in self.absorbed:
                lines += self._operations(step)
        return "\n".join(lines)

    def _tables_first(self) -> list[Step]:
        """Creating a table takes in its comments and serial sequences, which come as steps of their own."""
        for step in self.steps:
            if step.verb == "create" and step.item.kind == "table" and self._is_plain_table(step):
                self.absorbed |= {("create", key) for key in self._comments(step)}
                for serial in self._serials(step):
                    self.absorbed |= {("create", serial), ("finish", serial)}
        return list(self.steps)

    def _operations(self, step: Step) -> list[str]:
        render = getattr(self, f"_{step.verb}_{step.item.kind}", None)
        operations: list[str] | None = render(step) if render else None
        return [execute(sql) for sql in step.statements] if operations is None else operations

    # Tables and columns

    def _create_table(self, step: Step) -> list[str] | None:
        if not self._is_plain_table(step):
            return None
        schema, name = split_name(step.item.identity)
        serials = self._serials(step).values()
        key = next((part for part in step.inside if part.kind == "constraint" and part["type"] == "primary key"), None)
        parts = [self._column(part, part.identity in serials, key) for part in step.inside if part.kind == "column"]
        parts += [self._inline(part) or "" for part in step.inside if part.kind == "constraint"]
        table_comment = self._comment_on(("table", step.item.identity))
        parts += [f"comment={quoted(table_comment)}"] if table_comment is not None else []
        call = f"op.create_table({arguments(quoted(name), *parts, *schema_argument(schema))})"
        return [call, *(execute(sql) for sql in step.statements[1:])]

    def _is_plain_table(self, step: Step) -> bool:
        item = step.item
        special = ("unlogged", "partition_key", "partition_bound", "parents", "of_type", "options", "tablespace")
        return (
            not any(item[name] for name in special)
            and item["access_method"] in (None, "heap")
            and all(
                self._type(part) is not None and self._has_words(part) if part.kind == "column" else self._inline(part)
                for part in step.inside
            )
        )

    def _drop_table(self, step: Step) -> list[str]:
        schema, name = split_name(step.item.identity)
        return [f"op.drop_table({arguments(quoted(name), *schema_argument(schema))})"]

    def _create_column(self, step: Step) -> list[str] | None:
        if self._type(step.item) is None or not self._has_words(step.item) or step.item["identity_kind"]:
            return None
        schema, table = split_name(str(step.item.parent))
        column = self._column(step.item, False, None)
        call = f"op.add_column({arguments(quoted(table), column, *schema_argument(schema))})"
        return [call, *(execute(sql) for sql in step.statements[1:])]

    def _drop_column(self, step: Step) -> list[str] | None:
        schema, table = split_name(str(step.item.parent))
        name = quoted(unquoted(step.item["name"]))
        return (
            [f"op.drop_column({arguments(quoted(table), name, *schema_argument(schema))})"] if step.statements else []
        )

    def _alter_column(self, step: Step) -> list[str] | None:
        before, after = step.before, step.item
        assert before is not None
        changed = {name for name in after.fields if before[name] != after[name]}
        if not changed <= {"type", "default", "not_null"} or self._type(after) is None or self._type(before) is None:
            return None
        return [self._alteration(before, after, sql) for sql in step.statements]

    def _alteration(self, before: Object, after: Object, sql: str) -> str:
        schema, table = split_name(str(after.parent))
        change = sql.partition(f" ALTER COLUMN {after['name']} ")[2]
        existing = f"existing_type={self._type(before)}"
        if change == "DROP DEFAULT":
            words = ["server_default=None", existing]
        elif change.startswith("SET DEFAULT "):
            words = [f"server_default={self._sql(after['default'])}", f"existing_type={self._type(after)}"]
        elif change in ("SET NOT NULL", "DROP NOT NULL"):
            words = [f"nullable={change == 'DROP NOT NULL'}", f"existing_type={self._type(after)}"]
        else:
            using = change.partition(" USING ")[2]
            words = [f"type_={self._type(after)}", f"postgresql_using={quoted(using)}", existing]
        name = quoted(unquoted(after["name"]))
        return f"op.alter_column({arguments(quoted(table), name, *words, *schema_argument(schema))})"

    def _column(self, item: Object, serial: bool, key: Object | None) -> str:
        words = [quoted(unquoted(item["name"])), str(self._type(item))]
        if item["identity_kind"]:
            words.append(f"sa.Identity(always={item['identity_kind'] == 'ALWAYS'})")
        if item["generated"] is not None:
            words.append(
                f"sa.Computed({self._sql(item['generated'], False)}, persisted={item['generated_kind'] == 'STORED'})"
            )
        if item["default"] is not None and not serial:
            words.append(f"server_default={self._sql(item['default'])}")
        alone = key is not None and f"({item['name']})" in key["definition"] and item["type"] in column_types.INTEGERS
        if alone and not serial and not item["identity_kind"]:
            words.append("autoincrement=False")
        if item["not_null"]:
            words.append("nullable=False")
        comment = self._comment_on(("column", item.identity))
        if comment is not None and ("create", ("comment", f"table column {item.identity}")) in self.absorbed:
            words.append(f"comment={quoted(comment)}")
        return f"sa.Column({', '.join(words)})"

    def _type(self, item: Object) -> str | None:
        return column_types.expression(item["type"], item["collation"], self.catalog)

    def _has_words(self, item: Object) -> bool:
        if item["not_null_constraint"] or item["foreign_options"]:
            return False
        if not item["identity_kind"]:
            return True
        schema, table = split_name(str(item.parent))
        return bool(column_types.is_default_identity(item, schema, table))

    def _serials(self, step: Step) -> dict[Key, str]:
        """The sequences that SERIAL would make for this table, and the columns they are for."""
        key = next((part for part in step.inside if part.kind == "constraint" and part["type"] == "primary key"), None)
        found = {}
        for sequence in self.catalog.children(step.item.identity, "sequence"):
            column = next((part for part in step.inside if part.identity == sequence["owned_by"]), None)
            if column and key and column_types.is_serial(column, sequence, key):
                found[sequence.key] = column.identity
        return found

    # Comments

    def _comments(self, step: Step) -> list[Key]:
        keys = [("comment", f"table {step.item.identity}")]
        keys += [("comment", f"table column {part.identity}") for part in step.inside if part.kind == "column"]
        return [key for key in keys if key in self.catalog]

    def _comment_on(self, key: Key) -> str | None:
        word = "table column" if key[0] == "column" else key[0]
        comment = ("comment", f"{word} {key[1]}")
        return str(self.catalog[comment]["text"]) if comment in self.catalog else None

    # Constraints and indexes

    def _inline(self, item: Object) -> str | None:
        """A constraint as an argument of create_table; None where SQLAlchemy has no words for it."""
        name = f"name={_final(item)}"
        definition = item["definition"]
        if match := re.fullmatch(r"(PRIMARY KEY|UNIQUE) \((.+?)\)", definition):
            word = "PrimaryKeyConstraint" if match[1] == "PRIMARY KEY" else "UniqueConstraint"
            return f"sa.{word}({', '.join([*self._names(match[2]), name])})"
        if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
            return f"sa.CheckConstraint({self._sql(_bare(match[1]), False)}, {name})"
        if match := FOREIGN_KEY.fullmatch(definition):
            schema, table = split_name(match["table"])
            prefix = f"{schema}.{table}" if schema != "public" else table
            targets = [quoted(f"{prefix}.{unquoted(column)}") for column in split_list(match["to"])]
            words = [f"[{', '.join(self._names(match['columns']))}]", f"[{', '.join(targets)}]", name]
            return f"sa.ForeignKeyConstraint({', '.join([*words, *_actions(match)])})"
        return None

    def _create_constraint(self, step: Step) -> list[str] | None:
        item = step.item
        schema, table = split_name(str(item.parent))
        name = _final(item)
        where = schema_argument(schema)
        definition = item["definition"]
        if len(step.statements) > 1:
            return None
        if match := re.fullmatch(r"(PRIMARY KEY|UNIQUE) \((.+?)\)", definition):
            word = "create_primary_key" if match[1] == "PRIMARY KEY" else "create_unique_constraint"
            names = f"[{', '.join(self._names(match[2]))}]"
            return [f"op.{word}({arguments(name, quoted(table), names, *where)})"]
        if match := re.fullmatch(r"CHECK \((.*)\)", definition, re.DOTALL):
            body = self._sql(_bare(match[1]), False)
            return [f"op.create_check_constraint({arguments(name, quoted(table), body, *where)})"]
        if match := FOREIGN_KEY.fullmatch(definition):
            other_schema, other = split_name(match["table"])
            columns, targets = self._names(match["columns"]), self._names(match["to"])
            words = [
                name,
                quoted(table),
                quoted(other),
                f"[{', '.join(columns)}]",
                f"[{', '.join(targets)}]",
                *_actions(match),
            ]
            if schema != "public" or other_schema != "public":
                words += [f"source_schema={quoted(schema)}", f"referent_schema={quoted(other_schema)}"]
            return [f"op.create_foreign_key({arguments(*words)})"]
        return None

    def _drop_constraint(self, step: Step) -> list[str]:
        schema, table = split_name(str(step.item.parent))
        type_ = {"foreign key": "foreignkey", "primary key": "primary", "exclusion": None}.get(
            step.item["type"], step.item["type"]
        )
        words = [_final(step.item), quoted(table), *([f"type_={quoted(type_)}"] if type_ else [])]
        return [f"op.drop_constraint({arguments(*words, *schema_argument(schema))})"]

    def _create_index(self, step: Step) -> list[str] | None:
        match = INDEX.fullmatch(step.item["definition"])
        if not match or len(step.statements) > 1:
            return None
        schema, table = split_name(str(step.item.parent))
        keys, end = _in_parentheses(match["rest"])
        tail = re.fullmatch(r"(?: WHERE (?P<where>.*))?", match["rest"][end:], re.DOTALL)
        if tail is None:
            return None
        names = [quoted(unquoted(key)) if NAME.fullmatch(key) else f"sa.text({quoted(escaped(key))})" for key in keys]
        words = [_final(step.item), quoted(table), f"[{', '.join(names)}]"]
        words += ["unique=True"] if match["unique"] else []
        words += [f"postgresql_using={quoted(match['method'])}"] if match["method"] != "btree" else []
        words += [f"postgresql_where={self._sql(_bare(tail['where']))}"] if tail["where"] else []
        return [f"op.create_index({arguments(*words, *schema_argument(schema))})"]

    def _drop_index(self, step: Step) -> list[str]:
        schema, table = split_name(str(step.item.parent))
        words = [_final(step.item), f"table_name={quoted(table)}", *schema_argument(schema)]
        return [f"op.drop_index({arguments(*words)})"]

    def _names(self, text: str) -> list[str]:
        return [quoted(unquoted(name)) for name in split_list(text)]

    def _sql(self, sql: str, wrapped: bool = True) -> str:
        return f"sa.text({quoted(escaped(sql))})" if wrapped else quoted(escaped(sql))


NAME = re.compile(r'[a-z_][a-z0-9_$]*|"(?:[^"]|"")+"')
INDEX = re.compile(r"CREATE (?P<unique>UNIQUE )?INDEX \S+ ON \S+ USING (?P<method>\w+) (?P<rest>\(.*)", re.DOTALL)
FOREIGN_KEY = re.compile(
    r"FOREIGN KEY \((?P<columns>[^()]+)\) REFERENCES (?P<table>\S+)\((?P<to>[^()]+)\)"
    r"(?: ON UPDATE (?P<update>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?: ON DELETE (?P<delete>CASCADE|RESTRICT|SET NULL|SET DEFAULT))?"
    r"(?P<deferrable> DEFERRABLE)?(?P<deferred> INITIALLY DEFERRED)?"
)


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
        _, end = _in_parentheses(expression)
        if end == len(expression):
            return expression[1:-1]
    return expression


def _in_parentheses(text: str) -> tuple[list[str], int]:
    """The top-level, comma-separated parts of the parentheses that `text` begins with, and where they end."""
    parts: list[str] = []
    depth, start, number = 0, 1, 0
    while number < len(text):
        char = text[number]
        if char in "'\"":
            number = text.index(char, number + 1)
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
            if depth == 0:
                return [*parts, text[start:number].strip()], number + 1
        elif char == "," and depth == 1:
            parts.append(text[start:number].strip())
            start = number + 1
        number += 1
    return parts, number
