"""Find fields of NEW and OLD that no table of a trigger function has, on a server without plpgsql_check.

PL/pgSQL looks up a field when the assignment or expression runs: a branch that no row of the proof reaches would be
found by a row of the application.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection

from whisper_migrate.catalog.names import unquoted
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.transaction_control import without_texts

# A function that handles a missing column is left alone. The columns are those of all tables whose triggers call it.
TRIGGER_FUNCTIONS = r"""
SELECT p.oid::int8, p.prosrc, array_agg(a.attname::text)
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.tgrelid AND NOT a.attisdropped
WHERE p.oid = ANY (ARRAY[{oids}]::oid[]) AND p.prosrc !~* 'undefined_column|\mwhen\s+others\M'
GROUP BY p.oid HAVING bool_or(t.tgenabled <> 'D') ORDER BY p.oid"""
FIELD = re.compile(r'(?<![\w$.])(new|old)\s*\.\s*("(?:[^"]|"")+"|[^\W\d][\w$]*)', re.IGNORECASE)


def unknown_fields(connection: Connection, oids: Collection[int]) -> Iterator[tuple[int, str, int]]:
    """Yield the first unknown field of each of these PL/pgSQL functions: the oid, the reason, and the line."""
    rows: Any = run(connection, TRIGGER_FUNCTIONS.format(oids=", ".join(map(str, oids)))).all()
    for oid, source, columns in rows:
        code = without_texts(source)
        for found in FIELD.finditer(code):
            name = unquoted(found[2] if found[2].startswith('"') else found[2].lower())
            if name not in columns:
                line = code.count("\n", 0, found.start()) + 1
                yield oid, f'record "{found[1].lower()}" has no field "{name}"', line
                break
