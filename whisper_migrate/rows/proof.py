"""Prove a revision on rows: whether it runs on tables with rows, and what it changes in them, up and down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DataError, DBAPIError

from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.names import joined, plain_name, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.objects import KINDS, TYPES
from whisper_migrate.planning.renames import Renamed
from whisper_migrate.project.project import Project
from whisper_migrate.rows.any_row import FailsOnAnyRow, require_values
from whisper_migrate.rows.compare import changed_up, changed_up_and_down, read, read_again
from whisper_migrate.rows.each_row import require_some_row
from whisper_migrate.rows.failures import Obstacles, Refused
from whisper_migrate.rows.fill import fill, mentions, root
from whisper_migrate.rows.new_names import Filled
from whisper_migrate.rows.not_run import count_calls, not_run
from whisper_migrate.rows.triggers import Broken, broken, reached
from whisper_migrate.rows.violations import Violation, asks_no_row, concerns, is_seldom_broken
from whisper_migrate.wording.sign_of_life import doing

# The attempts at an upgrade: each may fail for another reason.
ROUNDS = 30
FILES = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), pg_relation_filenode(c.oid)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384"""


@dataclass
class Tried:
    """The result of a proof on rows.

    `notes`: effects of the revision on rows. `violations`: new rules that rows may violate. `broken`: functions that
    fail, by a mistake in them, when a row is written after the upgrade.
    """

    notes: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


@doing("trying it on rows")
def prove_rows(
    made: Shadows,
    shadow: URL,
    history: History,
    revision: str,
    before: Catalog,
    after: Catalog,
    *,
    by_name: bool = False,
    rules: Collection[Violation] = (),
    renamed: Renamed | None = None,
) -> Tried:
    """Run a revision up and down on tables with generated rows; report where it fails and which values it changes.

    `shadow` is at `after` and has no connections; its contents are lost. The tables are those that differ between the
    catalogs, and with `by_name` also those whose names the revision's file contains. `rules` are the rules that the
    revision adds. Each rule that the rows violate is reported, even if the upgrade fails on another one first. They use
    the new names of what the revision first renames, as `renamed` says.

    Raises Refused or FailsOnAnyRow if the revision fails on every table with rows. For any other failure, the result
    has a note.
    """
    source = history.source(revision) if by_name else ""
    tables = {root(before, table) for table in touched(before, after, source)}
    written = reached(before, after)
    if not tables and not written:
        return Tried()
    tables |= {root(before, table) for table in written if ("table", table) in before}
    if not tables:  # every table is new, so there is no earlier state to upgrade
        with connected(shadow) as connection:
            count_calls(connection)
            failing = broken(connection, history.project, after, written)
            return Tried(not_run(connection, before, after), broken=failing)
    try:
        with connected(shadow) as connection:
            history.step(connection, revision, "downgrade")
            connection.commit()
        filled = Filled(shadow, before, tables, renamed or Renamed(before))
        with filled.renaming() as connection:
            history.project.prepare(connection)
            notes = fill(connection, filled.renamed.catalog, filled.new_names, after)
            untried = _retyped_rules(filled.renamed.catalog, after, rules)
            seldom = {rule.name for rule in rules if is_seldom_broken(filled.renamed.catalog, rule.rule)}
            unkept = [
                rule
                for rule in rules
                if _is_unasked(before, rule)
                or _is_broken(connection, rule, untried=rule.name in untried, unlikely=rule.name in seldom)
            ]
        obstacles = Obstacles(filled.renamed.catalog, after, filled.new_names, notes)
        tried = _tried(made, filled, history, revision, obstacles, written)
        met = {violation.name for violation in tried.violations}
        unmet = [rule for rule in unkept if rule.name not in met]
        return Tried([*tried.notes, *(rule.note for rule in unmet)], [*tried.violations, *unmet], tried.broken)
    except (Refused, FailsOnAnyRow):
        raise
    except (Failure, DBAPIError) as error:
        return Tried([f"The revision was not tried on rows: {reason(error)}."])


def _is_unasked(before: Catalog, rule: Violation) -> bool:
    """Whether a rule exists as NOT VALID: generated rows satisfy it, as new rows do, but old rows may not."""
    return rule.rule.kind != "column" and rule.rule.key in before and asks_no_row(before[rule.rule.key])


def touched(before: Catalog, after: Catalog, source: str = "") -> set[str]:
    """Return the tables whose rows a revision may change, or fail on."""
    found = {item.identity for item in before if item.kind == "table" and mentions(source, plain_name(item))}
    types = set()
    for change in diff(before, after):
        item = change.object
        if KINDS[item.kind].concerns_rows:
            found.add(item.identity if item.kind == "table" else str(item.parent))
        elif item.kind in TYPES or item.kind == "domain_constraint":
            types.add(item.parent or item.identity)
    for column in (item for item in before if item.kind == "column" and types):
        if column["type"].removesuffix("[]") in types:
            found.add(str(column.parent))
    return {table for table in found if ("table", table) in before}


def _tried(
    made: Shadows, filled: Filled, history: History, revision: str, obstacles: Obstacles, written: Collection[str]
) -> Tried:
    """Run the upgrade and downgrade on copies of `filled`.

    Each attempt has a copy of its own, because a failed revision may have committed some statements. The obstacles are
    known by their new names.
    """
    before, after, tables, notes = filled.before, obstacles.after, filled.tables, obstacles.notes
    for _ in range(ROUNDS):
        with connected(made.create(f"attempt_{len(made.names)}", filled.url.database)) as connection:
            first = read(connection, before, tables)
            files = _files(connection)
            error = _failure(history, connection, revision, "upgrade")
            if isinstance(error, Failure):
                return Tried([*notes, f"The upgrade fails on generated test rows: {error.what}"], obstacles.violations)
            if error is None:
                second = read_again(connection, after, first)
                notes += [*_rewritten(files, _files(connection)), *changed_up(first, second)]
                count_calls(connection)
                failing = broken(connection, history.project, after, written)
                notes += not_run(connection, before, after)
                connection.commit()
                if error := _failure(history, connection, revision, "downgrade"):
                    notes.append(f"The downgrade fails on generated test rows: {reason(error)}.")
                else:
                    notes += changed_up_and_down(first, second, read(connection, before, tables))
                return Tried(notes, obstacles.violations, _brought(filled.url, history.project, before, failing))
        require_some_row(made, filled.url, history, revision, error)
        with filled.renaming() as connection:
            run(connection, history.project.session)  # resolve names in the failed statement as the revision does
            obstacles.remove(connection, error)
            connection.commit()
    return Tried([*notes, "More was not tried on rows."], obstacles.violations)


def _brought(filled: URL, project: Project, before: Catalog, failing: list[Broken]) -> list[Broken]:
    """Return the failures that did not exist before the revision."""
    there = {item.identity for item in before}
    relations = {one.relation for one in failing} & there
    if not relations:
        return failing
    with connected(filled) as connection:
        known = broken(connection, project, before, relations)
        connection.rollback()
    return [one for one in failing if not one.was_in(known)]


def _retyped_rules(before: Catalog, after: Catalog, rules: Collection[Violation]) -> set[str]:
    """Return the names of the rules that are new, and about a column whose type changes."""
    old = {column.key: column["type"] for column in before if column.kind == "column"}
    columns = [c for c in after if c.kind == "column" and old.get(c.key, c["type"]) != c["type"]]
    new = (rule for rule in rules if rule.rule.key not in before)
    return {rule.name for rule in new if any(concerns(rule, column) for column in columns)}


def _is_broken(connection: Connection, rule: Violation, *, untried: bool, unlikely: bool) -> bool:
    """Whether rows may violate a rule. Where it cannot be asked before the revision: whether it is `untried`.

    A rule about new columns or tables fails to run, and is not violated. A rule about a column of another type may be.
    So may one that generated rows are `unlikely` to break, or whose expressions fail on some of them.
    """
    try:
        with connection.begin_nested():
            found = run(connection, f"SELECT EXISTS (SELECT FROM {rule.table} WHERE {rule.condition})").scalar()
    except DBAPIError as error:
        return untried or (unlikely and isinstance(error, DataError))
    return bool(found) or unlikely


def _failure(history: History, connection: Connection, revision: str, direction: str) -> DBAPIError | Failure | None:
    """Run one step of a revision. Return its error, PostgreSQL's own if there is one; None on success.

    Raises FailsOnAnyRow for an error that does not depend on values.
    """
    connection.commit()
    try:
        history.step(connection, revision, direction)
        return None
    except Failure as failure:
        connection.rollback()
        require_values(failure, direction)
        return failure.__cause__ if isinstance(failure.__cause__, DBAPIError) else failure


def _files(connection: Connection) -> dict[int, tuple[str, int]]:
    """Return each table's name and the number of its data file, by oid."""
    return {oid: (name, file) for oid, name, file in connection.execute(text(FILES))}


def _rewritten(before: dict[int, tuple[str, int]], after: dict[int, tuple[str, int]]) -> Collection[str]:
    """Return a note on the tables whose data file changed: PostgreSQL wrote all their rows again."""
    names = [shown(name) for oid, (name, file) in sorted(before.items()) if oid in after and after[oid][1] != file]
    one = len(names) == 1
    tables, ends = ("table", "it finishes") if one else ("tables", "they finish")
    return [f"This rewrites the whole {tables} {joined(names)} and blocks all access until {ends}."] if names else []
