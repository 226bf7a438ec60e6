"""In the middle of a revision, where the project's search_path is set, no statement of the engine runs other code."""

from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import Trap, trap
from tests.security.test_re_created import LEAVES_TYPES
from tests.security.test_search_path import FUNCTIONS
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

TYPES = ("oid", "int4", "int8", "name", "text", "varchar", "regclass", '"char"')
OPERATORS = {"=": "bool", "<>": "bool", ">=": "bool", ">": "bool", "||": "text"}
MORE = ("quote_ident(varchar)", "generate_series(int4, int8)", "format(text, name)")
UP = """\
op.execute("CREATE TABLE bare (n int)")
    op.execute("INSERT INTO bare VALUES (0)")
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY bare_n ON bare (n)")
        op.execute("DROP INDEX CONCURRENTLY bare_n")
        op.execute("REFRESH MATERIALIZED VIEW planted.theirs")
        op.execute("CREATE INDEX CONCURRENTLY bare_i ON bare ((1 / n))")
        op.execute("SELECT 1")
    op.execute("INSERT INTO bare VALUES (2)")
"""


def _plant(planted: Trap) -> None:
    """Plant operators for each pair of types, functions, and a view whose refresh leaves temporary types."""
    body = f"BEGIN IF current_user <> '{planted.role}' THEN PERFORM planted.write(); END IF; RETURN NULL; END"
    found = [f"CREATE FUNCTION public.{name} RETURNS text LANGUAGE plpgsql AS $$ {body} $$" for name in FUNCTIONS]
    found += [f"CREATE FUNCTION public.{name} RETURNS text LANGUAGE plpgsql AS $$ {body} $$" for name in MORE]
    for number, (operator, returns) in enumerate(OPERATORS.items()):
        for left, right in product(TYPES, TYPES):
            function = f"planted.o{number}({left}, {right})"
            found += [
                f"CREATE FUNCTION {function} RETURNS {returns} LANGUAGE plpgsql AS $$ {body} $$",
                f"CREATE OPERATOR public.{operator} (FUNCTION = planted.o{number}, LEFTARG={left}, RIGHTARG={right})",
            ]
    planted.plant("; ".join([*found, *LEAVES_TYPES]))


def test_no_statement_of_the_engine_calls_it(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    made = Checkout(project.root)
    runner.upgrade(project, database, "two", lambda _: None)
    made.write_revision("three", "two", up=UP, down='op.execute("DROP TABLE bare")')
    # The journal's rights are withdrawn by a statement of the engine.
    ask(database, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC")
    with trap(database) as planted:
        planted.plant("CREATE MATERIALIZED VIEW planted.theirs AS SELECT 1 AS n")
        _plant(planted)
        planted.plant(
            "DROP MATERIALIZED VIEW planted.theirs",
            "CREATE MATERIALIZED VIEW planted.theirs AS SELECT planted.leaves(1) AS n",
        )
        said = command(capsys, project, database, "upgrade", "--no-check")
        assert said.code == 2 and "division by zero" in said.err, said
        assert not planted.sprung, said
        ask(database, "UPDATE public.bare SET n = 1")
        said = command(capsys, project, database, "upgrade", "--no-check")
        assert said.code == 0 and not planted.sprung, said
        assert ask(database, "SELECT n FROM public.bare ORDER BY n") == [(1,), (2,)]
        said = command(
            capsys, project, database, "downgrade", "-1", "--no-check", "--allow-data-loss", f"{database.database}:2"
        )
        assert said.code == 0 and not planted.sprung, said
        assert not ask(
            database,
            "SELECT FROM pg_catalog.aclexplode((SELECT relacl FROM pg_catalog.pg_class"
            " WHERE relname = 'whisper_journal')) WHERE grantee = 0 AND privilege_type <> 'SELECT'",
        )
