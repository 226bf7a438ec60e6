"""Find the expressions that a revision computes for each row: stored generated columns, and keys of indexes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from whisper_migrate.catalog.model import Change, Object
from whisper_migrate.catalog.names import inside, position
from whisper_migrate.rows.violations import ORDERING, UNIQUE

NEVER = "pg_column_size(ROW({})) < 0"  # computes the expressions, and holds for no row


def computed(changes: Iterable[Change]) -> Iterator[tuple[Object, str]]:
    """Yield each object that is computed for the rows which are there, and a condition that computes it alike.

    A unique index is not among them: the question for its duplicates computes it, too.
    """
    for change in changes:
        old, new = change.before, change.after
        if new is None or new.derived:
            continue
        if new.kind == "column" and new["generated_kind"] == "STORED":
            if old is None or (old["generated"], old["type"]) != (new["generated"], new["type"]):
                yield new, NEVER.format(f"({new['generated']})::{new['type']}")
        elif new.kind == "index" and (old is None or old["definition"] != new["definition"]):
            definition = str(new["definition"])
            if not UNIQUE.match(definition):
                place = position(" WHERE ", definition)
                keys = ORDERING.sub("", inside(definition))
                where = "true" if place is None else definition[place + len(" WHERE ") :]
                if "(" in keys or place is not None:
                    yield new, f"CASE WHEN {where} THEN {NEVER.format(keys)} ELSE false END"
