"""Run env.py in offline mode, as Alembic's `--sql` does, and write its statements for psql."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import update_wrapper
from threading import get_ident
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep

from whisper_migrate.catalog.describe import title
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.engine_search_path import ENTER, KEEP, LEAVE
from whisper_migrate.databases.own_rights import WITHDRAW
from whisper_migrate.databases.session_settings import in_sql
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.history.history import History
from whisper_migrate.project.environment import logging_as_it_is
from whisper_migrate.project.lent_connection import lending
from whisper_migrate.running import journal_script, ledger_script, literals, no_connection
from whisper_migrate.running.concurrently import is_concurrent
from whisper_migrate.running.patience import Patience, milliseconds
from whisper_migrate.running.way import revision_of

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
DECLARE given record; {keep}
BEGIN
    {enter}
    IF to_regclass({version}) IS NULL THEN
    {create}
    {withdraw}
    END IF;
    {leave}
END
$version$;

"""
# For the stamp and the ledger: no function or operator of the project's schemas can take part.
OUR_PATH = "SET LOCAL search_path = '';"


@dataclass
class ScriptWriter:
    """Writes the steps of one run into `script`.

    `own` are the statements of the revisions themselves. `underway` is the step that is being written.
    """

    history: History
    direction: str
    steps: Sequence[RevisionStep]
    patience: Patience
    script: Script = field(init=False)
    own: list[str] = field(default_factory=list)
    underway: RevisionStep | None = None
    _at_stamp: list[str] = field(default_factory=list)  # statements for the transaction that stamps the step

    def __post_init__(self) -> None:
        self.script = Script(self.patience)

    def write(self, start: str, end: str) -> None:
        """Write the steps between two ends, as the project's env.py has Alembic run them."""
        config = self.history.project.alembic(versions=self.history.versions)
        config.output_buffer = self.script
        config.attributes["connection"] = None  # for an env.py without an offline mode
        context = EnvironmentContext(
            config,
            self.history.scripts,
            fn=self._each,
            as_sql=True,
            starting_rev=start.split(", "),
            destination_rev=end,
        )
        context.configure = self._configuring(context)  # type: ignore[method-assign]
        with context, lending(None, {get_ident()}), logging_as_it_is():
            self.history.scripts.run_env()

    def _configuring(self, context: EnvironmentContext) -> Callable[..., None]:
        """Return the function that env.py calls in place of `context.configure`."""
        original = context.configure

        def configure(connection: Any = None, **options: Any) -> None:
            # A template's env.py gives a URL, perhaps a placeholder: only the dialect counts without a connection.
            alone = "dialect_name" not in options
            theirs = options.get("on_version_apply") or ()
            theirs = theirs if isinstance(theirs, list | tuple | set) else (theirs,)
            given = {name: value for name, value in options.items() if name != "url"} | (DIALECT if alone else {})
            given["on_version_apply"] = (*theirs, self._stamped)
            given["transaction_per_migration"] = True
            given |= version_table().options
            original(**{**given, "connection": None})
            literals.use(context.get_context())
            no_connection.use(context.get_context())
            if alone:
                context.get_context().impl.static_output(f"{self.history.project.session};")

        return configure

    def _each(self, *_: Any) -> Iterator[RevisionStep]:
        """Yield each step for Alembic to run, behind a line that prints its name."""
        make_ledger = f"{ledger_script.make()}\n"
        for number, step in enumerate(self.steps, 1):
            self.underway = step
            words = " ".join(f"{number}/{len(self.steps)} {self.direction} {revision_of(step)} {title(step)}".split())
            self.script.write("\\echo '" + words.replace("\\", "\\\\").replace("'", "''") + "'\n")
            wrapped, function = copy(step), step.migration_fn
            wrapped.migration_fn = update_wrapper(self._running(step, make_ledger), function)  # Alembic logs its name
            yield wrapped
            make_ledger = ""

    def _running(self, step: RevisionStep, behind: str) -> Callable[..., None]:
        """Return the function that writes a step, what the session needs behind it, and the text `behind`."""
        revision = revision_of(step)

        def run(**options: Any) -> None:
            begin = self.script.tell()
            step.migration_fn(**options)
            self.script.seek(begin)
            sql = self.script.read()
            self.own += [sql.strip()] if sql.strip() else []
            self._at_stamp = [ledger_script.row(step, self.direction)]
            if journal_script.COMMITS.search(sql):
                self.script.put(begin, journal_script.begin(revision, self.direction) + sql)
                self._at_stamp.append(journal_script.end(revision, self.direction))
            if LEAVES.search(sql):
                self.script.write(f"{RESET}{in_sql()}\n{self.history.project.session};\n{self.script.lock_timeout}\n")
            self.script.write(f"{OUR_PATH}\n{behind}")

        return run

    def _stamped(self, ctx: MigrationContext, **_: Any) -> None:
        """Write the statements behind the stamp; Alembic calls this after each step."""
        assert ctx.impl is not None
        for statement in self._at_stamp:
            ctx.impl.static_output(statement)


class Script(io.StringIO):
    """The script's buffer, which adapts each statement that Alembic writes."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
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


def _make(create: str) -> str:
    """Return the statement that creates the version table, and its schema, unless they exist."""
    kept = version_table()
    version = literal(kept.identity)
    withdraw = WITHDRAW.format(table=version).strip()
    if own := kept.own_schema:
        create = f"IF to_regnamespace({literal(own)}) IS NULL THEN CREATE SCHEMA {own}; END IF; {create}"
    return MAKE.format(create=create, withdraw=withdraw, version=version, keep=KEEP, enter=ENTER, leave=LEAVE)
