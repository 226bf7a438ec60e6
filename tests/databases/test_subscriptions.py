"""A revision's subscription: a shadow neither connects to the publisher nor stays behind, and the real one is made."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, sql
from tests.support.little import command
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.running.rehearsal import rehearsal

HEAD = "CREATE SUBSCRIPTION sub CONNECTION 'host=publisher.invalid password=x;' PUBLICATION p"
MADE = f"{HEAD} WITH (connect = false)"
GIVEN_UP = ("ALTER SUBSCRIPTION sub DISABLE", "ALTER SUBSCRIPTION sub SET (slot_name = NONE)")
SUBSCRIBED = """
SELECT count(*) FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
WHERE d.datname LIKE 'whisper_shadow%'"""
REFUSED = {
    "made": alone(HEAD),
    "made, with the words that it lacks in a value": alone(HEAD.replace(";", " application_name=connect=false")),
    "made, without copying": alone(f"{HEAD} WITH (copy_data = false)"),
    "enabled": sql(MADE, "ALTER SUBSCRIPTION sub ENABLE"),
    "refreshed": sql(MADE) + "\n" + alone("ALTER SUBSCRIPTION sub REFRESH PUBLICATION"),
    "another publication": sql(MADE) + "\n" + alone("ALTER SUBSCRIPTION sub SET PUBLICATION q"),
    "dropped with its slot": sql(MADE) + "\n" + alone("DROP SUBSCRIPTION sub"),
}


def test_subscription_that_does_not_connect(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL) -> None:
    changed = "ALTER SUBSCRIPTION sub SET PUBLICATION p, q WITH (refresh = false)"
    made = project(tmp_path, sql(MADE, changed), downs=(sql(*GIVEN_UP, "DROP SUBSCRIPTION sub"),))
    try:
        said = command(capsys, made, database, "upgrade")
        assert said.code == 0 and "Checked: the database is what the history says." in said.out, said
        assert command(capsys, made, database, "downgrade", "base").code == 0
    finally:
        for statement in GIVEN_UP if ask(database, "SELECT 1 FROM pg_subscription") else ():
            ask(database, statement, "DROP SUBSCRIPTION sub")
    assert ask(database, SUBSCRIBED) == [(0,)]


@pytest.mark.parametrize("name", REFUSED)
def test_statements_that_would_connect(name: str, tmp_path: Path, database: URL) -> None:
    history = History(project(tmp_path, REFUSED[name]))
    with pytest.raises(Failure) as refused, rehearsal(history, database, ["r1"]):
        raise AssertionError
    assert "must not connect to a publisher, as " in refused.value.what and "r1" in refused.value.what
    assert "connect = false" in str(refused.value.remedy) and "password" not in str(refused.value)
    assert ask(database, SUBSCRIBED) == [(0,)]
