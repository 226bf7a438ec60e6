"""Foreign servers: each attribute changes, is reported, and is reverted, with the objects that depend on them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE EXTENSION postgres_fdw;
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a', port '1');
CREATE SERVER "Far 2" TYPE 'x' VERSION '1''' FOREIGN DATA WRAPPER other;
CREATE USER MAPPING FOR PUBLIC SERVER "Far 2" OPTIONS ("user" 'me');
CREATE FOREIGN TABLE ft (a int NOT NULL, b text DEFAULT 'x', CHECK (a > 0)) SERVER "Far 2";
COMMENT ON COLUMN ft.a IS 'said';
"""

REBUILT = """
DROP SERVER "Far 2" CASCADE;
{server};
CREATE USER MAPPING FOR PUBLIC SERVER "Far 2" OPTIONS ("user" 'me');
CREATE FOREIGN TABLE ft (a int NOT NULL, b text DEFAULT 'x', CHECK (a > 0)) SERVER "Far 2";
COMMENT ON COLUMN ft.a IS 'said';
"""

CASES = [
    Case("added", BEFORE, "CREATE SERVER s2 FOREIGN DATA WRAPPER other OPTIONS (\"A b\" '=')", ["+ foreign server s2"]),
    Case("dropped", BEFORE, "DROP SERVER far", ["- foreign server far"]),
    Case("options", BEFORE, "ALTER SERVER far OPTIONS (SET host 'b', DROP port)", ["~ foreign server far: options"]),
    Case("option added", BEFORE, "ALTER SERVER far OPTIONS (ADD dbname 'x y')", ["~ foreign server far: options"]),
    Case("version", BEFORE, "ALTER SERVER \"Far 2\" VERSION '2'", ['~ foreign server "Far 2": version']),
    Case("version given", BEFORE, "ALTER SERVER far VERSION '2'", ["~ foreign server far: version"]),
    Case(
        "type, with its tables",
        BEFORE,
        REBUILT.format(server="CREATE SERVER \"Far 2\" TYPE 'y' VERSION '1''' FOREIGN DATA WRAPPER other"),
        ['~ foreign server "Far 2": type'],
    ),
    Case(
        "another wrapper",
        BEFORE,
        "DROP SERVER far; CREATE SERVER far FOREIGN DATA WRAPPER other OPTIONS (host 'a', port '1')",
        ["~ foreign server far: wrapper"],
    ),
    Case("with all that stands on it", BEFORE, 'DROP SERVER "Far 2" CASCADE', ["- foreign table ft", "- user mapping"]),
    Case("with its wrapper", BEFORE, "DROP FOREIGN DATA WRAPPER other CASCADE", ["- foreign table ft"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_foreign_server(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
