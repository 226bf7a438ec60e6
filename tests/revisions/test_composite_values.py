"""A composite type changes under columns: each attribute keeps its value, by its name, and NULL stays what it was."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

pytestmark = pytest.mark.thorough

MODELS = """
def typed(name):
    class Typed(sa.types.UserDefinedType):
        def get_col_spec(self, **options): return name
    return Typed()

ENTITIES += [sa.DDL(sql) for sql in ({entities})]
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", typed("pair")){more})
"""
ARRAY = ', sa.Column("d", typed("pair[]"))'
WITH_JSON = "ROW(1, 'null', '{\"a\": 1, \"a\":2}')"
WITH_HSTORE = "ROW(1, 'a=>1, b=>NULL')"
HSTORE = "CREATE EXTENSION hstore"
INNER = "CREATE TYPE inner_pair AS ({})"
NULLS = ["NULL", "ROW(NULL, NULL)"]
# Statements before and after, whether a column is an array, values, and their texts after the upgrade.
CASES: dict[str, tuple[list[str], list[str], bool, list[str], list[str | None]]] = {
    "JSON null is no NULL": (
        ["CREATE TYPE pair AS (x integer, j jsonb, jj json)"],
        ["CREATE TYPE pair AS (x bigint, j jsonb, jj json)"],
        True,
        [WITH_JSON, "NULL"],
        ['(1,null,"{""a"": 1, ""a"":2}")', None],
    ),
    "a type with a cast to JSON": (
        [HSTORE, "CREATE TYPE pair AS (x integer, h hstore)"],
        [HSTORE, "CREATE TYPE pair AS (x bigint, h hstore)"],
        True,
        [WITH_HSTORE, *NULLS],
        ['(1,"""a""=>""1"", ""b""=>NULL")', None, "(,)"],
    ),
    "attributes that change places": (
        [HSTORE, "CREATE TYPE pair AS (x integer, h hstore)"],
        [HSTORE, "CREATE TYPE pair AS (h hstore, x bigint)"],
        False,
        [WITH_HSTORE, *NULLS],
        ['("""a""=>""1"", ""b""=>NULL",1)', None, "(,)"],
    ),
    "an attribute between others": (
        ["CREATE TYPE pair AS (j jsonb, z text)"],
        ["CREATE TYPE pair AS (j jsonb, y text, z text)"],
        False,
        ["ROW('null', 'a,\"b')", *NULLS],
        ['(null,,"a,""b")', None, "(,,)"],
    ),
    "inside of another type": (
        [INNER.format("a integer, b jsonb"), "CREATE TYPE pair AS (i inner_pair, z text)"],
        [INNER.format("b jsonb, a integer"), "CREATE TYPE pair AS (i inner_pair, z text)"],
        False,
        ["ROW(ROW(1, 'null')::inner_pair, 'z')", "ROW(NULL, 'z')", "NULL"],
        ['("(null,1)",z)', "(,z)", None],
    ),
    "inside of an array in another type": (
        [INNER.format("a integer, b text"), "CREATE TYPE pair AS (i inner_pair[], z text)"],
        [INNER.format("b text, a integer"), "CREATE TYPE pair AS (i inner_pair[], z text)"],
        False,
        ["ROW(ARRAY[ROW(1, 'b')::inner_pair], 'z')", "NULL"],
        ['("{""(b,1)""}",z)', None],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_of_a_composite_type(name: str, tmp_path: Path, server: URL, database: URL) -> None:
    *sides, arrays, values, wanted = CASES[name]
    more = ARRAY if arrays else ""
    before, after = (
        MODELS.replace("{entities}", "".join(f"{sql!r}, " for sql in side)).replace("{more}", more) for side in sides
    )
    draft(edited(tmp_path, before), server, "first")
    upgrade(edited(tmp_path, before), database, "head", lambda applied: None)
    for number, value in enumerate(values):
        ask(database, f"INSERT INTO t (id, c) VALUES ({number}, {value}::pair)")
    if arrays:
        ask(database, "UPDATE t SET d = ARRAY[c]")
    old = ask(database, "SELECT * FROM t ORDER BY id")
    project = edited(tmp_path, after)
    assert draft(project, server, "second").path
    upgrade(project, database, "head", lambda applied: None)
    assert [text for (text,) in ask(database, "SELECT c::text FROM t ORDER BY id")] == wanted
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "SELECT * FROM t ORDER BY id") == old
    assert not check(edited(tmp_path, before), server, database, "database").drift
