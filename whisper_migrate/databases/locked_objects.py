"""Read a catalog without waiting for tables that another session has locked.

To print an expression, PostgreSQL opens the tables that it names, and waits if another session has locked one. The rest
of a catalog is read without a lock on any user table. Expressions over a locked table are therefore not printed, and
their objects are reported.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

AROUND = "whisper_migrate reads around locked objects"  # where a connection keeps an `Around`

# Tables that others have locked or wait to lock, their dependents, and views that read from them.
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

# Function calls that open tables. The first argument is the printed object; for pg_get_expr(), the second is its table.
PRINTS = re.compile(
    r"pg_get_(?:expr\(\w+\.\w+, (?P<table>\w+\.\w+)\)"
    r"|(?!userbyid|function_arguments|function_result)\w+\((?P<object>\w+\.\w+)\))"
)


@dataclass(frozen=True)
class Around:
    """The objects that must not be printed, and the `mark` to read in their place; `words` name who locked them."""

    oids: frozenset[int]
    words: str
    mark: str = field(default_factory=lambda: f"locked_{secrets.token_hex(8)}")

    def query(self, sql: str) -> str:
        """Return a kind's query that yields the mark where PostgreSQL would have to wait."""
        oids = ",".join(map(str, sorted(self.oids)))

        def instead(call: re.Match[str]) -> str:
            locked = f"{call['table'] or call['object']} = ANY ('{{{oids}}}'::pg_catalog.oid[])"
            # In braces, the mark is valid as a text and as an array, which one of these calls returns.
            return f"CASE WHEN {locked} THEN '{{{self.mark}}}' ELSE {call[0]} END"

        return PRINTS.sub(instead, sql) if self.oids else sql

    def hides(self, values: Iterable[Any]) -> bool:
        """Whether an object's values contain the mark."""
        return any(self.mark in str(value) for value in values)


def around(connection: Connection, words: str) -> Around:
    """Return the objects that cannot be printed now in the database behind `connection`."""
    return Around(frozenset(connection.scalars(text(LOCKED))), words)
