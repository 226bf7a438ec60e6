"""Keep the numbers going when a serial column becomes an identity column, or back: no number is given twice.

After rows were deleted, a sequence is ahead of all values in its column. A temporary extra sequence keeps its position
from before the old numbering is dropped until the new one exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from whisper_migrate.catalog.casts import INTEGERS
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.sql import literal, sibling
from whisper_migrate.objects import TABLES
from whisper_migrate.planning.steps import Step

LEAST, MOST = -(2**63), 2**63 - 1
SHAPE = ("INCREMENT BY", "CACHE", "CYCLE")  # MINVALUE and MAXVALUE follow the type; START does not matter any more
USUAL = ("INCREMENT BY 1", "CACHE 1")


def continued(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """Return the steps of a plan, with steps that carry each numbering's position over to its successor."""
    found = list(steps)
    for column in (item for item in after if item.kind == "column" and item.key in before):
        old, new = _numbering(before, before[column.key]), _numbering(after, column)
        if old and new and (old.kind, new.kind) in (("sequence", "column"), ("column", "sequence")):
            place = next((n for n, step in enumerate(found) if _ends(step, old)), None)
            if place is not None:
                found.insert(place, Step("prepare", column, column, tuple(_kept(column, old, new))))
                found.append(Step("finish", column, column, tuple(_carried(column, new))))
    return found


def numbered(catalog: Catalog, sequence: Object) -> list[Object]:
    """Return the integer columns that a sequence numbers: its owner, and the columns whose default calls it."""
    default = f"nextval({literal(sequence.identity)}::regclass)"
    columns = (item for item in catalog if item.kind == "column" and item["type"] in INTEGERS and not item["of_view"])
    return [one for one in columns if one.identity == sequence["owned_by"] or one["default"] == default]


def with_values(catalog: Catalog, columns: Sequence[Object]) -> list[Object]:
    """Return the columns with those foreign tables left out that hold nothing: their wrapper has no handler.

    PostgreSQL refuses to read such a table, and each table above it. A column of a table above is replaced by those
    of its readable tables, each read with ONLY.
    """
    found: list[Object] = []
    for column in columns:
        tables = [str(column.parent), *_children(catalog, str(column.parent))]
        readable = [table for table in tables if not _has_no_handler(catalog, table)]
        if len(readable) == len(tables):
            found.append(column)
        else:
            found += [replace(column, parent=f"ONLY {table}") for table in readable]
    return found


def _children(catalog: Catalog, table: str) -> Iterator[str]:
    for item in catalog:
        if item.kind in TABLES and table in (item["parents"] or ()):
            yield item.identity
            yield from _children(catalog, item.identity)


def _has_no_handler(catalog: Catalog, table: str) -> bool:
    """Whether a table is a foreign table whose wrapper can neither read nor write. An extension's wrapper can."""
    foreign = catalog.objects.get(("foreign_table", table))
    server = foreign and catalog.objects.get(("foreign_server", foreign["server"]))
    wrapper = server and catalog.objects.get(("foreign_data_wrapper", server["wrapper"]))
    return bool(wrapper and not wrapper["handler"])


def options(numbering: Object) -> list[str]:
    """Return the options of a sequence or an identity column: `INCREMENT BY 1`, `MINVALUE 1`, `NO CYCLE` ..."""
    if numbering.kind == "column":
        return list(numbering["identity_options"])
    return [
        f"INCREMENT BY {numbering['increment']}",
        f"MINVALUE {numbering['minimum']}",
        f"MAXVALUE {numbering['maximum']}",
        f"START WITH {numbering['start']}",
        f"CACHE {numbering['cache']}",
        "CYCLE" if numbering["cycle"] else "NO CYCLE",
    ]


def lost_options(sequence: Object, identity: Object) -> str:
    """Return the options of a sequence that the identity replacing it does not have: `INCREMENT BY 10, CACHE 20`."""
    kept = [*USUAL, *options(identity)]
    return ", ".join(one for one in options(sequence) if one.startswith(SHAPE) and one not in kept)


def _numbering(catalog: Catalog, column: Object) -> Object | None:
    """Return the column itself if it is an identity, else the sequence that it owns and that its default calls."""
    if column["identity_sequence"]:
        return column
    owned = (item for item in catalog if item.kind == "sequence" and item["owned_by"] == column.identity)
    return next((item for item in owned if literal(item.identity) in (column["default"] or "")), None)


def _ends(step: Step, old: Object) -> bool:
    if old.kind == "sequence":
        return step.verb == "drop" and step.item.key == old.key
    return step.item.key == old.key and any(statement.endswith(" DROP IDENTITY") for statement in step.statements)


def _kept(column: Object, old: Object, new: Object) -> Iterator[str]:
    """Yield the statements that create the extra sequence and copy the old sequence's position to it.

    The position is the last number given, or a next number that `setval` or RESTART chose. An unused sequence is not
    copied.
    """
    kept, given = _place(column), "last_value"
    source = old["identity_sequence"] if old.kind == "column" else old.identity
    start = _value(old, "START WITH")
    if _is_downwards(old) != _is_downwards(new):
        given = start
    turn = -1 if _is_downwards(new) else 1
    yield f"CREATE SEQUENCE {kept} INCREMENT BY {turn} MINVALUE {LEAST} MAXVALUE {MOST}"
    used = f"is_called OR last_value <> {start}"
    yield f"SELECT setval({literal(kept)}, {given}, is_called) FROM {source} WHERE {used}"


def _carried(column: Object, new: Object) -> Iterator[str]:
    kept, sign = _place(column), "<=" if _is_downwards(new) else ">="
    target = new["identity_sequence"] if new.kind == "column" else new.identity
    bounds = f"kept.last_value BETWEEN {_value(new, 'MINVALUE')} AND {_value(new, 'MAXVALUE')}"
    ahead = f"NOT EXISTS (SELECT FROM {column.parent} WHERE {column['name']} {sign} kept.last_value)"
    yield f"SELECT setval({literal(target)}, last_value, is_called) FROM {kept} AS kept WHERE {bounds} AND {ahead}"
    yield f"DROP SEQUENCE {kept}"


def _place(column: Object) -> str:
    return sibling(str(column.parent), f"numbers_{hashlib.sha256(column.identity.encode()).hexdigest()[:12]}")


def _value(numbering: Object, option: str) -> str:
    return next(one.removeprefix(f"{option} ") for one in options(numbering) if one.startswith(f"{option} "))


def _is_downwards(numbering: Object) -> bool:
    return _value(numbering, "INCREMENT BY").startswith("-")
