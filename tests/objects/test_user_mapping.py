"""User mappings: reported, compared and re-created, without ever showing a password."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_round_trip, catalog
from tests.objects.roles import ROLES
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan

BEFORE = (
    ROLES
    + """
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER far FOREIGN DATA WRAPPER w;
CREATE USER MAPPING FOR reader SERVER far OPTIONS ("user" 'me');
CREATE USER MAPPING FOR writer SERVER far OPTIONS ("user" 'me', password 's3cret');
"""
)

CASES = [
    Case("added", BEFORE, 'CREATE USER MAPPING FOR "Straße 7" SERVER far', ['+ user mapping "Straße 7" on far']),
    Case(
        "for all", BEFORE, "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (username 'x')", ["+ user mapping PUBLIC"]
    ),
    Case("dropped", BEFORE, "DROP USER MAPPING FOR reader SERVER far", ["- user mapping reader on far"]),
    Case(
        "user",
        BEFORE,
        "ALTER USER MAPPING FOR reader SERVER far OPTIONS (SET \"user\" 'you')",
        ["~ user mapping reader on far"],
    ),
    Case(
        "user beside a password",
        BEFORE,
        "ALTER USER MAPPING FOR writer SERVER far OPTIONS (SET \"user\" 'you')",
        ["~ user mapping writer on far: options"],
    ),
]

SECRET = {
    "changed": "ALTER USER MAPPING FOR writer SERVER far OPTIONS (SET password 'other')",
    "gone": "ALTER USER MAPPING FOR writer SERVER far OPTIONS (DROP password)",
    "dropped": "DROP USER MAPPING FOR writer SERVER far",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_user_mapping(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize("name", SECRET)
def test_password(make_database: MakeDatabase, name: str) -> None:
    """A changed password is reported but never shown, so no SQL can restore it."""
    with connected(make_database()) as connection:
        apply(connection, BEFORE)
        clean = catalog(connection)
        apply(connection, SECRET[name])
        drifted = catalog(connection)
        (change,) = diff(clean, drifted)
        assert line(change)[1:].startswith(" user mapping writer on far")
        assert "s3cret" not in repr(clean) + line(change)
        with pytest.raises(Failure, match="writer on far needs password") as caught:
            plan(drifted, clean)
        assert "s3cret" not in str(caught.value)


def test_password_that_should_not_be_there(make_database: MakeDatabase) -> None:
    with connected(make_database()) as connection:
        apply(connection, BEFORE)
        clean = catalog(connection)
        apply(connection, "ALTER USER MAPPING FOR reader SERVER far OPTIONS (ADD password 's3cret')")
        (step,) = plan(catalog(connection), clean)
        apply(connection, *step.statements)
        assert diff(catalog(connection), clean) == []


def test_what_a_role_cannot_read(make_database: MakeDatabase) -> None:
    url = make_database()
    with connected(url) as connection:
        apply(connection, BEFORE)
        assert catalog(connection).unreadable == ()
    with connected(url.set(username="keeper")) as connection:
        found = catalog(connection)
    assert [text for text in found.unreadable if "2 user mappings" in text]
    assert ("user_mapping", "writer on far") in found
