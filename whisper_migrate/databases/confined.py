"""Runs statements whose text comes from a database that people use, in a shadow, without the rights of who connects.

Whoever owns a function, a domain or a materialized view there decides which code they hold, and to make an index, a
default or a constraint runs some of it. In a shadow such statements run as a role that may do nothing elsewhere. It is
made inside the transaction that is rolled back afterwards, so none is ever left on the server.

To SET ROLE would not do: what runs can RESET it. Inside a function that is SECURITY DEFINER it cannot.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.errors import Failure
from whisper_migrate.sql import run

# Rolled back is all that a role does to databases and roles. These do what no rollback takes back.
RIGHTS = """
SELECT r.rolsuper AS is_superuser,
       r.rolreplication OR EXISTS (
           SELECT FROM pg_catalog.pg_roles AS p
           WHERE p.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files',
                               'pg_signal_backend')
             AND pg_has_role(p.oid, 'USAGE')) AS reaches_out
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
# The role owns the function and could make it run as whoever calls it.
INTACT = (
    f"SELECT prosecdef FROM pg_catalog.pg_proc WHERE oid = '{FUNCTION}(pg_catalog.text[])'::pg_catalog.regprocedure"
)
PREPARED = "SELECT name, statement, prepare_time FROM pg_catalog.pg_prepared_statements ORDER BY name"
TIMEOUT = "60s"
SETTINGS = {
    "check_function_bodies": "off",
    "standard_conforming_strings": "on",
    "statement_timeout": TIMEOUT,
}


@dataclass
class Confined:
    """A shadow in which statements can be run without rights; the role is None where that is who connects."""

    shadow: Connection
    role: str | None
    prepared: Sequence[object]

    def give(self, objects: Iterable[tuple[str, str]]) -> None:
        """Let the role have objects, each with the word that ALTER ... OWNER TO has for it."""
        for word, name in objects if self.role else ():
            run(self.shadow, f"ALTER {word} {name} OWNER TO {self.role}")

    def run(self, statements: Sequence[str]) -> None:
        """Run statements. Raises DBAPIError where one fails, as where it wants more rights than the role has."""
        if not statements:
            return
        if not self.shadow.scalar(text(INTACT)):
            raise Failure("What was run in a throwaway database has changed how it is run.")
        call = text(f"SELECT {FUNCTION}(CAST(:statements AS pg_catalog.text[]))")
        self.shadow.execute(call, {"statements": list(statements)})
        _forget_prepared(self.shadow, self.prepared)
        _set(self.shadow)


@contextmanager
def confined(shadow: Connection) -> Iterator[Confined]:
    """Confine what is run in a shadow, and take back all of it at the end.

    Raises Failure for a role that is no superuser and may still reach beyond the database: it must not be lent.
    """
    prepared = shadow.execute(text(PREPARED)).all()
    savepoint = shadow.begin_nested()
    try:
        rights = shadow.execute(text(RIGHTS)).one()
        if rights.reaches_out and not rights.is_superuser:
            raise Failure(
                "What the database holds is not run with the rights of a role that may run programs or read files."
            )
        _set(shadow)
        run(shadow, CREATE)
        role = None
        if rights.is_superuser:
            role = f"whisper_confined_{secrets.token_hex(8)}"
            run(shadow, f"CREATE ROLE {role}")
            run(shadow, f"ALTER FUNCTION {FUNCTION}(pg_catalog.text[]) OWNER TO {role}")
        yield Confined(shadow, role, prepared)
    finally:
        savepoint.rollback()
        _forget_prepared(shadow, prepared)


def _set(shadow: Connection) -> None:
    for name, value in SETTINGS.items():
        run(shadow, f"SET LOCAL {name} = '{value}'")


def _forget_prepared(shadow: Connection, before: Sequence[object]) -> None:
    """Statements stay prepared after a rollback, under names that we might take for ours."""
    if shadow.execute(text(PREPARED)).all() != before:
        run(shadow, "DEALLOCATE ALL")
