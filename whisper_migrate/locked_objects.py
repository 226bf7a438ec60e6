"""Reads a catalog around what another session has locked.

To print an expression, PostgreSQL opens the tables that it names, and waits for who has locked one. All else of a
catalog is read without any lock of a user's table. So what is printed over a locked table is left out, and named.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

AROUND = "whisper_migrate reads around locked objects"  # where a connection keeps an `Around`

# Tables that others have locked or wait to lock, what depends on them, and views that read from them.
LOCKED = """
WITH relation AS (
    SELECT DISTINCT l.relation AS oid FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.relation >= 16384
      AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
), dependent AS (
    SELECT d.classid, d.objid AS oid FROM pg_catalog.pg_depend AS d
    JOIN relation ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = relation.oid
)
SELECT oid FROM relation
UNION SELECT oid FROM dependent
UNION SELECT w.ev_class FROM pg_catalog.pg_rewrite AS w
JOIN dependent AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.oid = w.oid"""

# Calls that open tables: the first argument is the object that is printed, or of pg_get_expr() the second its table.
PRINTS = re.compile(
    r"pg_get_(?:expr\(\w+\.\w+, (?P<table>\w+\.\w+)\)"
    r"|(?!userbyid|function_arguments|function_result)\w+\((?P<object>\w+\.\w+)\))"
)


@dataclass(frozen=True)
class Around:
    """What is not to be printed, and the mark that stands in its place; `words` on who has locked it."""

    oids: frozenset[int]
    words: str
    mark: str = field(default_factory=lambda: f"locked_{secrets.token_hex(8)}")

    def query(self, sql: str) -> str:
        """The query of a kind, which prints the mark where it would have to wait."""
        oids = ",".join(map(str, sorted(self.oids)))

        def instead(call: re.Match[str]) -> str:
            locked = f"{call['table'] or call['object']} = ANY ('{{{oids}}}'::pg_catalog.oid[])"
            # In braces, it is a text, and an array of one as well: one of these calls prints such.
            return f"CASE WHEN {locked} THEN '{{{self.mark}}}' ELSE {call[0]} END"

        return PRINTS.sub(instead, sql) if self.oids else sql

    def hides(self, values: Iterable[Any]) -> bool:
        """Whether something of an object was not printed."""
        return any(self.mark in str(value) for value in values)


def around(connection: Connection, words: str) -> Around:
    """What cannot be printed now, in the database behind `connection`."""
    return Around(frozenset(connection.scalars(text(LOCKED))), words)
