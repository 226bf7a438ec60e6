"""Find functions whose definition PostgreSQL would refuse: shadows are built without that check, in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Key
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.errors import reason
from whisper_migrate.models.record_fields import unknown_fields
from whisper_migrate.project.project import Project

# Functions of no extension, in a language that can check a definition.
ROUTINES = """
SELECT p.oid::int8, p.oid::regprocedure::text AS identity, pg_get_functiondef(p.oid) AS definition,
       l.lanvalidator::regproc::text AS validator, coalesce(p.proconfig, '{}') AS settings,
       l.lanname = 'plpgsql' AS is_plpgsql
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND p.prokind <> 'a' AND l.lanvalidator <> 0 AND l.lanname NOT IN ('c', 'internal')
  AND p.pronamespace <> pg_my_temp_schema()
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                  AND d.objid = p.oid AND d.deptype IN ('i', 'e'))
ORDER BY validator, settings, identity"""
PLPGSQL_CHECK = "plpgsql_check"
AVAILABLE = f"SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = '{PLPGSQL_CHECK}')"
# A trigger function is checked for each table that has such a trigger.
DEEPER = """
SELECT p.oid::int8, coalesce(nullif(t.tgrelid, 0)::regclass::text, ''), e.message, e.lineno
FROM pg_catalog.pg_proc AS p
LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal
CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0)::regclass,
                                             oldtable => t.tgoldtable, newtable => t.tgnewtable) AS e
WHERE p.oid = ANY (ARRAY[{oids}]::oid[]) AND e.level = 'error'
  AND (t.oid IS NOT NULL OR p.prorettype <> 'pg_catalog.trigger'::regtype)
  -- the function makes the object itself, asks for it first, handles its absence, or looks at which table it serves
  AND NOT EXISTS (SELECT FROM (VALUES
        ('42P01', '\\m(pg_)?temp(orary)?\\M|\\mcreate\\s|\\mto_reg|undefined_table|\\mwhen\\s+others\\M'),
        ('42703', '\\mtg_(table|rel|arg|narg|name)|undefined_column|\\mwhen\\s+others\\M'),
        ('42883', '\\mcreate\\s|\\mto_reg|undefined_function|\\mwhen\\s+others\\M')
      ) AS aware (state, words) WHERE aware.state = e.sqlstate AND p.prosrc ~* aware.words)
ORDER BY 1, 2, e.lineno"""


class _Routine(NamedTuple):
    oid: int
    identity: str
    definition: str
    validator: str
    settings: list[str]
    is_plpgsql: bool


@dataclass(frozen=True)
class Fault:
    """A function that cannot run: its definition, PostgreSQL's reason, and the table whose trigger would call it."""

    function: str
    definition: str
    why: str
    table: str = ""

    def __str__(self) -> str:
        on = f", a trigger of {shown(self.table)}" if self.table else ""
        return f"{shown(self.function)}{on}: {self.why}."

    @property
    def key(self) -> Key:
        """The function's key in a catalog."""
        return "function", self.function

    def was_in(self, earlier: Collection[Fault]) -> bool:
        """Whether the function had the same definition before and could not run either."""
        same = [one for one in earlier if (one.function, one.definition) == (self.function, self.definition)]
        return any(one.table in ("", self.table) for one in same)


def faults(connection: Connection, project: Project) -> list[Fault]:
    """Return the functions of a shadow that cannot run, as far as PostgreSQL can tell from their definitions.

    Each function is checked as CREATE FUNCTION checks it by default, with its own settings, when all objects exist. If
    the server has plpgsql_check, the statements in a PL/pgSQL function are compared with the tables that they use; else
    the fields of NEW and OLD are. Changes nothing.
    """
    savepoint = connection.begin_nested()
    try:
        run(connection, "SELECT pg_catalog.set_config('search_path', '', true)")
        routines = [_Routine._make(row) for row in run(connection, ROUTINES)]
        run(connection, project.session)
        run(connection, "SET LOCAL check_function_bodies = on")
        found = list(_refused(connection, routines))
        bad = {fault.function for fault in found}
        sound = [routine for routine in routines if routine.is_plpgsql and routine.identity not in bad]
        return found + list(_checked(connection, sound)) if sound else found
    finally:
        savepoint.rollback()


def _refused(connection: Connection, routines: list[_Routine]) -> Iterator[Fault]:
    """Check all functions of one language with equal settings at once; one by one only after a failure."""
    for (validator, settings), group in groupby(routines, lambda one: (one.validator, one.settings)):
        several = list(group)
        if _refusal(connection, validator, settings, several) is None:
            continue
        for routine in several:
            error = _refusal(connection, validator, settings, [routine])
            if error and not isinstance(error.orig, InsufficientPrivilege):
                yield Fault(routine.identity, routine.definition, reason(error))


def _refusal(
    connection: Connection, validator: str, settings: list[str], routines: list[_Routine]
) -> DBAPIError | None:
    oids = ", ".join(str(routine.oid) for routine in routines)
    trial = connection.begin_nested()
    try:
        for name, _, value in (setting.partition("=") for setting in settings):
            run(connection, f"SELECT pg_catalog.set_config({literal(name)}, {literal(value)}, true)")
        run(connection, f"SELECT {validator}(f) FROM unnest(ARRAY[{oids}]::oid[]) AS f")
    except DBAPIError as error:
        return error
    finally:
        trial.rollback()
    return None


def _checked(connection: Connection, routines: list[_Routine]) -> Iterator[Fault]:
    by_oid = {routine.oid: routine for routine in routines}
    if not run(connection, AVAILABLE).scalar():
        for oid, why, line in unknown_fields(connection, by_oid):
            yield Fault(by_oid[oid].identity, by_oid[oid].definition, f"{why} (line {line})")
        return
    with suppress(DBAPIError), connection.begin_nested():  # else the proof on rows finds faults
        run(connection, f"CREATE EXTENSION IF NOT EXISTS {PLPGSQL_CHECK} CASCADE")
        rows: Any = run(connection, DEEPER.format(oids=", ".join(map(str, by_oid)))).all()
        for oid, table, message, line in rows:
            routine = by_oid[oid]
            at = f" (line {line})" if line else ""
            yield Fault(routine.identity, routine.definition, f"{message}{at}", table)
