"""Find the file and line where the models declare the object of a change."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import identifier, plain_name, split_list, split_name, unquoted
from whisper_migrate.models.ddl import SAID_OF_OTHERS, declares
from whisper_migrate.models.declarations import column_of, declaration, line_of, only_column
from whisper_migrate.models.syntax import assigned, called, comment_line, mention, schema_in, text_of
from whisper_migrate.project.made_at import Line, innermost, outermost
from whisper_migrate.project.project import Project


@dataclass(frozen=True)
class Place:
    """A line of a source file; the path is relative to the project."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def placed(place: Place | None) -> str:
    """Return ` (models.py:12)`, or "" if the place is not known."""
    return f" ({place})" if place else ""


@dataclass(frozen=True)
class Table:
    """A class or a call that declares a table; `schema` is None if the declaration does not contain it.

    `shared`: a class that uses the table of its base class.
    """

    name: str
    schema: str | None
    file: str
    node: ast.ClassDef | ast.Call
    shared: bool = False


def place(project: Project, item: Object) -> Place | None:
    """Return the line that declares `item`, else the line of its table; None if no model mentions either.

    SQLAlchemy knows the table of a class, whose name may come from a mixin or a function. Other names are looked up in
    the syntax tree as models write them: `Table("name", ...)`, an attribute of a class, or a string that is the
    object's name or begins with it (`"f(a integer)"`). A name that a loop or a function composes is in no string: the
    line is then that of the call that made the object.
    """
    return _made(project, item) or _written(project, item)


def _made(project: Project, item: Object) -> Place | None:
    """The line of the call that made an object, where that is not its table's class or call."""
    schema, own = split_name(item.parent or item.identity)
    default = project.first_schema
    table = _table(project, item)
    if item.kind in SAID_OF_OTHERS:
        return _of_entity(project, item, schema, own)
    if item.kind == "enum":
        return _of_enum(project, schema, own)
    if item.kind == "table":
        is_written = any((one.schema or default, one.name) == (schema, own) for one in _tables(project))
        return None if table is None or is_written else _at(project, outermost(table))
    if table is None or item.kind not in ("column", "constraint", "index"):
        return _of_entity(project, item, schema, own)
    if item.kind == "column":
        name = unquoted(plain_name(item))
        return _own_line(project, table, next((innermost(one) for one in table.columns if one.name == name), None))
    declared = declaration(table, item, default)
    if declared is None:
        return None
    return _own_line(project, table, line_of(declared)) or _of_column(project, item, column_of(declared))


def _table(project: Project, item: Object) -> sqlalchemy.Table | None:
    """Return the model's table that an object is, or belongs to."""
    name = split_name(item.parent or item.identity)
    tables = project.metadata.tables.values()
    return next((one for one in tables if (one.schema or project.first_schema, one.name) == name), None)


def _own_line(project: Project, table: sqlalchemy.Table, line: Line | None) -> Place | None:
    """The line where a part of a table is made; None if that is only the line of the whole table or class."""
    made = _at(project, line) if line != innermost(table) else None
    return made if made not in _classes(project) else None


def _of_column(project: Project, item: Object, name: str | None) -> Place | None:
    """The line of a column of the object's table."""
    if name is None:
        return None
    own = identifier(name)
    return place(project, Object("column", f"{item.parent}.{own}", item.parent, ("name",), (own,)))


@cache
def _classes(project: Project) -> frozenset[Place]:
    """The lines where classes begin: their mapper makes columns there, which have lines of their own inside."""
    nodes = ((file, node) for file, tree in _sources(project) for node in ast.walk(tree))
    return frozenset(
        Place(file, line)
        for file, node in nodes
        if isinstance(node, ast.ClassDef)
        # Python calls a decorated class at its first decorator.
        for line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list))
    )


def _of_entity(project: Project, item: Object, schema: str, table: str) -> Place | None:
    """The line of the call that made an entity: a function, a view, a trigger, or any other by plain DDL."""
    name = plain_name(item)
    if item.kind not in SAID_OF_OTHERS and any(mention(tree, name, item.kind) for _, tree in _sources(project)):
        return None  # a string is its name
    for entity in project.entities:
        if isinstance(entity, sqlalchemy.DDL):
            is_it = declares(str(entity.statement), item)
        else:
            on = getattr(entity, "on_entity", "").rpartition(".")[2].strip('"')
            is_it = (entity.schema, entity.signature.partition("(")[0], on) == (schema, name, table if on else "")
        if is_it and (line := outermost(entity)):
            return _at(project, line)
    return None


def _of_enum(project: Project, schema: str, name: str) -> Place | None:
    """The line of the Python class with an enum's labels."""
    for table in project.metadata.tables.values():
        for column in table.columns:
            type_: Any = getattr(column.type, "item_type", column.type)  # of an array
            made = getattr(type_, "enum_class", None)
            if made is None or (type_.schema or table.schema or project.first_schema, type_.name) != (schema, name):
                continue
            for file, tree in _sources(project):
                for node in ast.walk(tree) if _modules(project)[file].__name__ == made.__module__ else ():
                    if isinstance(node, ast.ClassDef) and node.name == made.__name__:
                        return Place(file, node.lineno)
    return None


def _at(project: Project, line: Line | None) -> Place | None:
    return Place(_relative(Path(line[0]), project.root), line[1]) if line else None


def _written(project: Project, item: Object) -> Place | None:
    """The line that has an object's name, by the syntax tree; else that of its table; None when no model has either."""
    within = item.kind in ("column", "comment")  # several tables may have a column of this name
    name = unquoted(split_list(plain_name(item))[-1]) if item.kind == "comment" else plain_name(item)
    schema, own = split_name(item.parent or item.identity)
    default = project.first_schema
    namesakes = [table for table in _tables(project) if table.name == own]
    declaring = [table for table in namesakes if (table.schema or default) == schema]
    if declaring:
        whole = Place(declaring[0].file, declaring[0].node.lineno)
        if not item.parent or name == own:
            line = comment_line(declaring[0].node) if item.identity == f"table {item.parent}" else None
            return Place(whole.file, line) if line else whole
        for file, node in (body for one in declaring for body in _bodies(project, one)):
            if line := mention(node, name, item.kind):
                return Place(file, line)
        table = _table(project, item) if item.kind in ("constraint", "index") else None
        column = only_column(item, table) if table is not None else None
        return _entity(project, name, own, item.kind) or _of_column(project, item, column) or whole
    # Not found as a declaration: look for a string with the name, but not if another schema has a table of this name.
    for wanted in [] if item.kind in SAID_OF_OTHERS else ([] if within else [name]) + [own]:
        for file, tree in () if namesakes and wanted == own else _sources(project):
            if line := mention(tree, wanted, item.kind):
                return Place(file, line)
    return None


def _bodies(project: Project, table: Table) -> Iterator[tuple[str, ast.AST]]:
    """Yield the table's own class or call, then the classes that it inherits from, such as mixins, in any file."""
    yield table.file, table.node
    names = list(getattr(table.node, "bases", ()))
    seen: set[str] = set()
    while names:
        name = str(getattr(names[0], "attr", getattr(names[0], "id", "")))
        names = names[1:]
        for file, tree in () if name in seen else _sources(project):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and node.name == name:
                    names += node.bases
                    yield file, node
        seen.add(name)


def _entity(project: Project, name: str, table: str, kind: str) -> Place | None:
    """Return the line of the innermost call that contains the names of an object and its table, such as a trigger's."""
    if kind in ("column", "comment"):
        return None
    for file, tree in _sources(project):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            own = [*call.args, *(keyword.value for keyword in call.keywords)]
            texts = [(text, node) for part in own for node in ast.walk(part) if (text := text_of(node)) is not None]
            named = [getattr(node, "lineno", 0) for text, node in texts if text.partition("(")[0] == name]
            if named and any(re.search(rf"(?<!\w){re.escape(table)}(?!\w)", text) for text, _ in texts if text != name):
                return Place(file, named[0])
    return None


@cache
def _modules(project: Project) -> Mapping[str, ModuleType]:
    """Return the modules of the models and entities, by their files; if env.py names the models, all of the project."""
    named = (str(project.options.get(option, "")) for option in ("models", "entities"))
    packages = {name.partition(":")[0].partition(".")[0] for name in named}
    modules = list(sys.modules.items())
    if project.options.get("models"):
        modules = [(name, module) for name, module in modules if name.partition(".")[0] in packages]
    else:
        modules = [(name, module) for name, module in modules if project.is_own(getattr(module, "__file__", None))]
    files = {Path(module.__file__): module for _, module in modules if module.__file__}
    return {_relative(file, project.root): files[file] for file in sorted(files)}


@cache
def _sources(project: Project) -> tuple[tuple[str, ast.Module], ...]:
    return tuple((file, ast.parse((project.root / file).read_bytes())) for file in _modules(project))


def _relative(file: Path, root: Path) -> str:
    return str(file.relative_to(root) if file.is_relative_to(root) else file)


@cache
def _tables(project: Project) -> tuple[Table, ...]:
    modules = _modules(project)
    found = [table for file, tree in _sources(project) for table in _declared(file, tree, modules[file])]
    return tuple(sorted(found, key=lambda table: table.shared))


def _declared(file: str, tree: ast.Module, module: ModuleType) -> Iterator[Table]:
    """Yield the classes that have a table, and the calls of `Table("name", ...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            values = dict(pair for line in node.body for pair in assigned(line))
            name = text_of(values.get("__tablename__"))
            mapped = getattr(module, node.name, None)
            made = getattr(mapped, "__table__", None)
            declares = "__table__" in values or hasattr(mapped, "__tablename__") or hasattr(mapped, "metadata")
            if made is not None and not declares:
                continue  # mapped imperatively: the table has a call of Table() of its own
            if isinstance(mapped, type) and isinstance(made, sqlalchemy.Table) and name in (None, made.name):
                shared = any(getattr(base, "__table__", None) is made for base in mapped.__bases__)
                yield Table(made.name, made.schema, file, node, shared)
            elif name:
                arguments = values.get("__table_args__")
                yield Table(name, schema_in(arguments) if arguments else None, file, node)
        elif isinstance(node, ast.Call) and called(node) == "Table" and node.args and (name := text_of(node.args[0])):
            said = (text_of(keyword.value) for keyword in node.keywords if keyword.arg == "schema")
            yield Table(name, next(said, None), file, node)
