"""Whatever names and texts a schema has, its draft is calls of op, sa and postgresql: nothing of them is Python."""

import ast
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

from tests.connections import connected
from tests.little import execute as on
from whisper_migrate.catalog import Catalog
from whisper_migrate.errors import Failure
from whisper_migrate.inspect import inspect
from whisper_migrate.planning.plan import plan
from whisper_migrate.revisions.python_sql import execute, indented, quoted, sql_text
from whisper_migrate.revisions.render import Body

ATTACKS = (
    '"); import os; os.system("x")  #',
    "'); import os; os.system('x')  #",
    '"""\nimport os\n"""',
    "'''\n    import os",
    "a\n    op.execute('DROP TABLE t')",
    "\\",
    '\\"',
    "a\r# b",
    "%s %(a)s {x} {{y}} ${z} :name \\:name ::text",
    "\u202e\u2066 \x85\u2028\x0c\ufeff",
    'r"""',
    "\N{GRINNING FACE}\x7f\t",
)
TEXTS = st.one_of(
    st.sampled_from(ATTACKS),
    st.text("\"'\\\n\r\t #(){}%$:;,abx\u202e\x85", min_size=1, max_size=12),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12),
)
ALLOWED = {"op", "sa", "postgresql"}


def require_only_operations(body: str) -> list[str]:
    """The strings in a function's body, in which everything called is of one of the three modules."""
    tree = ast.parse(f"def upgrade() -> None:\n    {indented(body) or 'pass'}\n")
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    for node in ast.walk(function):
        assert not isinstance(node, ast.Import | ast.ImportFrom | ast.Lambda | ast.Assign | ast.JoinedStr), body
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func).partition(".")[0] in ALLOWED, ast.unparse(node)
        if isinstance(node, ast.Name):
            assert node.id in {*ALLOWED, "None"}, node.id
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@settings(deadline=None, derandomize=True)
@given(text=TEXTS)
def test_a_literal_is_the_text_and_nothing_else(text: str) -> None:
    assert require_only_operations(f"op.drop_table({quoted(text)})") == [text]
    for written in (execute, lambda sql: f"op.f({sql_text(sql)})"):
        try:
            source = written(text)
        except Failure:  # what SQLAlchemy would not give back is refused
            continue
        (found,) = require_only_operations(source)
        assert re.sub(r"\s", "", found.replace("\\", "")) == re.sub(r"\s", "", text.replace("\\", ""))
    assert all(one.isprintable() or one == "\n" for one in quoted(text))


@pytest.mark.servers("pg18")
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=4, max_size=4, unique_by=lambda text: text[:12]))
def test_a_schema_of_hostile_names_is_drafted_as_operations(database: URL, texts: list[str]) -> None:
    name, column, label, words = ('"' + text[:12].replace('"', '""') + '"' for text in texts)
    value = "'" + texts[3].replace("'", "''") + "'"
    schema = '"s ' + name[1:]
    on(
        database,
        f"DROP SCHEMA IF EXISTS {schema} CASCADE",
        f"CREATE SCHEMA {schema}",
        f"CREATE TYPE {schema}.{label} AS ENUM ({value})",
        f"CREATE TABLE {schema}.{name} (id integer PRIMARY KEY, mood {schema}.{label},"
        f" {column} text DEFAULT {value} CHECK ({column} <> {value}), CONSTRAINT {words} UNIQUE ({column}))",
        f'CREATE INDEX {words[:-1]} i" ON {schema}.{name} (lower({column})) WHERE {column} > {value}',
        f"COMMENT ON TABLE {schema}.{name} IS {value}",
        f"COMMENT ON COLUMN {schema}.{name}.{column} IS {value}",
        f'CREATE VIEW {schema}."{"v " + name[1:]} AS SELECT {column} AS {words} FROM {schema}.{name}',
    )
    with connected(database) as connection:
        there = inspect(connection, requires=True)
    on(database, f"DROP SCHEMA {schema} CASCADE")
    with connected(database) as connection:
        empty: Catalog = inspect(connection, requires=True)
    for before, after in ((empty, there), (there, empty)):
        source = Body(plan(before, after), after, before=before, marked=True).source()
        assert require_only_operations(source)
        assert all(one.isprintable() or one in "\n\t" for one in source)
