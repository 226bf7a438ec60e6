"""Run statements that come from a real database, in a shadow and without the rights of the connected role.

The owner of a function, domain or materialized view decides which code it contains. Creating an index, a default or a
constraint runs some of that code. In the shadow, such statements run as a role without rights outside of it. The role
is created in a transaction that is rolled back, so none is ever left on the server.

SET ROLE would not be enough, since the statements can RESET it. They cannot do so inside a SECURITY DEFINER function.
Other settings outlast the function, so they are put back before the engine asks anything in that session.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import Failure

# A rollback reverts everything that a role does to databases and roles, but not the effects of these rights. A
# member that cannot use a right at once may be able to grant it to itself, or give a SECURITY DEFINER function to the
# role that has it. Before PostgreSQL 16, CREATEROLE grants any.
RIGHTS = """
SELECT r.rolsuper AS is_superuser,
       EXISTS (
           SELECT FROM pg_catalog.pg_roles AS p
           WHERE (p.rolsuper OR p.rolreplication
                  OR p.rolcreaterole AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 160000
                  OR p.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files',
                                   'pg_signal_backend', 'pg_create_subscription'))
             AND pg_has_role(p.oid, 'MEMBER')) AS reaches_out
FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user"""
FUNCTION = "pg_temp.whisper_confined"
CREATE = f"""
CREATE FUNCTION {FUNCTION}(statements pg_catalog.text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    statement pg_catalog.text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END $$"""
# The role owns the function, and could make it run with the rights of its caller.
INTACT = (
    f"SELECT prosecdef FROM pg_catalog.pg_proc WHERE oid = '{FUNCTION}(pg_catalog.text[])'::pg_catalog.regprocedure"
)
PREPARED = "SELECT name, statement, prepare_time FROM pg_catalog.pg_prepared_statements ORDER BY name"
SET_NOW = "SELECT name, setting FROM pg_catalog.pg_settings WHERE context IN ('user', 'superuser')"
TIMEOUT = "60s"
# Statements can SET a search_path that outlasts the function, and the engine's own queries must not search it. SET
# itself calls no function and no operator, so it comes before everything else.
SEARCH_NOTHING = "SET LOCAL search_path = ''"
SETTINGS = {
    "check_function_bodies": "off",
    "standard_conforming_strings": "on",
    "statement_timeout": TIMEOUT,
}


@dataclass
class Confined:
    """A shadow in which statements run without rights; `role` is None if the connected role is itself no superuser.

    `prepared` and `settings` are the session's prepared statements and settings, which the statements may not change.
    """

    shadow: Connection
    role: str | None
    prepared: Sequence[object]
    settings: Mapping[str, str]

    def give(self, objects: Iterable[tuple[str, str]]) -> None:
        """Make the role the owner of objects, each given as (word after ALTER, name)."""
        for word, name in objects if self.role else ():
            run(self.shadow, f"ALTER {word} {name} OWNER TO {self.role}")

    def run(self, statements: Sequence[str]) -> None:
        """Run statements. Raises DBAPIError if one fails, for example because the role lacks a right."""
        if not statements:
            return
        if not self.shadow.scalar(text(INTACT)):
            raise Failure("What was run in a throwaway database has changed how it is run.")
        call = text(f"SELECT {FUNCTION}(CAST(:statements AS pg_catalog.text[]))")
        self.shadow.execute(call, {"statements": list(statements)})
        run(self.shadow, SEARCH_NOTHING)
        _forget_prepared(self.shadow, self.prepared)
        now = _settings(self.shadow)
        _set(self.shadow, {name: value for name, value in self.settings.items() if now[name] != value})


@contextmanager
def confined(shadow: Connection) -> Iterator[Confined]:
    """Prepare a shadow to run statements without rights, and roll back their effects at the end.

    Raises Failure if the connected role is no superuser but may run programs or read files on the server, or may give
    itself that right: then there is no other role to run the statements.
    """
    prepared = shadow.execute(text(PREPARED)).all()
    savepoint = shadow.begin_nested()
    try:
        rights = shadow.execute(text(RIGHTS)).one()
        if rights.reaches_out and not rights.is_superuser:
            raise Failure(
                "What the database holds is not run with the rights of a role that may run programs or read files."
            )
        run(shadow, SEARCH_NOTHING)
        _set(shadow, SETTINGS)
        run(shadow, CREATE)
        role = None
        if rights.is_superuser:
            role = f"whisper_confined_{secrets.token_hex(8)}"
            run(shadow, f"CREATE ROLE {role}")
            run(shadow, f"ALTER FUNCTION {FUNCTION}(pg_catalog.text[]) OWNER TO {role}")
        yield Confined(shadow, role, prepared, _settings(shadow))
    finally:
        savepoint.rollback()
        _forget_prepared(shadow, prepared)


def _settings(shadow: Connection) -> dict[str, str]:
    return {row.name: row.setting for row in shadow.execute(text(SET_NOW))}


def _set(shadow: Connection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        shadow.execute(text("SELECT pg_catalog.set_config(:name, :value, true)"), {"name": name, "value": value})


def _forget_prepared(shadow: Connection, before: Sequence[object]) -> None:
    """Deallocate new prepared statements: they outlive a rollback, under names that the engine may use itself."""
    if shadow.execute(text(PREPARED)).all() != before:
        run(shadow, "DEALLOCATE ALL")
