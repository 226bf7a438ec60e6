"""An UPDATE with a comment that asks for batches: PostgreSQL runs it as it stands, and a run may run it in parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from whisper_migrate.catalog.names import unquoted
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.transaction_control import SPACE, top_level_words

MARK = "/* in batches */"
MARKED = re.compile(rf"\s*{re.escape(MARK)}")
NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
HEAD = re.compile(
    rf"\s*UPDATE\s+(?P<only>ONLY\s+)?(?P<table>(?:{NAME}\s*\.\s*)?(?P<last>{NAME}))"
    rf"(?:\s+(?:AS\s+)?(?!SET\b)(?P<alias>{NAME}))?\s+SET\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class KeyColumn:
    """A column of a primary key: its name as SQL has it, and its type."""

    name: str
    type: str


@dataclass(frozen=True)
class BatchedUpdate:
    """The parts of a marked UPDATE: its table, the SQL before its WHERE, and its condition.

    `source` is the table as a FROM clause names it, `named` its name or alias.
    """

    table: str
    source: str
    named: str
    before: str
    condition: str

    @classmethod
    def parse(cls, sql: str) -> BatchedUpdate | None:
        """Return the parts of `sql`; None unless it is one UPDATE that returns no rows."""
        body = sql[found.end() :] if (found := MARKED.match(sql)) else sql
        body = body.rstrip().removesuffix(";")
        head = HEAD.match(body)
        words = {word.upper(): place for word, place in reversed(list(top_level_words(body)))}
        if not head or ";" in words or "RETURNING" in words:
            return None
        where = words.get("WHERE", len(body))
        condition = body[where + len("WHERE") :].strip()
        if re.match(rf"CURRENT{SPACE}OF\b", condition, re.IGNORECASE):
            return None
        table, alias = head["table"], head["alias"]
        source = f"{table} AS {alias}" if alias else table
        return cls(table, source, alias or head["last"], body[:where].strip(), condition)

    def may_set(self, column: KeyColumn) -> bool:
        """Whether the UPDATE may change a column: a row that moves in the order of the key would be met again."""
        name = rf'"?{re.escape(unquoted(column.name))}"?'
        return re.search(rf'(?<![\w$."]){name}(?:\s*,[^()]*\)|\s*\))?\s*=', self.before, re.IGNORECASE) is not None

    def between(self, key: Sequence[KeyColumn], after: Sequence[str] | None, upto: Sequence[str] | None) -> str:
        """Return the UPDATE of the rows behind the key `after`, up to the key `upto`; None is no limit."""
        conditions = [f"({self.condition}\n)"] if self.condition else []
        conditions += [compared(key, ">", after, self.named)] if after is not None else []
        conditions += [compared(key, "<=", upto, self.named)] if upto is not None else []
        return f"{self.before}\nWHERE {' AND '.join(conditions or ['true'])}"


def is_marked(sql: str) -> bool:
    """Whether a statement asks for batches."""
    return MARKED.match(sql) is not None


def compared(key: Sequence[KeyColumn], operator: str, values: Sequence[str], table: str) -> str:
    """Return the condition that compares a key with `values`, in a form for which PostgreSQL can use its index."""
    columns = ", ".join(f"{table}.{column.name}" for column in key)
    bounds = ", ".join(f"{literal(value)}::{column.type}" for value, column in zip(values, key, strict=True))
    return f"({columns}) {operator} ({bounds})"
