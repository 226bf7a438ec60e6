"""Planted overloads are not called if a database's owner chose the search_path, or a pooler keeps no settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.chaos.poolers import PGBOUNCER, pooler
from tests.security.roles import Trap, trap
from tests.security.test_search_path import overloads
from tests.support import little
from tests.support.little import command
from tests.support.projects import ask

pytestmark = pytest.mark.thorough

COMMANDS = ("current", "status", "check-drift", "whereami", "repair", "adopt", "history --applied", "upgrade --plan",
            "stamp two", "upgrade", "downgrade -1", "repair --apply")  # fmt: skip
# Of the same types as PostgreSQL's own: called where the path names public before pg_catalog.
OPERATORS = ("oid, oid", "name, name", "text, text", "int4, int4", '"char", "char"', "bool, bool")
FUNCTIONS = (
    "set_config(text, text, bool)", "current_schema()", "current_database()", "version()", "pg_backend_pid()",
    "current_setting(text)", "has_table_privilege(regclass, text)", "has_table_privilege(text, text)",
    "to_regclass(text)", "quote_ident(text)", "pg_has_role(oid, text)", "array_agg(anynonarray)",
)  # fmt: skip


def same(role: str) -> Iterator[str]:
    body = (
        f"LANGUAGE plpgsql AS $$ BEGIN IF current_user OPERATOR(pg_catalog.<>) '{role}' THEN"
        " PERFORM planted.write(); END IF; RETURN NULL; END $$"
    )
    for name in FUNCTIONS:
        yield f"CREATE OR REPLACE FUNCTION public.{name} RETURNS text {body}"
    for number, pair in enumerate(OPERATORS):
        left, right = pair.split(", ")
        yield f"CREATE FUNCTION public.same{number}({pair}) RETURNS bool {body}"
        yield f"CREATE OPERATOR public.= (FUNCTION = public.same{number}, LEFTARG = {left}, RIGHTARG = {right})"


@pytest.fixture
def planted(database: URL) -> Iterator[Trap]:
    with trap(database) as made:
        made.plant(*overloads(made.role), *same(made.role))
        yield made
        ask(database, f"ALTER DATABASE {database.database} RESET search_path")


def test_no_command_calls_what_the_databases_owner_puts_first(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all(tmp_path, database, database, planted, capsys)


@pytest.mark.servers("pg18")
@pytest.mark.skipif(PGBOUNCER is None, reason="NOT tested: PgBouncer, which is not on this machine")
def test_no_command_calls_it_through_a_pooler(
    tmp_path: Path, place: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(database, place / "pool", "transaction") as url:
        run_all(tmp_path, database, url, planted, capsys)


def run_all(folder: Path, database: URL, url: URL, planted: Trap, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(folder)
    assert command(capsys, project, database, "upgrade").code == 1  # differs because of the planted objects
    ask(database, f"ALTER DATABASE {database.database} SET search_path = public, pg_catalog")
    ask(database, "SELECT 'pg_class'::pg_catalog.regclass OPERATOR(public.=) 'a'::pg_catalog.text")
    assert planted.sprung
    for words in COMMANDS:
        said = command(capsys, project, url, *words.split())
        assert not planted.sprung, (words, said)
        assert "mistake of whisper-migrate" not in said.err, (words, said)
