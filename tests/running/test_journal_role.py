"""A revision that sets another role is journalled and stamped all the same, by the role of the run."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql
from tests.support.projects import ask, role
from whisper_migrate.errors import Failure

pytestmark = [pytest.mark.servers("pg18", "pg15"), pytest.mark.thorough]

# How a role is set, and whether it is still set in an autocommit block behind that.
WAYS = {"SET ROLE {}": True, "SET LOCAL ROLE {}": False, "SET SESSION AUTHORIZATION {}": True}
WORK = alone("CREATE TABLE app.v (n integer)", "INSERT INTO app.v VALUES (1), (1)")
UNIQUE = alone("CREATE UNIQUE INDEX CONCURRENTLY v_n ON app.v (n)")
STATE = """
SELECT (SELECT version_num FROM alembic_version), pg_get_userbyid(relowner) = current_user,
       (SELECT count(*) FROM whisper_journal), (SELECT count(*) FROM app.v)
FROM pg_class WHERE oid = 'app.v'::regclass"""


def test_role_that_may_not_write_the_journal(tmp_path: Path, database: URL) -> None:
    with role(database) as other:
        name = other.username
        first = sql("CREATE SCHEMA app", f"GRANT ALL ON SCHEMA app TO {name}", "CREATE TABLE t (n integer)")
        for number, (way, stays) in enumerate(WAYS.items()):
            become = way.format(name)
            for place, body in {
                "before it": f"{sql('INSERT INTO t VALUES (1)', become)}\n{WORK}\n{UNIQUE}",
                "in it": f"{sql('INSERT INTO t VALUES (1)')}\n{alone(become)}\n{WORK}\n{UNIQUE}",
            }.items():
                made = project(tmp_path / f"{number} {place}", first, body)
                for _ in range(2):
                    with pytest.raises(Failure, match=r"in the middle of r2: .* 3 of its statements are done"):
                        run(made, database)
                    assert ask(database, STATE) == [("r1", not stays or "LOCAL" in way, 3, 2)], (way, place)
                ask(database, "DELETE FROM app.v", "INSERT INTO app.v VALUES (1)")
                assert run(made, database).after == ["r2"]
                assert ask(database, STATE)[0][2:] == (0, 1), (way, place)
                ask(database, "DROP SCHEMA app CASCADE", "DROP TABLE t, alembic_version, whisper_ledger")
