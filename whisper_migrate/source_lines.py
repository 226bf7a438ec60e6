"""Find the file and line where the models declare the object of a change."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import sqlalchemy

from whisper_migrate.catalog import Object
from whisper_migrate.names import in_parentheses, plain_name, split_list, split_name, unquoted
from whisper_migrate.project import Project

# The start of PostgreSQL's definition, and the SQLAlchemy class that declares it without a column.
DECLARED = {
    "PRIMARY KEY": "PrimaryKeyConstraint",
    "FOREIGN KEY": "ForeignKeyConstraint",
    "UNIQUE": "UniqueConstraint",
    "CREATE INDEX": "Index",
    "CREATE UNIQUE INDEX": "Index",
}


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
    object's name or begins with it (`"f(a integer)"`).
    """
    within = item.kind in ("column", "comment")  # several tables may have a column of this name
    name = unquoted(split_list(plain_name(item))[-1]) if item.kind == "comment" else plain_name(item)
    schema, own = split_name(item.parent or item.identity)
    default = project.metadata.schema or unquoted(split_list(project.search_path)[0])
    namesakes = [table for table in _tables(project) if table.name == own]
    declaring = [table for table in namesakes if (table.schema or default) == schema]
    if declaring:
        whole = Place(declaring[0].file, declaring[0].node.lineno)
        if not item.parent or name == own:
            line = _comment(declaring[0].node) if item.kind == "comment" else None
            return Place(whole.file, line) if line else whole
        for file, node in (body for table in declaring for body in _bodies(project, table)):
            if line := _mention(node, name, item.kind) or _of_columns(node, item):
                return Place(file, line)
        return _entity(project, name, own, item.kind) or whole
    # Not found as a declaration: look for a string with the name, but not if another schema has a table of this name.
    for wanted in ([] if within else [name]) + [own]:
        for file, tree in () if namesakes and wanted == own else _sources(project):
            if line := _mention(tree, wanted, item.kind):
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
            texts = [(text, node) for part in own for node in ast.walk(part) if (text := _text(node)) is not None]
            named = [getattr(node, "lineno", 0) for text, node in texts if text.partition("(")[0] == name]
            if named and any(re.search(rf"(?<!\w){re.escape(table)}(?!\w)", text) for text, _ in texts if text != name):
                return Place(file, named[0])
    return None


def _of_columns(node: ast.AST, item: Object) -> int | None:
    """Return the line that declares an unnamed key, foreign key or index, found by its columns."""
    definition = str(item["definition"]) if "definition" in item.fields else ""
    start = definition.find("(")
    declared = next((call for words, call in DECLARED.items() if definition.startswith(words)), None)
    if declared is None or start < 0:
        return None
    try:
        columns = [unquoted(part.split(" ")[0]) for part in in_parentheses(definition[start:])[0]]
    except ValueError:
        return None
    for call in (node for node in ast.walk(node) if isinstance(node, ast.Call)):
        given = [_text(part) for argument in call.args[:1] for part in getattr(argument, "elts", ())]
        given = given or [_text(argument) for argument in call.args]
        if _called(call) == declared and [name for name in given if name] == columns:
            return call.lineno
    return _mention(node, columns[0], "column") if len(columns) == 1 else None


@cache
def _modules(project: Project) -> Mapping[str, ModuleType]:
    """Return the modules of the models and entities, by their files."""
    named = (str(project.options.get(option, "")) for option in ("models", "entities"))
    packages = {name.partition(":")[0].partition(".")[0] for name in named}
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in packages]
    files = {Path(module.__file__): module for module in modules if module.__file__}
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
            assigned = dict(pair for line in node.body for pair in _assigned(line))
            name = _text(assigned.get("__tablename__"))
            mapped = getattr(module, node.name, None)
            made = getattr(mapped, "__table__", None)
            if isinstance(mapped, type) and isinstance(made, sqlalchemy.Table) and name in (None, made.name):
                shared = any(getattr(base, "__table__", None) is made for base in mapped.__bases__)
                yield Table(made.name, made.schema, file, node, shared)
            elif name:
                arguments = assigned.get("__table_args__")
                yield Table(name, _schema(arguments) if arguments else None, file, node)
        elif isinstance(node, ast.Call) and _called(node) == "Table" and node.args and (name := _text(node.args[0])):
            said = (_text(keyword.value) for keyword in node.keywords if keyword.arg == "schema")
            yield Table(name, next(said, None), file, node)


def _comment(node: ast.AST) -> int | None:
    """Return the line with a table's comment: `{"comment": ...}` in a class, `comment=` in a call."""
    if isinstance(node, ast.Call):
        return next((keyword.value.lineno for keyword in node.keywords if keyword.arg == "comment"), None)
    dicts = (part for part in ast.walk(node) if isinstance(part, ast.Dict))
    return next((key.lineno for part in dicts for key in part.keys if key and _text(key) == "comment"), None)


def _schema(arguments: ast.expr) -> str | None:
    """Return the schema from `{"schema": "name"}` in a `__table_args__`."""
    for node in ast.walk(arguments):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if _text(key) == "schema":
                    return _text(value)
    return None


def _mention(tree: ast.AST, name: str, kind: str) -> int | None:
    """Return the line below `tree` that declares `name`: of a column, its attribute or call; else the first string."""
    lines: list[tuple[int, int]] = []
    for node in ast.walk(tree):
        if kind in ("column", "comment") and isinstance(node, ast.Assign | ast.AnnAssign):
            if any((_called_name(value) or target) == name for target, value in _assigned(node)):
                lines.append((0, node.lineno))
        elif kind in ("column", "comment") and isinstance(node, ast.FunctionDef) and node.name == name:
            lines.append((1, node.lineno))  # declared_attr
        elif isinstance(node, ast.Call) and _called(node) == "Column" and _called_name(node) == name:
            lines.append((1, node.lineno))
        elif (text := _text(node)) is not None and text.partition("(")[0] == name:
            lines.append((2, getattr(node, "lineno", 0)))
    return min(lines, default=(0, None))[1]


def _assigned(line: ast.stmt) -> list[tuple[str, ast.expr | None]]:
    """Return `name = value` and `name: type = value` as pairs."""
    targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
    value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
    return [(target.id, value) for target in targets if isinstance(target, ast.Name)]


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _called_name(value: ast.expr | None) -> str | None:
    """Return the column name in `mapped_column("name", ...)`, if it differs from the attribute's."""
    return _text(value.args[0]) if isinstance(value, ast.Call) and value.args else None


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
