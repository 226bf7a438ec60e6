"""Squash: replace the first revisions of a history by a single one that is proved to create the same schema and rows.

The squash has the id of the last revision that it folds. A database at that revision or a later one continues
unchanged, even with plain Alembic, and a new database runs one file. The originals move to an archive folder, which
brings a database in the middle up to that id (`History.way`). All these files are plain Alembic revisions.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script
from sqlalchemy import URL, Connection, text

from whisper_migrate.catalog.describe import line, outline, title
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import SQUASHED, History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.plan import plan
from whisper_migrate.revisions.prove import Flaw, prove
from whisper_migrate.revisions.python_sql import execute
from whisper_migrate.revisions.render import Body
from whisper_migrate.revisions.revision_file import Text, write
from whisper_migrate.rows.seeds import Seeds, read, repeatable
from whisper_migrate.wording.plurals import counted

# Statements whose effects lie outside of the database, and appear neither in its catalog nor in its rows.
ELSEWHERE = re.compile(
    r"\b(CREATE|ALTER|DROP)\s+(ROLE|USER(?!\s+MAPPING)|GROUP|DATABASE|TABLESPACE|SYSTEM)\b|\blo_\w+(?=\()",
    re.IGNORECASE,
)
# Contents of a database that are neither catalog nor rows.
BESIDES = {
    "settings of the database": "SELECT FROM pg_catalog.pg_db_role_setting WHERE setdatabase ="
    " (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
    "large objects": "SELECT FROM pg_catalog.pg_largeobject_metadata",
}


@dataclass(frozen=True)
class Squash:
    """The folded revisions, the new file, the folder of the originals, and the rows that were carried over."""

    folded: list[Script]
    path: Path
    archive: Path
    seeds: Seeds


def squash(history: History, server: URL, name: str, *, allowed: Collection[str] = ()) -> Squash | None:
    """Fold the revisions up to the one called `name` into one; None if there is only one.

    The squash is run up, down and up in a shadow on `server`. It must give the catalog and the rows of the originals,
    and the rest of the history must give the same on top of it as before.

    Raises Failure, and leaves all files as they are, if another revision branches off in the middle. The same holds for
    an effect that cannot be carried over, unless it is `allowed` by name (as `CREATE ROLE in a7eb08030574`).
    """
    head = history.head
    last = history.find(name)
    folded = [*history.before(last), last]
    if len(folded) == 1:
        return None
    _require_line(history, folded)
    elsewhere = [f"{words} in {script.revision}" for script in folded for words in _elsewhere(Path(script.path))]
    _require_allowed(elsewhere, last.revision, allowed)
    own = history.folder(last.revision)
    with tempfile.TemporaryDirectory() as temporary, shadows(server) as made:
        folder = Path(temporary)
        with connected(made.create("originals")) as originals, connected(made.create("squashed")) as squashed:
            history.replay(originals, last.revision)
            besides = [what for what, query in BESIDES.items() if originals.scalar(text(f"SELECT EXISTS ({query})"))]
            _require_allowed(besides, last.revision, allowed)
            wanted = inspect(originals, requires=True)
            seeds = _seeds(history, last.revision, originals, wanted, made)
            empty = inspect(squashed, requires=True)
            file = write(history, folder, _text(folded, empty, wanted, seeds))
            names = {Path(script.path).name for script in folded}
            for path in (path for own_folder in history.folders for path in own_folder.glob("*.py")):
                if path.name not in names:
                    shutil.copy(path, folder)
            drafted = History(history.project, (folder,))
            try:
                prove(drafted, squashed, last.revision, empty, wanted)
            except Flaw as flaw:
                raise Failure(f"The squash's {flaw.what}, so nothing was changed:{flaw.details}") from flaw
            _require_same(seeds.differences(read(squashed, wanted)))
            if last.revision != head:
                _require_same(_differences_at_head(history, originals, drafted, squashed))
        archive = Path(history.scripts.dir) / SQUASHED / last.revision
        _move(folded, archive, file, own)
    return Squash(folded, own / file.name, archive, seeds)


def _require_line(history: History, folded: list[Script]) -> None:
    """Raise Failure unless every other revision comes after the last folded one, and after no earlier one directly."""
    last, ids = folded[-1].revision, {script.revision for script in folded}
    for script in history.newest_first():
        passed = {*script._all_down_revisions} & ids - {last}
        if script.revision not in ids and passed:
            raise Failure(
                f"{history.path(script)} stands on {min(passed)}, which would be folded, and passes {last} by."
            )
        if script.revision in ids and script.module.__dict__.get("branch_labels"):
            raise Failure(f"{history.path(script)} has a branch label, which would be lost.", "Take it out there.")


def _require_allowed(found: list[str], revision: str, allowed: Collection[str]) -> None:
    """Raise Failure for effects that are neither in catalog nor in rows, unless they are allowed by name."""
    if refused := [name for name in found if name not in allowed]:
        allow = " ".join(f'--allow "{name}"' for name in refused)
        raise Failure(
            f"This cannot be carried over: {', '.join(refused)}.",
            f"If a new database can do without it: migrate.py squash {revision} {allow}",
        )


def _elsewhere(file: Path) -> list[str]:
    """Return words such as `CREATE ROLE` that occur in the strings of a file, except in docstrings."""
    tree = ast.parse(file.read_bytes())
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documents)
    found = (match for node in strings if isinstance(node.value, str) for match in ELSEWHERE.finditer(node.value))
    return sorted({" ".join(match[0].upper().split()) for match in found})


def _seeds(history: History, revision: str, originals: Connection, wanted: Catalog, made: Shadows) -> Seeds:
    """Return the rows that the originals insert; a second run shows which values change with each run."""
    first = read(originals, wanted)
    originals.rollback()
    if not first.rows:
        return first
    with connected(made.create("again")) as again:
        history.replay(again, revision)
        return repeatable(first, read(again, wanted))


def _text(folded: list[Script], empty: Catalog, wanted: Catalog, seeds: Seeds) -> Text:
    upgrade = Body(plan(empty, wanted), wanted, seeds.inserts).source()
    sequences = "\n".join(execute(sql) for sql in seeds.settings())
    return Text(
        folded[-1].revision,
        None,
        f"squash of {counted(len(folded), 'revision')}",
        [f"{script.revision} {title(script)}" for script in folded],
        f"{upgrade}\n{sequences}",
        Body(plan(wanted, empty), empty).source(),
    )


def _differences_at_head(history: History, originals: Connection, drafted: History, squashed: Connection) -> list[str]:
    """Return how the rest of the history ends on top of the squash: other catalog, or other numbers of rows."""
    history.replay(originals)
    squashed.rollback()
    drafted.replay(squashed)
    before, after = inspect(originals), inspect(squashed)
    lines = [line(change) for change in outline(settled(originals, diff(before, after)))]
    counts = read(originals, before).counts(), read(squashed, after).counts()
    return lines or ([] if counts[0] == counts[1] else [f"{', '.join(counts[0])}: not {', '.join(counts[1])}"])


def _require_same(differences: list[str]) -> None:
    if differences:
        details = "".join(f"\n  {text}" for text in differences)
        raise Failure(f"The squash does not make what the originals make, so nothing was changed:{details}")


def _move(folded: list[Script], archive: Path, file: Path, own: Path) -> None:
    """Copy the originals to the archive, delete them, and move the new file in. An interruption undoes all of this."""
    was_there, new = archive.exists(), own / file.name
    try:
        archive.mkdir(parents=True, exist_ok=True)
        for script in folded:
            shutil.copy2(script.path, archive)
        for script in folded:
            Path(script.path).unlink()
        shutil.move(file, new)
    except BaseException:
        new.unlink(missing_ok=True)
        for script in folded:
            if not Path(script.path).exists():
                shutil.copy2(archive / Path(script.path).name, script.path)
        if not was_there:
            shutil.rmtree(archive, ignore_errors=True)
        raise
