"""Shadows are closed to other roles, and only databases with a shadow's marker are dropped."""

from typing import Any

import psycopg2
import pytest
from sqlalchemy import URL, event

from tests.security.roles import low
from tests.support import servers
from tests.support.connections import connected
from tests.support.projects import ask
from whisper_migrate.databases.shadow import CLOSED_SCHEMA, marker, shadows

RIGHTS = """
SELECT has_database_privilege('{low}', '{shadow}', 'CONNECT'), has_database_privilege('{low}', '{shadow}', 'TEMP'),
       datallowconn FROM pg_database WHERE datname = '{shadow}'"""
WRITABLE = "SELECT has_schema_privilege('{low}', 'public', 'CREATE')"


def test_nobody_else_gets_into_a_shadow(database: URL, server: URL) -> None:
    with low(database) as role, shadows(server) as made:
        opened: list[tuple[object, ...]] = []

        def look(_: Any, __: Any, statement: str, *___: Any) -> None:
            if statement.startswith("ALTER DATABASE"):
                opened.extend(ask(server, RIGHTS.format(low=role.username, shadow=made.names[-1])))

        event.listen(made.keeper, "before_cursor_execute", look)
        first = made.create("first")
        with connected(first) as connection:
            connection.exec_driver_sql("CREATE TABLE t ()")
            connection.commit()
        for shadow in (first, made.create("copy", first.database)):
            assert ask(server, RIGHTS.format(low=role.username, shadow=shadow.database)) == [(False, False, True)]
            inside = database.set(database=shadow.database)
            # On PostgreSQL 14 every role may create in public; only the missing right to connect keeps other roles out.
            writable = made.version < CLOSED_SCHEMA
            assert ask(inside, WRITABLE.format(low=role.username)) == [(writable,)]
            with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                ask(inside.set(username=role.username), "SELECT 1")
        # Nobody could connect to a shadow before PUBLIC had lost the right to.
        assert opened == [(False, False, False)] * 2


def test_a_role_that_the_database_lends_owns_no_shadow(database: URL) -> None:
    owner = "SELECT rolsuper FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba WHERE datname = "
    with low(database, "CREATEDB") as role:
        lending = f"ALTER DATABASE {database.database} SET role = {role.username}"
        ask(database, f"GRANT {role.username} TO CURRENT_USER", lending)
        try:
            with shadows(database) as made:
                shadow = made.create("first")
                assert ask(shadow, f"{owner}'{shadow.database}'") == [(True,)]
                with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                    ask(shadow.set(username=role.username), "SELECT 1")
            assert ask(shadow.set(database="postgres"), f"{owner}'{shadow.database}'") == []
        finally:
            ask(database.set(database="postgres"), f"ALTER DATABASE {database.database} RESET role")


def test_only_what_carries_the_marker_is_swept(database: URL, server: URL) -> None:
    """The shadow of a killed run is dropped; a database with only such a name is kept, closed or not."""
    maker = f"whisper_shadow_0a0a0a0a_{str(database.database).rpartition('_')[2]}_0123456789ab"  # not a living run's
    limits = {"left": marker(f"{maker}_left"), "named": -1, "other": marker(f"{maker}_left")}
    try:
        for purpose, limit in limits.items():
            ask(server, f'CREATE DATABASE "{maker}_{purpose}" ALLOW_CONNECTIONS false CONNECTION LIMIT {limit}')
        with shadows(server):
            there = [name for name in servers.databases(server) if name.startswith(maker)]
        assert there == [f"{maker}_named", f"{maker}_other"]
    finally:
        for purpose in limits:
            ask(server, f'DROP DATABASE IF EXISTS "{maker}_{purpose}"')


def test_a_mark_of_another_role_keeps_no_shadow_alive(database: URL, server: URL) -> None:
    """Any role can set this application_name; only sessions of the maker's own role count as a living run."""
    maker = "whisper_shadow_0b0b0b0b_1_0123456789ab"
    name = f"{maker}_left_{database.database}"
    with low(database) as role:
        pretending = psycopg2.connect(
            role.set(drivername="postgresql").update_query_dict({"application_name": maker}).render_as_string(False)
        )
        ask(server, f'CREATE DATABASE "{name}" CONNECTION LIMIT {marker(name)}')
        try:
            with shadows(server):
                assert name not in servers.databases(server)
        finally:
            pretending.close()
            ask(server, f'DROP DATABASE IF EXISTS "{name}"')


def test_the_names_of_two_runs_share_nothing_that_can_be_guessed(server: URL) -> None:
    with shadows(server) as one, shadows(server) as other:
        tails = [made.maker.rpartition("_")[2] for made in (one, other)]
    assert len(set(tails)) == 2 and all(len(tail) >= 12 for tail in tails)
