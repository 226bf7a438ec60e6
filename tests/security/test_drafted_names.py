"""Drafts only call op, sa and postgresql: no name or text of a schema becomes Python code."""

import ast
import re
from pathlib import Path

import alembic
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

from tests.support.connections import connected
from tests.support.drafting import edited
from tests.support.little import execute as on
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.plan import plan
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.python_sql import execute, indented, quoted, sql_text
from whisper_migrate.revisions.render import Body
from whisper_migrate.revisions.revision_file import Text, write
from whisper_migrate.wording.hidden_characters import JOINER

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
IMPORTS = (
    *("import sqlalchemy as sa", "from alembic import op", "from sqlalchemy.dialects import postgresql"),
    "from typing import Sequence, Union",
)
ALEMBICS = ("revision", "down_revision", "branch_labels", "depends_on")


def require_only_operations(body: str) -> list[str]:
    """Return the strings in a function body; all of its calls must be to one of the three modules."""
    (function,) = ast.parse(f"def upgrade() -> None:\n    {indented(body) or 'pass'}\n").body
    return only_operations(function, body)


def only_operations(function: ast.stmt, body: str) -> list[str]:
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
        except Failure:  # text that SQLAlchemy would change is refused
            continue
        (found,) = require_only_operations(source)
        assert re.sub(r"\s", "", found.replace("\\", "")) == re.sub(r"\s", "", text.replace("\\", ""))
    assert all(one.isprintable() or one == "\n" for one in quoted(text))


def require_only_a_revision(source: str) -> str:
    """Return the docstring of a revision; the file may contain only Alembic's variables and two such functions."""
    assert all(one.isprintable() or one in ("\n", JOINER) for one in source), source
    docstring, *rest = ast.parse(source).body
    assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    for node in rest:
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert ast.unparse(node) in IMPORTS, source
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            assert ast.unparse(target) in ALEMBICS and node.value is not None, source
            assert ast.literal_eval(node.value) in ("a" * 12, None), source
        else:
            only_operations(node, source)
    return str(docstring.value.value)


@pytest.fixture(scope="module", params=["ours", "alembic's"])
def project(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Project:
    """A project with this template for its revisions."""
    made = edited(tmp_path_factory.mktemp("drafts"), "")
    if request.param == "alembic's":
        template = Path(alembic.__file__).parent / "templates/generic/script.py.mako"
        (made.root / "alembic/script.py.mako").write_text(template.read_text())
    return made


@pytest.mark.thorough
@settings(max_examples=40, deadline=None, derandomize=True)
@given(message=TEXTS, summary=st.lists(TEXTS, max_size=3), name=TEXTS)
@example(message='"' * 7, summary=['"' * 5, "\\"], name="x")
@example(message="a\n\nRevision ID: 1", summary=["${1}", "<%! import os %>"], name="x")
def test_a_file_is_a_revision_and_nothing_else(project: Project, message: str, summary: list[str], name: str) -> None:
    body = f"op.drop_table({quoted(name)})"
    file = write(
        History(project), project.root / "alembic/versions", Text("a" * 12, None, message, summary, body, body)
    )
    try:
        require_only_a_revision(file.read_text())
    finally:
        file.unlink()


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
