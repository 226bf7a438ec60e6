"""The embedded server's stand-in for uuid-ossp has the same functions as the real extension: both are tried."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.connections import connected
from tests.support.projects import ask
from whisper_migrate.inspecting.inspect import inspect

CREATE = 'CREATE EXTENSION "uuid-ossp"'
EXTENSION = """
SELECT e.extversion, e.extrelocatable, v.trusted, a.comment, d.description
FROM pg_extension AS e
JOIN pg_available_extensions AS a ON a.name = e.extname
JOIN pg_available_extension_versions AS v ON v.name = e.extname AND v.version = e.extversion
JOIN pg_description AS d ON d.classoid = 'pg_extension'::regclass AND d.objoid = e.oid
WHERE e.extname = 'uuid-ossp'"""
FUNCTIONS = """
SELECT p.proname || '(' || pg_get_function_arguments(p.oid) || ') ' || pg_get_function_result(p.oid),
       p.provolatile::text || p.proparallel::text || CASE WHEN p.proisstrict THEN ' strict' ELSE '' END
FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid WHERE e.extname = 'uuid-ossp' ORDER BY 1"""
# Lengths around the 64-byte blocks of SHA-1, of which the namespace takes 16, and characters of several bytes.
NAMES = ["", "python.org", "é€😀", *("x" * length for length in (38, 39, 40, 47, 48, 49, 103, 104, 400))]


@pytest.fixture
def database(database: URL) -> URL:
    little.execute(database, CREATE)
    return database


def test_it_is_made_of_the_same(database: URL) -> None:
    comment = "generate universally unique identifiers (UUIDs)"
    assert ask(database, EXTENSION) == [("1.1", True, True, comment, comment)]
    assert ask(database, FUNCTIONS) == [
        ("uuid_generate_v1() uuid", "vs strict"),
        ("uuid_generate_v1mc() uuid", "vs strict"),
        ("uuid_generate_v3(namespace uuid, name text) uuid", "is strict"),
        ("uuid_generate_v4() uuid", "vs strict"),
        ("uuid_generate_v5(namespace uuid, name text) uuid", "is strict"),
        ("uuid_nil() uuid", "is strict"),
        ("uuid_ns_dns() uuid", "is strict"),
        ("uuid_ns_oid() uuid", "is strict"),
        ("uuid_ns_url() uuid", "is strict"),
        ("uuid_ns_x500() uuid", "is strict"),
    ]


def test_it_answers_the_same(database: URL) -> None:
    known = [uuid.UUID(int=0), uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500]
    constants = "uuid_nil()::text, uuid_ns_dns()::text, uuid_ns_url()::text, uuid_ns_oid()::text, uuid_ns_x500()::text"
    assert ask(database, f"SELECT {constants}") == [tuple(map(str, known))]
    named = "SELECT uuid_generate_v3(uuid_ns_url(), %s)::text, uuid_generate_v5(uuid_ns_url(), %s)::text"
    for name in NAMES:
        said = ask(database, named.replace("%s", f"'{name}'"))
        assert said == [(str(uuid.uuid3(uuid.NAMESPACE_URL, name)), str(uuid.uuid5(uuid.NAMESPACE_URL, name)))], name


@pytest.mark.parametrize(("function", "version"), [("v1", 1), ("v1mc", 1), ("v4", 4)])
def test_it_makes_new_ones(database: URL, function: str, version: int) -> None:
    rows = ask(database, f"SELECT uuid_generate_{function}()::text FROM generate_series(1, 99)")
    made = [uuid.UUID(value) for (value,) in rows]
    assert len(set(made)) == 99
    assert {(one.version, one.variant) for one in made} == {(version, uuid.RFC_4122)}
    if version == 1:
        since = datetime(1582, 10, 15, tzinfo=UTC)
        ages = [datetime.now(UTC) - since - timedelta(microseconds=one.time // 10) for one in made]
        assert all(abs(age) < timedelta(minutes=5) for age in ages)
    if function == "v1mc":
        assert all(one.node >> 40 & 1 for one in made)


def test_a_dump_that_is_restored_does_not_differ(database: URL) -> None:
    """The stand-in's comment equals the real extension's, which a dump sets."""
    before = _fingerprint(database)
    little.execute(
        database, """COMMENT ON EXTENSION "uuid-ossp" IS 'generate universally unique identifiers (UUIDs)'"""
    )
    assert _fingerprint(database) == before


def _fingerprint(database: URL) -> str:
    with connected(database) as connection:
        return inspect(connection).fingerprint
