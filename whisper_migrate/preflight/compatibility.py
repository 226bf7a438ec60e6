"""Find changes that break a program written for the schema before: names that go, and values that it must give."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from whisper_migrate.catalog.model import Catalog, Change, Object, diff
from whisper_migrate.catalog.names import in_parentheses, inside, shown
from whisper_migrate.objects import RELATIONS
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.rules import NAME_GONE, UNINDEXED_REFERENCE, VALUE_REQUIRED

READ_BY_PROGRAMS = RELATIONS | {"function", "column"}


def compatibility(
    revision: str, changes: Iterable[Change], before: Catalog, after: Catalog, existing: Collection[str]
) -> Iterator[Finding]:
    """Yield the findings about a revision's changes of the tables `existing` when the run begins."""
    changes = list(changes)
    gone = {change.object.key for change in changes if change.sign == "-"}
    for change in changes:
        item = change.object
        of_table = str(item.parent or item.identity)
        if item.derived or (item.kind in ("table", "column", "constraint") and of_table not in existing):
            continue
        if change.sign == "-" and item.kind in READ_BY_PROGRAMS and ("table", str(item.parent)) not in gone:
            if item.kind != "column" or ("table", str(item.parent)) in before:
                kind = item.kind.replace("_", " ")
                what = f"removes or renames {kind} {shown(item.identity)}; a running program that uses it fails"
                yield Finding(NAME_GONE, revision, what, of_table)
        elif item.kind == "column" and _must_be_given(item) and not (change.before and _must_be_given(change.before)):
            what = f"{shown(item.identity)} must be given from now on; a running program that does not know it fails"
            # Rows without NULL in an existing column are a sign that programs give it already.
            yield Finding(VALUE_REQUIRED, revision, what, of_table, decide=change.before is None)
        elif change.sign == "+" and item.kind == "constraint" and item["type"] == "foreign key":
            columns = inside(item["definition"])
            if not _is_indexed(after, of_table, columns):
                what = f"foreign key {shown(item.identity)} has no index on {shown(columns)}: deletes of the other"
                yield Finding(UNINDEXED_REFERENCE, revision, f"{what} table read all of this one", of_table)


def of_draft(catalogs: tuple[Catalog, Catalog] | None) -> list[str]:
    """Return notes on what a new revision breaks, such as `WM301 name-gone: removes ...`, for its author.

    `catalogs` are those before the revision and after it; None if no revision is needed.
    """
    if catalogs is None:
        return []
    before, after = catalogs
    tables = {identity for kind, identity in before.objects if kind == "table"}
    found = compatibility("", diff(before, after), before, after, tables)
    return [f"{finding.rule}: {finding.what}." for finding in found]


def _must_be_given(column: Object) -> bool:
    """Whether an INSERT without this column fails."""
    has_value = column["default"] or column["identity_kind"] or column["generated"]
    return bool(column["not_null"] and not has_value and not column["of_view"])


def _is_indexed(catalog: Catalog, table: str, columns: str) -> bool:
    """Whether an index begins with the columns, in any order."""
    wanted = set(in_parentheses(f"({columns})")[0])
    for item in catalog.children(table):
        if item.kind == "index" or (item.kind == "constraint" and item["type"] in ("primary key", "unique")):
            first = in_parentheses(f"({inside(item['definition'])})")[0][: len(wanted)]
            if {one.split(" ")[0] for one in first} == wanted:
                return True
    return False
