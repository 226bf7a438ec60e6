"""Write a run as a script for psql, without a connection."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.bookkeeping import guard
from whisper_migrate.databases.session_settings import in_sql
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import scripts_of
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import journal_script, no_connection
from whisper_migrate.running.lock import RUN, RUNS
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.script_writer import ScriptWriter
from whisper_migrate.running.way import all_heads, plain_words, revision_of, way

# The first words of every script; a file that begins otherwise is not overwritten.
MARK = "-- whisper-migrate: "
# The script protects itself as a run does: it checks the stamp and takes the advisory lock.
HEAD = (
    MARK
    + """\
{direction} {start} -> {target}. For psql; it stops at the first error.
\\set ON_ERROR_STOP on
{settings}
BEGIN;
SET LOCAL search_path = '';
DO $$
DECLARE
    stamps text := '';
    found record;
BEGIN
    {guard}
    {half_run}
    IF to_regclass({version}) IS NOT NULL THEN
        SELECT coalesce(string_agg(version_num, ', ' ORDER BY version_num), '') INTO stamps
        FROM ONLY {table};
    END IF;
    IF stamps <> {stamps} THEN
        RAISE EXCEPTION 'This script begins at {start}, and the database is at %.',
            coalesce(nullif(stamps, ''), 'base');
    END IF;
    IF NOT pg_try_advisory_lock({runs}, {run}) THEN
        RAISE EXCEPTION 'Another run of revisions is at work in this database.';
    END IF;
END
$$;
COMMIT;
{lock_timeout}"""
)


def script(project: Project, direction: str, target: str, patience: Patience, history: History | None = None) -> str:
    """Return the SQL of the steps to `target` from the beginning, or of a range `FROM:TO`.

    The script prints the name of each revision and writes the ledger. `history` is the project's unless given. Raises
    Failure for a revision that needs a connection.
    """
    history = history or History(project)
    start, end, writer = _written(history, direction, target, patience)
    head = HEAD.format(
        direction=direction,
        guard=guard(),
        half_run=journal_script.refuse([*map(revision_of, writer.steps)]),
        start=start,
        target=end,
        table=version_table().identity,
        version=literal(version_table().identity),
        stamps=literal("" if start == "base" else start),
        runs=RUNS,
        run=RUN,
        settings=in_sql(),
        lock_timeout=writer.script.lock_timeout,
    )
    return f"{head}\n{writer.script.getvalue()}"


def own_statements(history: History, direction: str, target: str) -> str:
    """Return the SQL of the revisions of a range `FROM:TO` alone: no stamp, no ledger, no settings of the session.

    Raises Failure for a revision that needs a connection.
    """
    return "\n\n".join(_written(history, direction, target, Patience())[2].own)


def save(text: str, path: Path) -> None:
    """Write a script into a file, completely or not at all. Raises Failure if the file exists and is no such script."""
    try:
        if path.exists() and not (path.is_file() and path.read_bytes().startswith(MARK.encode())):
            raise Failure(f"{path} is there already, and is no script of migrate.py.", "Name another file with -o.")
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with new.open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}.") from error


def _written(history: History, direction: str, target: str, patience: Patience) -> tuple[str, str, ScriptWriter]:
    """Write the steps of a range; return its two ends and the writer."""
    start, _, end = target.rpartition(":")
    if direction == "downgrade" and not start:
        raise Failure(
            "A downgrade as a script needs the revision where it begins.", f"migrate.py downgrade --sql FROM:{end}"
        )
    starts = tuple(sorted(script.revision for script in scripts_of(history, start or "base")))
    start = ", ".join(starts) or "base"
    end = all_heads(history) if end in ("head", "") else end
    writer = ScriptWriter(history, direction, way(history, direction, end, starts), patience)
    try:
        with plain_words():
            writer.write(start, end)
    except Failure:
        raise
    except Exception as error:
        what = f"{revision_of(writer.underway) if writer.underway else end} cannot be written as a script"
        if no_connection.is_needed(error):
            where = history.project.whereabouts(error)
            said = f"its {direction} {no_connection.NEEDED}{f' ({where})' if where else ''}"
            raise Failure(f"{what}: {said}.", f"Run it with one: migrate.py {direction}") from error
        raise Failure(f"{what}: {history.project.blame(error)}.") from error
    return start, end, writer
