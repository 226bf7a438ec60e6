"""Values that a function computed before its body changes, and that PostgreSQL keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.names import shown


def computed_before(changes: Sequence[Change], after: Catalog) -> Iterator[str]:
    """Yield a note for each object that keeps values of a function that `changes` give another body.

    PostgreSQL computes an index, a STORED column and a materialized view once, and tests a constraint's rows once.
    """
    functions = {change.object.key for change in changes if change.before and change.after} - {
        change.object.key for change in changes if change.object.kind != "function"
    }
    anew = {change.object.key for change in changes}
    for key, needed in after.requires.items() if functions else ():
        for function in sorted(functions & needed):
            if key not in anew and (words := _keeps(after[key], needed)):
                yield f"Function {shown(function[1])} changes, and {words}."


def _keeps(item: Object, needed: frozenset[Key]) -> str:
    """Return what the object keeps and how to compute it again; "" for an object that keeps nothing.

    PostgreSQL computes a STORED column again where a column of its expression is set, also to the same value.
    """
    name, table = shown(item.identity), shown(str(item.parent))
    if item.kind == "index":
        return f"index {name} keeps the values that the old one returned. After it: REINDEX INDEX {name}"
    if item.kind == "materialized_view":
        return f"materialized view {name} keeps its rows. After it: REFRESH MATERIALIZED VIEW {name}"
    if item.kind == "column" and item["generated_kind"] == "STORED":
        base = min((key[1].rpartition(".")[2] for key in needed if key[0] == "column"), default="COLUMN")
        return f"column {name} keeps the values that the old one returned. After it: UPDATE {table} SET {base} = {base}"
    if item.kind in ("constraint", "domain_constraint"):
        return f"{item.kind.replace('_', ' ')} {name} is not tested again on the rows that are there"
    return ""
