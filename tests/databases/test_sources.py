"""A server that cannot be reached: the message names the variable or the option that leads to it."""

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import URL

from tests.support import little
from tests.support.projects import role

NOWHERE = "postgresql://someone@127.0.0.1:1/none"
UNKNOWN = "postgresql://someone@127.0.0.1:1/none?colour=red"
UNKNOWN_TOLD = "{source} has a parameter that PostgreSQL's client does not know: colour."


@pytest.mark.parametrize("command", ["status", "check-drift", "upgrade", "current", "stamp one", "adopt", "repair"])
def test_a_parameter_that_the_client_does_not_know_is_told(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    said = little.command(capsys, project, sqlalchemy.make_url(UNKNOWN), *command.split())
    assert said.code == 2 and UNKNOWN_TOLD.format(source="DATABASE_URL") in said.err, said


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(
    ("address", "told"),
    {
        NOWHERE: "Check {source}: is it the right port, and does the server run?",
        UNKNOWN: UNKNOWN_TOLD,
    }.items(),
    ids=["nowhere", "unknown"],
)
def test_the_source_of_an_address_is_named(
    address: str, told: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    little.at(database, "one")

    def command(url: URL | None, *arguments: str, **environment: str) -> str:
        said = little.command(capsys, project, url, *arguments, **environment)
        assert said.code == 2 and "DATABASE_URL" not in said.err, said
        return said.err

    assert told.format(source="--replica") in command(database, "preflight", "--replica", address)
    assert told.format(source="SHADOW_URL") in command(None, "check-drift", "--only", "models", SHADOW_URL=address)
    with role(database, "NOCREATEDB") as url:
        assert told.format(source="SHADOW_URL") in command(url, "check-drift", SHADOW_URL=address)
