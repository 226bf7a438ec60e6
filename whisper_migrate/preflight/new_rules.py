"""Find the rules of a revision that the rows of existing tables may break: new, changed and validated ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.planning.inheritance import parents
from whisper_migrate.rows.violations import (
    Violation,
    asks_no_row,
    domain_violation,
    is_already_unique,
    of_domain,
    violation,
)
from whisper_migrate.running.rehearsal import RehearsedStep

# Rules that the rows of tables keep, by an id that survives a rename of the rule, the table or the column.
KEPT = """
SELECT con.oid::text AS id, 'constraint' AS kind, quote_ident(con.conname) || ' on '
       || format('%I.%I', n.nspname, c.relname) AS identity
FROM pg_catalog.pg_constraint AS con JOIN pg_catalog.pg_class AS c ON c.oid = con.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE con.convalidated AND con.contype <> 'n' AND c.oid >= 16384
UNION ALL
SELECT 'i' || i.indexrelid, 'index', format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indisvalid AND c.oid >= 16384
UNION ALL
SELECT 'n' || a.attrelid || '.' || a.attnum, 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname)
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND c.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS con
                  WHERE con.conrelid = a.attrelid AND con.contype = 'n' AND con.conkey = ARRAY[a.attnum]
                    AND NOT con.convalidated)"""


def kept(connection: Connection) -> dict[str, Key]:
    """Return the rules that the rows of a shadow's tables keep, by an id that survives renames."""
    found = {row.id: (row.kind, row.identity) for row in connection.execute(text(KEPT))}
    connection.commit()
    return found


def new_rules(step: RehearsedStep, old: Collection[Key]) -> Iterator[Violation]:
    """Yield the possible violations of the rules that a revision adds. `old` rules are only renamed by it.

    A partition's rules are asked at the partitioned table.
    """
    retyped = {
        change.object.key
        for change in step.changes
        if change.before
        and change.after
        and change.object.kind == "column"
        and change.before["type"] != change.after["type"]
    }
    for change in (*step.changes, *_made_again(step, old)):
        if change.after is None or (change.before is None and change.object.key in old):
            continue
        for found in _of(change, step.before, step.after):
            table = step.after.objects.get(("table", found.table))
            is_part = table is not None and table["partition_bound"] is not None
            is_of_partition = is_part and _is_inherited(change.object, step.after)
            is_unique = found.rule.kind != "column" and is_already_unique(step.after, found.rule, retyped, old)
            if not is_of_partition and not is_unique:
                yield found


def _made_again(step: RehearsedStep, old: Collection[Key]) -> Iterator[Change]:
    """Yield rules that look as before, but belong to another column, or are other ones of the same name."""
    for item in step.after:
        is_rule = item.kind in ("constraint", "index") or (item.kind == "column" and _is_filled(item))
        is_own = not item.derived and item.called is None and not item.attributes.get("invalid")
        if is_rule and is_own and item.key not in old and step.before.objects.get(item.key) == item:
            yield Change(None, item)


def _of(change: Change, before: Catalog, after: Catalog) -> Iterator[Violation]:
    old, new = change.before, change.after
    assert new is not None
    found: list[Violation | None] = []
    if new.kind == "column" and _is_filled(new) and not (old and _is_filled(old)):
        found = [violation(before, new)] if ("table", str(new.parent)) in after else []
    elif new.kind == "domain" and old and new["not_null"] and not old["not_null"]:
        found = [violation(before, column) for column in of_domain(before, new.identity)]
    elif new.kind == "domain_constraint" and _comes(old, new):
        found = [domain_violation(new, column) for column in of_domain(before, str(new.parent))]
    elif new.kind in ("constraint", "index") and _comes(old, new):
        found = [violation(after, new)]
    if new.kind == "column" and old is None:
        found += _of_its_domain(new, before, after)
    yield from (one for one in found if one)


def _of_its_domain(column: Object, before: Catalog, after: Catalog) -> Iterator[Violation | None]:
    """Yield the possible violations of a new column's domain, and of the domains that it is made of."""
    while domain := after.objects.get(("domain", str(column["type"]))):
        yield from (domain_violation(rule, column) for rule in after.children(domain.identity, "domain_constraint"))
        if domain["not_null"] and not _is_filled(column):
            yield violation(before, column)
        column = column.but(type=domain["type"])


def _is_inherited(item: Object, catalog: Catalog) -> bool:
    """Whether a rule is its parent table's, too. NOT NULL may be a partition's own."""
    if item.kind != "column":
        return item.derived
    return any(_is_filled(parent) for parent in parents(catalog, item))


def _is_filled(column: Object) -> bool:
    """Whether no row has NULL in the column. PostgreSQL 18 may add NOT NULL as NOT VALID."""
    return bool(column["not_null"]) and not str(column["not_null_state"] or "").endswith("NOT VALID")


def _comes(old: Object | None, new: Object) -> bool:
    """Whether a rule is added, changed, or validated."""
    return old is None or asks_no_row(old) or old["definition"] != new["definition"]
