"""Whether a column type can hold every value of another type."""

from __future__ import annotations

import re

from whisper_migrate.catalog.casts import JSONS, TEXTS
from whisper_migrate.catalog.model import Catalog

# Decimal digits of the largest value.
DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
# Characters of the longest value, printed as text.
LENGTHS = {
    **{name: digits + 1 for name, digits in DIGITS.items()},
    "uuid": 36,
    "macaddr": 17,
    "macaddr8": 23,
    "name": 63,
    '"char"': 4,
    "oid": 10,
}
WIDER = frozenset(
    (old, new)
    for chain in (
        ("smallint", "integer", "bigint", "numeric"),
        ("smallint", "real", "double precision"),
        ("integer", "double precision"),
        ("oid", "bigint"),
        ("date", "timestamp without time zone"),
        ("date", "timestamp with time zone"),
        ("time without time zone", "interval"),
        ("boolean", "smallint", "integer", "bigint", "numeric"),
        ("cidr", "inet"),
        ("macaddr", "macaddr8"),
        ("jsonb", "json", "text"),
    )
    for number, old in enumerate(chain)
    for new in chain[number + 1 :]
)
BOOLEAN = {"true", "false"}
PRECISE = re.compile(r"(timestamp|time|interval)(?:\((\d)\))?(.*)")


def holds_all(old: str, new: str, before: Catalog, after: Catalog) -> bool:
    """Whether every value of type `old` in the catalog `before` is a value of type `new` in the catalog `after`."""
    if old == new or new in ("text", "character varying") or new == f"{old}[]":
        return True
    if new in JSONS and old not in JSONS | TEXTS:  # to_json writes a value without a JSON form as its text
        return True
    if old.endswith("[]") and new.endswith("[]"):
        return holds_all(old[:-2], new[:-2], before, after)
    if ("domain", old) in before:
        return holds_all(before["domain", old]["type"], new, before, after)
    if labels := _labels(old, before):
        others = _labels(new, after)
        return set(labels) <= set(others) if others else max(map(len, labels)) <= _room(new)
    if old == "boolean":
        return set(_labels(new, after)) >= BOOLEAN or (old, new) in WIDER or _sizes(new)[0] in TEXTS
    longest = _longest(old)
    return (old, new) in WIDER or _is_longer(old, new) or (longest is not None and longest <= _room(new))


def _labels(type_: str, catalog: Catalog) -> list[str]:
    return list(catalog["enum", type_]["labels"]) if ("enum", type_) in catalog else []


def _room(type_: str) -> int:
    """Return how many characters a text type holds; -1 for any other type."""
    head, sizes = _sizes(type_)
    return sizes[0] if head == "character varying" and sizes else -1


def _longest(type_: str) -> int | None:
    """Return how many characters the longest value of a type has when printed as text; None if unknown."""
    head, sizes = _sizes(type_)
    if head == "numeric" and len(sizes) == 2 and 0 <= sizes[1] <= sizes[0]:
        return max(sizes[0] + 3, len("NaN"))  # a sign, a point, and a zero before it
    if head in ("bit", "bit varying") and sizes:
        return sizes[0]
    return LENGTHS.get(type_)


def _is_longer(old: str, new: str) -> bool:
    """Whether `new` is `old` with more room: `varchar(50)` to `varchar(80)`, `numeric(8,2)` to `numeric(10,3)`."""
    (head, sizes), (new_head, new_sizes) = _sizes(old), _sizes(new)
    if new_head == "numeric" and len(new_sizes) == 2 and head in DIGITS:
        return new_sizes[0] - new_sizes[1] >= DIGITS[head]
    if (head, new_head) in (("character", "character varying"), ("bit", "bit varying")):
        return not new_sizes or new_sizes >= sizes
    precise, then = PRECISE.fullmatch(old), PRECISE.fullmatch(new)
    if precise and then and (precise[1], precise[3]) == (then[1], then[3]):
        return int(precise[2] or 6) <= int(then[2] or 6)
    if head != new_head:
        return False
    if not new_sizes:
        return head in ("character varying", "numeric", "bit varying")
    if head == "numeric" and len(sizes) == len(new_sizes) == 2:
        return new_sizes[1] >= sizes[1] and new_sizes[0] - new_sizes[1] >= sizes[0] - sizes[1]
    return head in ("character varying", "character", "bit varying") and bool(sizes) and new_sizes >= sizes


def _sizes(type_: str) -> tuple[str, list[int]]:
    """Split a type into its name and modifiers: `numeric(8,2)` -> ("numeric", [8, 2])."""
    match = re.fullmatch(r"(.+)\(([\d,]+)\)", type_)
    return (match[1], [int(number) for number in match[2].split(",")]) if match else (type_, [])
