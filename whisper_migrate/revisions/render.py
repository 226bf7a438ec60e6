"""Render a plan as the body of a revision: with Alembic's operations where they suffice, else with plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from whisper_migrate.catalog.casts import INTEGERS
from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import arguments, schema_argument, shown, split_name, split_names, unquoted
from whisper_migrate.catalog.statement import Does, Statement
from whisper_migrate.history.unwritten import PLACE, is_unwritten
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.steps import Step
from whisper_migrate.revisions import column_types, render_constraints
from whisper_migrate.revisions.data_places import MARK, data_places
from whisper_migrate.revisions.python_sql import execute, indented, quoted, sql_expression, sql_text
from whisper_migrate.wording.hidden_characters import visible


class Body:
    """Renders the steps of one direction, which leads to `catalog`.

    `rows` returns the SQL that fills a new table. `before` is the catalog with the types that are dropped. `marked`
    adds comments at the places for data steps.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        catalog: Catalog,
        rows: Callable[[str], Sequence[str]] = lambda _: (),
        *,
        before: Catalog | None = None,
        marked: bool = False,
    ) -> None:
        self.steps = steps
        self.before = before or catalog
        self.marked = marked
        self.catalog = catalog
        self.rows = rows
        self.absorbed: set[tuple[str, Key]] = set()

    def source(self) -> str:
        """Return the source of the function body, without indentation."""
        lines: list[str] = []
        steps = [step for step in self._tables_first() if step.key not in self.absorbed]
        places = data_places(steps, self.before, self.catalog) if self.marked else ()
        for alone, numbered in groupby(enumerate(steps), lambda numbered: numbered[1].alone):
            operations: list[str] = []
            for number, step in numbered:
                if number in places:
                    (lines if alone and not operations else operations).append(MARK)
                operations += self._operations(step)
                if step.verb == "create" and step.item.kind == "table":
                    # Before its triggers exist. Foreign keys that are part of the table exist already.
                    operations += [execute(sql) for sql in self.rows(step.item.identity)]
            if alone:
                lines.append("with op.get_context().autocommit_block():")
                lines.append("    " + indented("\n".join(operations)))
            else:
                lines += operations
        lines += [MARK] if len(steps) in places else []
        return "\n".join(lines if steps else [*lines, "pass"])

    def _fill_column(self, step: Step) -> list[str]:
        """Render a backfill, with a comment that asks the author to write the expression if it is missing."""
        comment = f"# Write {PLACE}: what {visible(shown(step.item.identity))} is to be in these rows, in SQL."
        return [*([comment] if is_unwritten(step.statements[0]) else []), *map(execute, step.statements)]

    def _tables_first(self) -> list[Step]:
        """Return the steps, after noting those that the creation of a table or column includes, such as comments."""
        for step in self.steps:
            if step.verb == "create" and step.item.kind == "table" and self._is_plain_table(step):
                self.absorbed |= {("create", key) for key in self._comments(step.item, *step.inside)}
                for serial in self._serials(step):
                    self.absorbed |= {("create", serial), ("finish", serial)}
            elif step.verb == "create" and step.item.kind == "column" and self._is_plain_addition(step):
                self.absorbed |= {("create", key) for key in self._comments(step.item)}
        return list(self.steps)

    def _operations(self, step: Step) -> list[str]:
        # The name of a partition's index may differ in the database where the revision runs.
        operations = None if step.item.called else self._with_alembic(step)
        return [execute(sql) for sql in step.statements] if operations is None else operations

    def _with_alembic(self, step: Step) -> list[str] | None:
        """Return the step as calls of Alembic's operations; None if these cannot express it."""
        match step.verb, step.item.kind:
            case "create", "table":
                return self._create_table(step)
            case "drop", "table":
                return self._drop_table(step)
            case "rename", "table":
                return self._rename_table(step)
            case "create", "column":
                return self._create_column(step)
            case "drop", "column":
                return self._drop_column(step)
            case "rename", "column":
                return self._rename_column(step)
            case "prepare" | "alter" | "finish", "column":
                return self._alter_column(step)
            case "fill", "column":
                return self._fill_column(step)
            case "create" | "alter", "comment":
                return self._comment(step.item, quoted(step.item["text"]))
            case "drop", "comment":
                return self._comment(step.item, None)
            case "create", "constraint":
                return render_constraints.create_constraint(step)
            case "drop", "constraint":
                return render_constraints.drop_constraint(step)
            case "create", "index":
                return render_constraints.create_index(step)
            case "drop", "index":
                return render_constraints.drop_index(step)
            case _:
                return None

    # Tables and columns

    def _create_table(self, step: Step) -> list[str] | None:
        if not self._is_plain_table(step):
            return None
        item = step.item
        schema, name = split_name(item.identity)
        serials = self._serials(step).values()
        key = next((part for part in step.inside if part.kind == "constraint" and part["type"] == "primary key"), None)
        parts = [self._column(part, part.identity in serials, key) for part in step.inside if part.kind == "column"]
        parts += [render_constraints.inline(part) or "" for part in step.inside if part.kind == "constraint"]
        table_comment = self._comment_on(("table", item.identity))
        parts += [f"comment={quoted(table_comment)}"] if table_comment is not None else []
        parts += [f"postgresql_partition_by={quoted(item['partition_key'])}"] if item["partition_key"] else []
        parts += [f"postgresql_with={render_constraints.options(item['options'])}"] if item["options"] else []
        call = f"op.create_table({arguments(quoted(name), *parts, *schema_argument(schema))})"
        return [call, *(execute(sql) for sql in step.statements[1:])]

    def _is_plain_table(self, step: Step) -> bool:
        item = step.item
        special = ("unlogged", "partition_bound", "parents", "of_type", "tablespace")
        return (
            not any(item[name] for name in special)
            and not any("." in option for option in item["options"] or ())
            and item["access_method"] in (None, "heap")
            and not _is_mistaken(item["partition_key"] or "")
            and all(
                self._type(part) and self._has_words(part) if part.kind == "column" else render_constraints.inline(part)
                for part in step.inside
            )
        )

    def _drop_table(self, step: Step) -> list[str] | None:
        if len(step.statements) > 1:  # with another statement, which detaches the partition first
            return None
        schema, name = split_name(step.item.identity)
        return [f"op.drop_table({arguments(quoted(name), *schema_argument(schema))})"]

    def _rename_table(self, step: Step) -> list[str] | None:
        assert step.before is not None
        schema, old = split_name(step.before.identity)
        into, new = split_name(step.item.identity)
        if into != schema:
            return None
        return [f"op.rename_table({arguments(quoted(old), quoted(new), *schema_argument(schema))})"]

    def _rename_column(self, step: Step) -> list[str]:
        assert step.before is not None
        schema, table = split_name(str(step.item.parent))
        old, new = quoted(unquoted(step.before["name"])), quoted(unquoted(step.item["name"]))
        words = [quoted(table), old, f"new_column_name={new}", *schema_argument(schema)]
        return [f"op.alter_column({arguments(*words)})"]

    def _create_column(self, step: Step) -> list[str] | None:
        if not self._is_plain_addition(step):
            return None
        schema, table = split_name(str(step.item.parent))
        column = self._column(step.item, False, None)
        call = f"op.add_column({arguments(quoted(table), column, *schema_argument(schema))})"
        return [call, *(execute(sql) for sql in step.statements[1:])]

    def _is_plain_addition(self, step: Step) -> bool:
        """Whether op.add_column() can express the step: not for an inherited column, or one with more statements."""
        item = step.item
        plain = not item.derived and not item["of_view"] and self._type(item) is not None and self._has_words(item)
        return plain and step.statements == tuple(KINDS["column"].create(item))

    def _drop_column(self, step: Step) -> list[str] | None:
        if step.item["of_view"]:
            return None
        schema, table = split_name(str(step.item.parent))
        name = quoted(unquoted(step.item["name"]))
        return (
            [f"op.drop_column({arguments(quoted(table), name, *schema_argument(schema))})"] if step.statements else []
        )

    def _alter_column(self, step: Step) -> list[str] | None:
        before, after = step.before, step.item
        assert before is not None
        changed = {n for n in after.fields if before[n] != after[n] and not n.startswith("identity_")}
        if not changed <= {"type", "collation", "default", "not_null"} or not (self._type(after) and self._was(before)):
            return None
        return [
            self._alteration(before, after, sql)
            if isinstance(sql, Statement) and not _is_mistaken(sql.using)
            else execute(sql)
            for sql in step.statements
        ]

    def _alteration(self, before: Object, after: Object, statement: Statement) -> str:
        schema, table = split_name(str(after.parent))
        new, existing = f"existing_type={self._type(after)}", f"existing_type={self._was(before)}"
        match statement.does:
            case Does.DROP_DEFAULT:
                words = ["server_default=None", existing]
            case Does.SET_DEFAULT:
                words = [f"server_default={sql_expression(after['default'])}", new]
            case Does.SET_NOT_NULL | Does.DROP_NOT_NULL:
                words = [f"nullable={statement.does is Does.DROP_NOT_NULL}", new]
            case _:
                using = [f"postgresql_using={quoted(statement.using)}"] if statement.using else []
                words = [f"type_={self._type(after)}", *using, existing]
        name = quoted(unquoted(after["name"]))
        return f"op.alter_column({arguments(quoted(table), name, *words, *schema_argument(schema))})"

    def _column(self, item: Object, serial: bool, key: Object | None) -> str:
        words = [quoted(unquoted(item["name"])), str(self._type(item))]
        if item["identity_kind"]:
            words.append(str(column_types.identity(item)))
        if item["generated"] is not None:
            words.append(f"sa.Computed({sql_text(item['generated'])}, persisted={item['generated_kind'] == 'STORED'})")
        if item["default"] is not None and not serial:
            words.append(f"server_default={sql_expression(item['default'])}")
        alone = key is not None and f"({item['name']})" in key["definition"] and item["type"] in INTEGERS
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

    def _was(self, item: Object) -> str | None:
        return column_types.expression(item["type"], item["collation"], self.before) or self._type(item)

    def _has_words(self, item: Object) -> bool:
        if item["not_null_name"] or item["not_null_state"] or item["foreign_options"]:
            return False
        return not item["identity_kind"] or column_types.identity(item) is not None

    def _serials(self, step: Step) -> dict[Key, str]:
        """Return the sequences that SERIAL would create for this table, and the columns they belong to."""
        key = next((part for part in step.inside if part.kind == "constraint" and part["type"] == "primary key"), None)
        found = {}
        for sequence in self.catalog.children(step.item.identity, "sequence"):
            column = next((part for part in step.inside if part.identity == sequence["owned_by"]), None)
            if column and key and column_types.is_serial(column, sequence, key):
                found[sequence.key] = column.identity
        return found

    # Comments

    def _comments(self, *items: Object) -> list[Key]:
        words = {"table": "table", "column": "table column"}
        keys = [("comment", f"{words[item.kind]} {item.identity}") for item in items if item.kind in words]
        return [key for key in keys if key in self.catalog]

    def _comment(self, item: Object, text: str | None) -> list[str] | None:
        if item["type"] == "table column":
            schema, table, column = split_names(item["name"])
            words = [quoted(table), quoted(column), f"comment={text}", *schema_argument(schema)]
            return [f"op.alter_column({arguments(*words)})"]
        if item["type"] == "table":
            schema, table = split_name(item["name"])
            verb, words = ("create", [text]) if text else ("drop", [])
            return [f"op.{verb}_table_comment({arguments(quoted(table), *words, *schema_argument(schema))})"]
        return None

    def _comment_on(self, key: Key) -> str | None:
        word = "table column" if key[0] == "column" else key[0]
        comment = ("comment", f"{word} {key[1]}")
        return str(self.catalog[comment]["text"]) if comment in self.catalog else None


def _is_mistaken(expression: str) -> bool:
    """Whether SQLAlchemy would misread the expression, which it passes on verbatim, as having a parameter."""
    return "%" in expression
