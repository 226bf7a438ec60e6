"""Write a run as a script for psql, without a connection."""

from __future__ import annotations

import io
import os
import re
import secrets
from collections.abc import Iterator
from copy import copy
from functools import update_wrapper
from pathlib import Path
from threading import get_ident
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep

from whisper_migrate.catalog.describe import title
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.bookkeeping import guard
from whisper_migrate.databases.own_rights import WITHDRAW
from whisper_migrate.databases.session_settings import in_sql
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import scripts_of
from whisper_migrate.history.history import History
from whisper_migrate.project.environment import logging_as_it_is
from whisper_migrate.project.lent_connection import lending
from whisper_migrate.project.project import Project
from whisper_migrate.running import journal_script, ledger_script, literals, no_connection
from whisper_migrate.running.concurrently import is_concurrent
from whisper_migrate.running.lock import RUN, RUNS
from whisper_migrate.running.patience import Patience, milliseconds
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
    stands_at text := '';
    found record;
BEGIN
    {guard}
    {half_run}
    IF to_regclass({version}) IS NOT NULL THEN
        SELECT coalesce(string_agg(version_num, ', ' ORDER BY version_num), '') INTO stands_at
        FROM ONLY {table};
    END IF;
    IF stands_at <> {stands_at} THEN
        RAISE EXCEPTION 'This script begins at {start}, and the database is at %.',
            coalesce(nullif(stands_at, ''), 'base');
    END IF;
    IF NOT pg_try_advisory_lock({runs}, {run}) THEN
        RAISE EXCEPTION 'Another run of revisions is at work in this database.';
    END IF;
END
$$;
COMMIT;
{lock_timeout}"""
)
# Named parameters, since all other styles double every % in the script.
DIALECT = {"dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}, "literal_binds": True}
# Statements that may leave settings in psql's session. A false match is harmless: RESET is only superfluous.
LEAVES = re.compile(
    r"^[^\S\n]*+(?:SET|RESET|PREPARE)\b|\bCREATE\s+(?:\w+\s+)?TEMP|\bINTO\s+TEMP|\bset_config\b", re.I | re.M
)
RESET = """\
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
DEALLOCATE ALL;
DISCARD TEMP;
"""
# A downgrade to base keeps the table.
MAKE = """\
DO $version$
DECLARE given record;
BEGIN
    IF to_regclass({version}) IS NULL THEN
    {create}
    {withdraw}
    END IF;
END
$version$;

"""
# For the stamp and the ledger: no function or operator of the project's schemas can take part.
OUR_PATH = "SET LOCAL search_path = '';"


def script(project: Project, direction: str, target: str, patience: Patience, history: History | None = None) -> str:
    """Return the SQL of the steps to `target` from the beginning, or of a range `FROM:TO`.

    The script prints the name of each revision and writes the ledger. `history` is the project's unless given. Raises
    Failure for a revision that needs a connection.
    """
    history = history or History(project)
    start, end, written = _range(history, direction, target, patience)
    head = HEAD.format(
        direction=direction,
        guard=guard(),
        half_run=journal_script.refuse(written.revisions),
        start=start,
        target=end,
        table=version_table().identity,
        version=literal(version_table().identity),
        stands_at=literal("" if start == "base" else start),
        runs=RUNS,
        run=RUN,
        settings=in_sql(),
        lock_timeout=written.lock_timeout,
    )
    return f"{head}\n{written.getvalue()}"


def own_statements(history: History, direction: str, target: str) -> str:
    """Return the SQL of the revisions of a range `FROM:TO` alone: no stamp, no ledger, no settings of the session.

    Raises Failure for a revision that needs a connection.
    """
    return "\n\n".join(_range(history, direction, target, Patience())[2].own)


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


def _write(
    history: History,
    written: _Written,
    steps: list[RevisionStep],
    underway: list[RevisionStep],
    direction: str,
    start: str,
    end: str,
) -> None:
    """Run the project's env.py in offline mode, as Alembic's `--sql` does, to write the steps.

    `underway` always holds the step that is being written.
    """
    config = history.project.alembic(versions=history.versions)
    config.output_buffer = written
    config.attributes["connection"] = None  # for an env.py without an offline mode
    endings: list[str] = []
    ledger = iter([f"{ledger_script.make()}\n"])

    def named(*_: Any) -> Iterator[RevisionStep]:
        for number, step in enumerate(steps, 1):
            underway[:] = [step]
            words = " ".join(f"{number}/{len(steps)} {direction} {revision_of(step)} {title(step)}".split())
            written.write("\\echo '" + words.replace("\\", "\\\\").replace("'", "''") + "'\n")
            yield alone(step)

    def alone(step: RevisionStep) -> RevisionStep:
        """Return the step with a reset after it if it may leave settings in the session: a script is one session."""
        function, kept = step.migration_fn, copy(step)

        def run(**options: Any) -> None:
            begin = written.tell()
            function(**options)
            written.seek(begin)
            sql = written.read()
            written.own += [sql.strip()] if sql.strip() else []
            written.revisions.append(revision_of(step))
            if journal_script.COMMITS.search(sql):
                written.put(begin, journal_script.begin(revision_of(step), direction) + sql)
                endings.append(journal_script.end(revision_of(step), direction))
            if LEAVES.search(sql):
                written.write(f"{RESET}{in_sql()}\n{history.project.session};\n{written.lock_timeout}\n")
            written.write(f"{OUR_PATH}\n{next(ledger, '')}")

        kept.migration_fn = update_wrapper(run, function)  # Alembic logs its name
        return kept

    def entered(ctx: MigrationContext, **_: Any) -> None:
        assert ctx.impl is not None
        ctx.impl.static_output(ledger_script.row(underway[0], direction))
        while endings:
            ctx.impl.static_output(endings.pop())

    context = EnvironmentContext(
        config, history.scripts, fn=named, as_sql=True, starting_rev=start.split(", "), destination_rev=end
    )
    original = context.configure

    def configure(connection: Any = None, **options: Any) -> None:
        # A template's env.py gives a URL, perhaps a placeholder: only the dialect counts without a connection.
        alone = "dialect_name" not in options
        theirs = options.get("on_version_apply") or ()
        given = {name: value for name, value in options.items() if name != "url"} | (DIALECT if alone else {})
        given["on_version_apply"] = (*(theirs if isinstance(theirs, list | tuple | set) else (theirs,)), entered)
        given["transaction_per_migration"] = True
        given |= version_table().options
        original(**{**given, "connection": None})
        literals.use(context.get_context())
        no_connection.use(context.get_context())
        if alone:
            context.get_context().impl.static_output(f"{history.project.session};")

    context.configure = configure  # type: ignore[method-assign, assignment]
    with context, lending(None, {get_ident()}), logging_as_it_is():
        history.scripts.run_env()


def _range(history: History, direction: str, target: str, patience: Patience) -> tuple[str, str, _Written]:
    """Write the steps of a range; return its two ends and the text."""
    start, _, end = target.rpartition(":")
    if direction == "downgrade" and not start:
        raise Failure("A downgrade as a script must be told where it begins.", f"migrate.py downgrade --sql FROM:{end}")
    starts = tuple(sorted(script.revision for script in scripts_of(history, start or "base")))
    start = ", ".join(starts) or "base"
    end = all_heads(history) if end in ("head", "") else end
    written = _Written(patience)
    steps = way(history, direction, end, starts)
    underway: list[RevisionStep] = []
    try:
        with plain_words():
            _write(history, written, steps, underway, direction, start, end)
    except Failure:
        raise
    except Exception as error:
        what = f"{revision_of(underway[0]) if underway else end} cannot be written as a script"
        if no_connection.is_needed(error):
            where = history.project.whereabouts(error)
            said = f"its {direction} {no_connection.NEEDED}{f' ({where})' if where else ''}"
            raise Failure(f"{what}: {said}.", f"Run it with one: migrate.py {direction}") from error
        raise Failure(f"{what}: {history.project.blame(error)}.") from error
    return start, end, written


def _make(create: str) -> str:
    """Return the statement that creates the version table, and its schema, unless they exist."""
    kept = version_table()
    version = literal(kept.identity)
    withdraw = WITHDRAW.format(table=version).strip()
    if own := kept.own_schema:
        create = f"IF to_regnamespace({literal(own)}) IS NULL THEN CREATE SCHEMA {own}; END IF; {create}"
    return MAKE.format(create=create, withdraw=withdraw, version=version)


class _Written(io.StringIO):
    """The script's buffer, which adapts each statement that Alembic writes.

    `own` are the statements of the revisions themselves, and `revisions` their ids.
    """

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self.own: list[str] = []
        self.revisions: list[str] = []
        self.lock_timeout = f"SET lock_timeout = {milliseconds(patience.lock_timeout)};\n"

    def put(self, position: int, text: str) -> None:
        """Replace everything from a position on by a text that is adapted already."""
        self.seek(position)
        self.truncate()
        super().write(text)

    def write(self, text: str) -> int:
        """Write SQL; a CONCURRENTLY statement gets no lock_timeout, since nobody queues behind it."""
        if is_concurrent(text):
            text = f"SET lock_timeout = 0;\n{text.rstrip()}\n{self.lock_timeout}\n"
        elif text.lstrip().startswith(f"CREATE TABLE {version_table().identity} ("):
            text = _make(text.strip())
        return super().write(text)
