"""A login event trigger (PostgreSQL 17 and later) runs in every session: commands withstand it, or report it."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import command
from tests.support.projects import ask
from whisper_migrate.databases.connect import CLIENT

pytestmark = pytest.mark.servers("pg18")
# Only for the engine's sessions: the test itself must be able to log in.
TRIGGER = """
CREATE FUNCTION public.at_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
IF current_setting('application_name') LIKE 'whisper-migrate%' THEN {}; END IF; END $$;
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION public.at_login();
ALTER EVENT TRIGGER at_login ENABLE ALWAYS"""
IGNORED = "".join(
    f'[[tool.whisper_migrate.ignore]]\nkind = "{kind}"\nidentity = "{name}"\nreason = "an administrator\'s"\n'
    for kind, name in (("event_trigger", "at_login"), ("function", "public.at_login()"))
)
COMMANDS = ("upgrade", "check-drift", "status", "repair", "history --applied", "whereami")


def test_what_it_sets_is_outlasted(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    ask(
        database,
        "CREATE SCHEMA planted",
        TRIGGER.format(
            "SET search_path = planted; SET statement_timeout = 300; SET default_transaction_read_only = on;"
            " SET standard_conforming_strings = off; SET client_encoding = latin1; SET DateStyle = 'German';"
            " SET lock_timeout = 300; SET idle_in_transaction_session_timeout = 300; SET quote_all_identifiers = on;"
            " SET row_security = off; SET extra_float_digits = -15; SET bytea_output = escape"
        ),
    )
    ignored = IGNORED + '[[tool.whisper_migrate.ignore]]\nkind = "schema"\nidentity = "planted"\nreason = "x"\n'
    project = little.project(tmp_path, settings=ignored)
    for words in COMMANDS:
        said = command(capsys, project, database, *words.split())
        assert said.code == 0, f"{words}: {said.out}{said.err}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("RAISE EXCEPTION 'not at night' USING HINT = 'Come back at six.'", "not at night"),
        ("PERFORM pg_sleep(60)", "in time"),
        ("PERFORM pg_terminate_backend(pg_backend_pid())", "terminating connection"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    tmp_path: Path,
    database: URL,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    words: str,
) -> None:
    monkeypatch.setitem(CLIENT, "connect_timeout", 2)
    project = little.project(tmp_path)
    ask(database, TRIGGER.format(body))
    for name in ("check-drift", "upgrade"):
        said = command(capsys, project, database, name)
        assert said.code == 2 and words in said.err and "mistake of whisper-migrate" not in said.err, said
