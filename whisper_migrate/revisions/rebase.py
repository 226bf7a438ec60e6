"""Rebase: put my revisions on the other head, after a shadow has shown that they run there."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alembic.script import Script
from sqlalchemy import URL, Connection

from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.revisions.fork import Fork
from whisper_migrate.revisions.prove import Flaw
from whisper_migrate.revisions.prove_history import prove_with_rows
from whisper_migrate.rows.triggers import descriptions
from whisper_migrate.wording.sign_of_life import counting


@dataclass
class Rebased:
    """The differences between both orders, as lines, and notes on rows by revision id."""

    differences: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)


def rebase(history: History, server: URL, fork: Fork, *, order_matters: bool = False) -> Rebased:
    """Make the other head the parent of my first revision, in its file.

    Shadows on `server` run both orders: mine on theirs (up, down and up, and on rows), and theirs on mine. If the
    schemas differ, the file is changed only with `order_matters`. Returns the differences.

    Raises Failure, and leaves the file as it is, if my revisions do not run on theirs.
    """
    first = Path(fork.mine[0].path)
    text = with_parent(first.read_bytes(), fork.parent, fork.theirs[-1].revision)
    if text is None:
        raise Failure(
            f"The down_revision of {history.path(fork.mine[0])} is not written out, so it cannot be replaced.",
            f'down_revision = "{fork.theirs[-1].revision}"',
        )
    with tempfile.TemporaryDirectory() as folder, shadows(server) as made:
        copies = {own: Path(folder) / str(number) for number, own in enumerate(history.folders)}
        for own, copy in copies.items():
            shutil.copytree(own, copy, ignore=shutil.ignore_patterns("__pycache__"))
        mine = history.folder(fork.mine[0].revision)
        (copies[mine] / first.relative_to(mine)).write_bytes(text)
        found = _compared(History(history.project, list(copies.values())), history, fork, made)
    if not found.differences or order_matters:
        _replace(first, text)
    return found


def _replace(path: Path, text: bytes) -> None:
    """Write a file completely or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_bytes(text)
        shutil.copymode(path, new)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _compared(rebased: History, history: History, fork: Fork, made: Shadows) -> Rebased:
    """Run both orders. Return how the schema would differ (unexpected +, missing -) had my revisions run first."""
    found = Rebased()
    shadow = made.create("theirs_first")
    with connected(shadow) as connection:
        reached = _made(connection, rebased, (*fork.common, *fork.theirs))
    for script in fork.mine:
        try:
            reached, tried = prove_with_rows(made, shadow, rebased, script.revision, reached)
            found.notes[script.revision] = [*tried.notes, *descriptions(tried.broken)]
        except Flaw as flaw:
            raise Failure(
                f"On {fork.theirs[-1].revision}, {script.revision} does not stand, so nothing was rewritten:"
                f" the {flaw.what} ({history.path(script)}):{flaw.details}"
            ) from flaw
    try:
        with connected(made.create("mine_first")) as connection:
            other = _made(connection, history, (*fork.common, *fork.mine, *fork.theirs))
    except Failure as failure:
        found.differences = [failure.what]
        return found
    with connected(shadow) as connection:
        found.differences = [line(change) for change in outline(settled(connection, diff(reached, other)))]
    return found


def _made(connection: Connection, history: History, revisions: Sequence[Script]) -> Catalog:
    """Run the revisions in this order in an empty shadow, and return the catalog."""
    with counting("replaying") as count:
        for script in revisions:
            count(len(revisions))
            try:
                history.step(connection, script.revision, "upgrade")
            except Failure as failure:
                raise Failure(f"{script.revision} does not run: {failure.what}") from failure
    found = inspect(connection)
    connection.rollback()
    return found


def with_parent(source: bytes, old: str | None, new: str) -> bytes | None:
    """Return a revision's source with another parent, otherwise unchanged; None if its down_revision is no literal."""
    tree = ast.parse(source)
    lines = source.split(b"\n")
    value = next((found for node in tree.body if (found := _down_revision(node))), None)
    if not isinstance(value, ast.Constant) or value.value != old or value.lineno != value.end_lineno:
        return None
    text = lines[value.lineno - 1]
    quote = b"'" if text[value.col_offset : value.col_offset + 1] == b"'" else b'"'
    lines[value.lineno - 1] = text[: value.col_offset] + quote + new.encode() + quote + text[value.end_col_offset :]
    if ast.get_docstring(tree) is not None:
        docstring = range(tree.body[0].lineno - 1, tree.body[0].end_lineno or 0)
        parent = re.compile(rb"(Revises:[ \t]*)" + re.escape((old or "").encode()) + rb"([ \t]*\r?)")
        for number in docstring:
            if match := parent.fullmatch(lines[number]):
                lines[number] = match[1].rstrip() + b" " + new.encode() + match[2]
    return b"\n".join(lines)


def _down_revision(node: ast.stmt) -> ast.expr | None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    named = any(isinstance(target, ast.Name) and target.id == "down_revision" for target in targets)
    return node.value if named and isinstance(node, (ast.Assign, ast.AnnAssign)) else None
