"""A second role on the server of a test: it may log in and create in public, and it owns what it plants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL

from tests.projects import ask

# Whatever a planted function does, it leaves a mark that no rollback takes away: the value of a sequence.
MARK = "planted.mark"


@contextmanager
def low(database: URL, attributes: str = "") -> Iterator[URL]:
    """The database's URL for a role of low privilege, which may create in public, as on PostgreSQL 14."""
    name = f"low_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN {attributes}", f"GRANT CREATE ON SCHEMA public TO {name}")
    try:
        yield database.set(username=name)
    finally:
        ask(database, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


@contextmanager
def trapped(database: URL) -> Iterator[URL]:
    """A role like `low`, with a function `planted.sprung()` that remembers whether another role has run it."""
    with low(database) as role:
        ask(database, f"CREATE SCHEMA planted AUTHORIZATION {role.username}", "GRANT USAGE ON SCHEMA planted TO PUBLIC")
        ask(
            role,
            f"CREATE SEQUENCE {MARK}",
            f"GRANT ALL ON SEQUENCE {MARK} TO PUBLIC",
            f"""CREATE FUNCTION planted.sprung(anyelement DEFAULT 0) RETURNS anyelement LANGUAGE plpgsql AS $$
            BEGIN
                IF current_user <> '{role.username}' THEN PERFORM pg_catalog.nextval('{MARK}'); END IF;
                RETURN $1;
            END $$""",
        )
        yield role


def sprung(database: URL) -> bool:
    """Whether another role than its owner has run `planted.sprung()`, in this database."""
    return bool(ask(database, f"SELECT is_called FROM {MARK}")[0][0])
