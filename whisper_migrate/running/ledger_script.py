"""The ledger in a script for psql: SQL statements that write a row in the transaction of each revision."""

from __future__ import annotations

from typing import Any

from alembic.runtime.migration import RevisionStep

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.bookkeeping import guard
from whisper_migrate.databases.own_rights import WITHDRAW
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.inspecting.scheme import scheme
from whisper_migrate.running.ledger import ABOUT, COLUMNS, TABLE, entry_of, runner
from whisper_migrate.running.way import revision_of

# Creates the table and any columns that are missing in a ledger of an older version. The guard comes right after the
# creation, so that nobody can put another relation there between the check and the first INSERT.
_MAKE = """\
DO $ledger$
DECLARE missing record; found record; given record; runner text; is_new boolean := to_regclass('{table}') IS NULL;
BEGIN
    IF is_new THEN
        CREATE TABLE {table} ();
        COMMENT ON TABLE {table} IS {about};
    END IF;
    {guard}
    FOR missing IN
        SELECT wanted.* FROM (VALUES
            {columns}
        ) AS wanted(number, name, type)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                          WHERE a.attrelid = to_regclass('{table}') AND a.attname = wanted.name)
        ORDER BY wanted.number
    LOOP
        EXECUTE 'ALTER TABLE {table} ADD COLUMN ' || missing.name || ' ' || missing.type;
    END LOOP;
    IF is_new THEN
    {withdraw}
        SELECT * INTO runner FROM ({runner}) AS it(name);
        IF runner IS NOT NULL THEN
            EXECUTE 'GRANT SELECT, INSERT ON {table} TO ' || runner;
        END IF;
    END IF;
END
$ledger$;"""
# A script cannot inspect the catalog, so its rows have no fingerprints.
_ROW = """\
INSERT INTO {table} ({names}, stands_at, server, seconds)
SELECT {values}, ARRAY(SELECT version_num::text FROM {version} ORDER BY 1),
       current_setting('server_version_num')::integer / 10000,
       extract(epoch FROM clock_timestamp() - transaction_timestamp());"""
_WRITTEN = ("direction", "revision", "parents", "program", "scheme", "file", "code")


def make() -> str:
    """Return the statement that creates the ledger unless it exists, and refuses a planted ledger or version table."""
    columns = ",\n            ".join(
        f"({number}, {literal(name)}, {literal(type_)})" for number, (name, type_) in enumerate(COLUMNS.items())
    )
    return _MAKE.format(
        table=TABLE,
        about=literal(ABOUT),
        runner=runner().strip(),
        guard=guard(),
        columns=columns,
        withdraw=WITHDRAW.format(table=literal(TABLE)).strip(),
    )


def row(step: RevisionStep, direction: str) -> str:
    """Return the INSERT for a step; PostgreSQL computes the stamps after the step, and its duration."""
    entry = entry_of(step.revision, direction=direction, revision=revision_of(step), stands_at=[], scheme=scheme())
    values = ", ".join(_value(getattr(entry, name)) for name in _WRITTEN)
    return _ROW.format(table=TABLE, version=version_table().identity, names=", ".join(_WRITTEN), values=values)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(literal, value))}]::text[]"
    return "NULL" if value is None else literal(value)
