"""Rows that may violate a new rule: the condition that finds them, and the word that leaves them to the upgrade."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import QUOTED, in_parentheses, inside, position, shown, split_list
from whisper_migrate.rows.fill import PERIOD, REFERENCE, mentions, without_period

ORDERING = re.compile(r" (?:DESC|NULLS (?:FIRST|LAST)|[\w.]+_ops\b(?:\([^()]*\))?)")

TEMPORAL = re.compile(r"(?:PRIMARY KEY|UNIQUE) \(.* WITHOUT OVERLAPS\)")
UNIQUE = re.compile("PRIMARY KEY|UNIQUE|CREATE UNIQUE")
NULLS = "NULLS NOT DISTINCT"
EXCLUSION = re.compile(r"EXCLUDE USING \w+ \(")


@dataclass(frozen=True)
class Violation:
    """A possible violation: `rule` refuses the rows of `table` where `condition` holds; the query `look` counts them.

    If the rule belongs to a domain, `of` is the table's column that has the domain as its type.
    """

    rule: Object
    table: str
    condition: str
    what: str
    look: str
    of: Object | None = None

    @property
    def name(self) -> str:
        """The word and object that permit it: `set-not-null users.plan`, `add-constraint positive on users`."""
        word = "set-not-null" if self.rule.kind == "column" else f"add-{self.rule.kind.replace('_', '-')}"
        return f"{word} {shown(self.rule.identity)}"

    @property
    def note(self) -> str:
        """The sentence for the person whose tables have rows."""
        return f"{self.what} Look first: {self.look}" if self.look else self.what


def asks_no_row(rule: Object) -> bool:
    """Whether a constraint does not check the rows that exist when it is added."""
    return str(rule["definition"]).endswith((" NOT ENFORCED", " NOT VALID"))


def violation(before: Catalog, rule: Object) -> Violation | None:
    """Return the possible violation of a column that becomes NOT NULL, of a constraint, or of a unique index.

    None if the rule does not check existing rows.
    """
    table = str(rule.parent)
    if rule.kind == "column":
        return _null(table, rule) if rule.key in before else _unfilled(table, rule)
    definition = str(rule["definition"])
    if asks_no_row(rule):
        return None
    if TEMPORAL.search(definition):
        *keys, period = split_list(inside(definition).removesuffix(" WITHOUT OVERLAPS"))
        return _excluded(table, rule, f"({', '.join([*(f'{key} WITH =' for key in keys), f'{period} WITH &&'])})")
    if match := EXCLUSION.match(definition):
        return _excluded(table, rule, definition[match.end() - 1 :])
    if UNIQUE.match(definition):
        return _duplicates(before, table, rule, definition)
    if rule.kind == "constraint" and rule["type"] == "check":
        return _unchecked(table, rule, definition)
    match = REFERENCE.match(definition) if rule.kind == "constraint" else None
    return _orphans(before, table, rule, *match.groups()) if match else None


def is_seldom_broken(before: Catalog, rule: Object) -> bool:
    """Whether generated rows may keep a new rule by chance that the rows of others break.

    They seldom agree in one element of an exclusion constraint and meet in another. Under an older key, they may differ
    in each of its columns, so that they keep a key of some of these columns as well.
    """
    if rule.kind == "column":
        return False
    if rule.kind == "constraint" and rule["type"] == "exclusion":
        return rule.key not in before
    return bool(UNIQUE.match(str(rule["definition"]))) and not _is_implied(before, rule)


def _is_implied(before: Catalog, rule: Object) -> bool:
    """Whether an older key of the table says the same as a unique key, or more."""
    table, definition = str(rule.parent), str(rule["definition"])
    older = [one for kind in ("constraint", "index") for one in before.children(table, kind)]
    if any(_unnamed(one["definition"]) == _unnamed(definition) for one in older):
        return True
    if NULLS in definition:
        older = [one for one in older if NULLS in one["definition"]]
    return any(bool(elements := _elements(one)) and elements <= _listed(definition) for one in older)


def _unnamed(definition: str) -> str:
    """Return a definition without the name of its index."""
    return re.sub(rf"^(CREATE UNIQUE INDEX )(?:{QUOTED}|\S+)( ON )", r"\1\2", definition)


def is_already_unique(
    before: Catalog, rule: Object, retyped: Collection[Key], kept: Collection[Key] | None = None
) -> bool:
    """Whether an older key of the table has only columns of this key, each of them NOT NULL and not `retyped`.

    With `kept`, only these keys and columns count as older ones.
    """
    if not UNIQUE.match(str(rule["definition"])):
        return False
    table = str(rule.parent)
    columns = [column for column in before.children(table, "column") if column.key not in retyped]
    if kept is not None:
        columns = [column for column in columns if column.key in kept]
    keys = {column["name"] for column in columns if column["not_null"]} & _elements(rule)
    older = (*before.children(table, "constraint"), *before.children(table, "index"))
    if kept is not None:
        older = tuple(item for item in older if item.key in kept)
    return any(bool(elements := _elements(item)) and elements <= keys for item in older)


def _elements(rule: Object) -> set[str]:
    """Return the columns and expressions of a unique key or index; none for one that is partial or temporal."""
    definition = str(rule["definition"])
    if not UNIQUE.match(definition) or TEMPORAL.search(definition) or position(" WHERE ", definition) is not None:
        return set()
    return _listed(definition)


def _listed(definition: str) -> set[str]:
    return set(in_parentheses(f"({inside(definition)})")[0])


def domain_violation(rule: Object, column: Object) -> Violation | None:
    """Return the possible violation of a domain's new check in a column of that domain."""
    if asks_no_row(rule):
        return None
    words = re.compile(rf"{QUOTED}|\bVALUE\b")
    body = words.sub(lambda word: column["name"] if word[0] == "VALUE" else word[0], inside(rule["definition"]))
    return replace(_unchecked(str(column.parent), rule, f"CHECK ({body})"), of=column)


def of_domain(catalog: Catalog, domain: str) -> Iterator[Object]:
    """Yield the columns of tables whose type is the domain, or a domain over it."""
    types = {domain}
    while over := {one.identity for one in catalog if one.kind == "domain" and one["type"] in types} - types:
        types |= over
    return (c for c in catalog if c.kind == "column" and c["type"] in types and ("table", str(c.parent)) in catalog)


def concerns(found: Violation, column: Object) -> bool:
    """Whether a violation depends on the values of a column of its table."""
    if found.of or found.rule.kind == "column":
        return (found.of or found.rule).key == column.key
    return column.parent == found.table and mentions(inside(found.rule["definition"]), column["name"])


def _null(table: str, column: Object) -> Violation:
    condition = f"{column['name']} IS NULL"
    return Violation(
        column,
        table,
        condition,
        f"{shown(column.identity)}: the upgrade fails where it is NULL.",
        f"SELECT count(*) FROM {shown(table)} WHERE {condition}",
    )


def _unfilled(table: str, column: Object) -> Violation:
    cause = "its backfill leaves it NULL or a trigger adds a row without it"
    what = f"{shown(column.identity)} is new, and the upgrade fails where {cause}."
    return Violation(column, table, f"{column['name']} IS NULL", what, "")


def _duplicates(before: Catalog, table: str, rule: Object, definition: str) -> Violation:
    keys = ORDERING.sub("", inside(definition))
    condition = position(" WHERE ", definition)
    where = "" if condition is None else definition[condition + len(" WHERE ") :]
    nullable = [c for c in before.children(table, "column") if not c["not_null"] and mentions(keys, c["name"])]
    if nullable and NULLS not in definition:
        where = f"{where} AND ({keys}) IS NOT NULL" if where else f"({keys}) IS NOT NULL"
    clause = f" WHERE {where}" if where else ""
    # Partitions have rows of equal ctid, and one may be the first of its key.
    rows = f"SELECT tableoid, ctid, row_number() OVER (PARTITION BY {keys}) AS number FROM {table}{clause}"
    repeated = f"(tableoid, ctid) IN (SELECT one.tableoid, one.ctid FROM ({rows}) AS one WHERE one.number > 1)"
    return Violation(
        rule,
        table,
        repeated,
        f"{shown(table)}: the upgrade fails where two rows have the same {keys}.",
        f"SELECT {keys}, count(*) FROM {shown(table)}{clause} GROUP BY {keys} HAVING count(*) > 1",
    )


def _unchecked(table: str, rule: Object, definition: str) -> Violation:
    condition = f"NOT ({inside(definition)})"
    return Violation(
        rule,
        table,
        condition,
        f"{shown(table)}: the upgrade fails where a row does not keep {rule['name']}.",
        f"SELECT count(*) FROM {shown(table)} WHERE {condition}",
    )


def _orphans(before: Catalog, table: str, rule: Object, columns: str, parent: str, keys: str) -> Violation:
    if PERIOD.search(columns):
        return _uncovered(table, rule, columns, parent, keys)
    names = split_list(columns)
    left = columns if len(names) == 1 else f"({columns})"
    set_ = " AND ".join([f"{name} IS NOT NULL" for name in names])
    # A NULL in the other table would make NOT IN unknown for each row.
    nullable = {column["name"] for column in before.children(parent, "column") if not column["not_null"]}
    given = " AND ".join(f"{key} IS NOT NULL" for key in split_list(keys) if key in nullable)
    condition = f"{set_} AND {left} NOT IN (SELECT {keys} FROM {parent}{f' WHERE {given}' if given else ''})"
    if " MATCH FULL" in rule["definition"] and len(names) > 1:
        condition = f"({left} IS NOT NULL) <> NOT ({left} IS NULL) OR {condition}"
    return Violation(
        rule,
        table,
        condition,
        f"{shown(table)}: the upgrade fails where {columns} is not to be found in {shown(parent)}.",
        f"SELECT count(*) FROM {shown(table)} WHERE {shown(condition)}",
    )


def _uncovered(table: str, rule: Object, columns: str, parent: str, keys: str) -> Violation:
    """Return the violation of a foreign key with a PERIOD: rows of the other table must together cover the period."""
    *names, period = without_period(columns)
    *others, other = without_period(keys)
    same = " AND ".join(f"other.{key} = {table}.{name}" for name, key in zip(names, others, strict=True))
    covered = f"SELECT range_agg(other.{other}) FROM {parent} AS other WHERE {same}"
    set_ = " AND ".join(f"{name} IS NOT NULL" for name in (*names, period))
    condition = f"{set_} AND NOT coalesce({table}.{period} <@ ({covered}), false)"
    return Violation(
        rule,
        table,
        condition,
        f"{shown(table)}: the upgrade fails where {period} is not covered by {shown(parent)} for {', '.join(names)}.",
        f"SELECT count(*) FROM {shown(table)} WHERE {shown(condition)}",
    )


def _excluded(table: str, rule: Object, rest: str) -> Violation:
    """Return the violation of an exclusion constraint or temporal key.

    `rest` is the definition after the access method: `(room WITH =, during WITH &&) WHERE (open)`.
    """
    elements, end = in_parentheses(rest)
    tail = rest[end:].removeprefix(" WHERE ")
    where = tail[: position(" DEFERRABLE", tail)] if tail != rest[end:] else ""
    parts = [ORDERING.sub("", element).rpartition(" WITH ") for element in elements]
    keys = ", ".join(f"{key} AS k{number}" for number, (key, _, _) in enumerate(parts))
    rows = f"(SELECT tableoid, ctid, {keys} FROM {table}{f' WHERE {where}' if where else ''})"
    meet = " AND ".join(f"one.k{number} {operator} other.k{number}" for number, (_, _, operator) in enumerate(parts))
    pairs = f"{rows} AS one JOIN {rows} AS other ON one.tableoid = other.tableoid AND one.ctid > other.ctid AND {meet}"
    return Violation(
        rule,
        table,
        f"(tableoid, ctid) IN (SELECT one.tableoid, one.ctid FROM {pairs})",
        f"{shown(table)}: the upgrade fails where two rows do not keep {rule['name']}.",
        f"SELECT count(*) FROM {shown(pairs)}",
    )
