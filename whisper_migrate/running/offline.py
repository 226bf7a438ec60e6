"""A run as a script for psql, made without a connection."""

from __future__ import annotations

import io

from alembic import command

from whisper_migrate.databases.bookkeeping import GUARD
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.project import Project
from whisper_migrate.running.lock import RUN, RUNS
from whisper_migrate.running.patience import Patience, milliseconds
from whisper_migrate.running.way import plain_words
from whisper_migrate.sql import literal

# Whoever runs it has the same protection as a run of ours.
HEAD = """\
-- {direction} {start} -> {target}. For psql; it stops at the first error.
\\set ON_ERROR_STOP on
DO $$
DECLARE
    stands_at text := '';
    found record;
BEGIN
    {guard}
    IF to_regclass('public.alembic_version') IS NOT NULL THEN
        SELECT coalesce(string_agg(version_num, ', ' ORDER BY version_num), '') INTO stands_at
        FROM ONLY public.alembic_version;
    END IF;
    IF stands_at <> {stands_at} THEN
        RAISE EXCEPTION 'This script begins at {start}, and the database stands at %.',
            coalesce(nullif(stands_at, ''), 'base');
    END IF;
    IF NOT pg_try_advisory_lock({runs}, {run}) THEN
        RAISE EXCEPTION 'Another run of revisions is at work in this database.';
    END IF;
END
$$;
{lock_timeout}"""


def script(project: Project, direction: str, target: str, patience: Patience) -> str:
    """The SQL of the way to `target` from the beginning, or of the range `FROM:TO`.

    Raises Failure for a revision that cannot be written down, since it wants to read from the database.
    """
    history = History(project)
    start, _, end = target.rpartition(":")
    if direction == "downgrade" and not start:
        raise Failure("A downgrade as a script must be told where it begins.", f"migrate.py downgrade --sql FROM:{end}")
    start = history.find(start).revision if start not in ("", "base") else "base"
    end = history.head or "base" if end in ("head", "") else end
    written = io.StringIO()
    config = project.alembic()
    config.output_buffer = written
    try:
        with plain_words():
            getattr(command, direction)(config, f"{start}:{end}", sql=True)
    except Failure:
        raise
    except Exception as error:
        raise Failure(f"A revision cannot be written as a script: {project.blame(error)}.") from error
    body = written.getvalue()
    # What works concurrently waits for everybody's transactions, and nobody for it.
    waits = "CONCURRENTLY" in body
    head = HEAD.format(
        direction=direction,
        guard=GUARD,
        start=start,
        target=end,
        stands_at=literal("" if start == "base" else start),
        runs=RUNS,
        run=RUN,
        lock_timeout="" if waits else f"SET lock_timeout = {milliseconds(patience.lock_timeout)};\n",
    )
    return f"{head}\n{body}"
