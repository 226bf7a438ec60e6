"""Read names and calls, each with its line, from the syntax tree of models."""

from __future__ import annotations

import ast


def comment_line(node: ast.AST) -> int | None:
    """The line that gives a table its comment: `{"comment": ...}` of a class, `comment=` of a call."""
    if isinstance(node, ast.Call):
        return next((keyword.value.lineno for keyword in node.keywords if keyword.arg == "comment"), None)
    dicts = (part for part in ast.walk(node) if isinstance(part, ast.Dict))
    return next((key.lineno for part in dicts for key in part.keys if key and text_of(key) == "comment"), None)


def schema_in(arguments: ast.expr) -> str | None:
    """Return the name in `{"schema": "name"}` of a `__table_args__`."""
    for node in ast.walk(arguments):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if text_of(key) == "schema":
                    return text_of(value)
    return None


def mention(tree: ast.AST, name: str, kind: str) -> int | None:
    """The line below `tree` that declares `name`: for a column its attribute or its call, else the first string."""
    lines: list[tuple[int, int]] = []
    for node in ast.walk(tree):
        if kind in ("column", "comment") and isinstance(node, ast.Assign | ast.AnnAssign):
            if any((called_name(value) or target) == name for target, value in assigned(node)):
                lines.append((0, node.lineno))
        elif kind in ("column", "comment") and isinstance(node, ast.FunctionDef) and node.name == name:
            lines.append((1, node.lineno))  # declared_attr
        elif isinstance(node, ast.Call) and called(node) == "Column" and called_name(node) == name:
            lines.append((1, node.lineno))
        elif (text := text_of(node)) is not None and text.partition("(")[0] == name:
            lines.append((2, getattr(node, "lineno", 0)))
    return min(lines, default=(0, None))[1]


def assigned(line: ast.stmt) -> list[tuple[str, ast.expr | None]]:
    """`name = value` and `name: type = value` as pairs."""
    targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
    value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
    return [(target.id, value) for target in targets if isinstance(target, ast.Name)]


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def called_name(value: ast.expr | None) -> str | None:
    """The name that `mapped_column("name", ...)` gives a column, other than its attribute's."""
    return text_of(value.args[0]) if isinstance(value, ast.Call) and value.args else None


def text_of(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
