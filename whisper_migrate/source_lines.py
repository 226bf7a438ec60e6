"""Where the models say what a change is about: a file and a line, found in their source."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from whisper_migrate.catalog import Object
from whisper_migrate.names import plain_name, split_name
from whisper_migrate.project import Project


@dataclass(frozen=True)
class Place:
    """A line of a source file; the path is relative to the project."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def place(project: Project, item: Object) -> Place | None:
    """The line that declares `item`; else that of its table; None when no model mentions either.

    Names are looked up in the syntax tree as models write them: `__tablename__`, `Table("name", ...)`, an attribute of
    a class, or any string that is the object's own name or begins with it (`"f(a integer)"`).
    """
    name = plain_name(item)
    table = split_name(item.parent or item.identity)[1]
    near: Place | None = None
    for file, tree in _sources(project):
        for node, line in _tables(tree):
            if _table_name(node) == table:
                near = near or Place(file, line)
                if item.parent and (found := _mention(node, name)):
                    return Place(file, found)
        if near and near.file == file and not item.parent:
            return near
    if near:
        return near
    for file, tree in _sources(project):
        if found := _mention(tree, name):
            return Place(file, found)
    return None


@cache
def _sources(project: Project) -> tuple[tuple[str, ast.Module], ...]:
    package = str(project.options["models"]).partition(":")[0].partition(".")[0]
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == package]
    files = sorted({Path(module.__file__) for module in modules if module.__file__})
    return tuple((_relative(file, project.root), ast.parse(file.read_text())) for file in files)


def _relative(file: Path, root: Path) -> str:
    return str(file.relative_to(root) if file.is_relative_to(root) else file)


def _tables(tree: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.Call) and _table_name(node):
            yield node, node.lineno


def _table_name(node: ast.AST) -> str | None:
    """The table that a class with `__tablename__`, or a call of `Table("name", ...)`, declares."""
    named: ast.expr | None = None
    if isinstance(node, ast.ClassDef):
        for line in node.body:
            if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "__tablename__":
                named = line.value
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "Table":
        named = next(iter(node.args), None)
    return str(named.value) if isinstance(named, ast.Constant) else None


def _mention(tree: ast.AST, name: str) -> int | None:
    """The first line below `tree` that declares `name`: an annotated attribute, or a string that begins with it."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found = node.target.id == name
        else:
            value = node.value if isinstance(node, ast.Constant) else None
            found = isinstance(value, str) and value.partition("(")[0] == name
        if found and hasattr(node, "lineno"):
            lines.append(node.lineno)
    return min(lines, default=None)
