"""Renames that depend on each other, lead to another schema, or are ambiguous."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]


def table(name: str, *columns: str, more: str = "") -> str:
    return f'sa.Table("{name}", metadata, {", ".join(columns)}{more})\n'


def column(name: str, old: str = "", type_: str = "sa.Integer") -> str:
    return f'sa.Column("{name}", {type_}{said(old)})'


def said(old: str) -> str:
    return f', info={{"renamed_from": "{old}"}}' if old else ""


def parted(name: str, old: str = "") -> str:
    more = f', postgresql_partition_by="RANGE (a)"{said(old)}'
    ddl = f"CREATE TABLE {name}_one PARTITION OF {name} FOR VALUES FROM (1) TO (9)"
    return table(name, column("a"), column("b"), more=more) + f"ENTITIES.append(sa.DDL({ddl!r}))\n"


def enum(name: str, old: str = "", schema: str = "", labels: str = '"x", "y"', info: str = "") -> str:
    schema = f', schema="{schema}"' if schema else ""
    info = info or (f'mood.info = {{"renamed_from": "{old}"}}\n' if old else "")
    return f'mood = sa.Enum({labels}, name="{name}"{schema})\n{info}' + table("t", column("m", "", "mood"))


@dataclass(frozen=True)
class Case:
    """Models before and after, the lines of the draft, and queries that find the same rows in both."""

    before: str
    after: str
    told: tuple[str, ...]
    row: str
    queries: tuple[str, str]


A_B = table("t", column("a"), column("b"))
CASES = {
    "a chain": Case(
        A_B,
        table("t", column("b", "a"), column("c", "b")),
        ("~ column t.c: renamed from b", "~ column t.b: renamed from a"),
        "INSERT INTO t VALUES (1, 2)",
        ("SELECT a, b FROM t", "SELECT b, c FROM t"),
    ),
    "a chain of tables": Case(
        table("t", column("a")) + table("u", column("b", "", "sa.Text")),
        table("u", column("a"), more=said("t")) + table("v", column("b", "", "sa.Text"), more=said("u")),
        ("~ table v: renamed from u", "~ table u: renamed from t"),
        "INSERT INTO t VALUES (1)",
        ("SELECT a FROM t", "SELECT a FROM u"),
    ),
    "into a schema, by another name": Case(
        A_B,
        table("u", column("a"), column("b"), more=', schema="app"' + said("public.t")),
        ("+ schema app", "~ table app.u: renamed from t"),
        "INSERT INTO t VALUES (1, 2)",
        ("SELECT * FROM t", "SELECT * FROM app.u"),
    ),
    "an enum into a schema": Case(
        enum("mood"),
        enum("feeling", "public.mood", "app"),
        ("+ schema app", "~ enum app.feeling: renamed from mood"),
        "INSERT INTO t VALUES ('y')",
        ("SELECT m::text FROM t", "SELECT m::text FROM t"),
    ),
    "partitions follow": Case(
        parted("t"),
        parted("u", "t"),
        ("~ table u: renamed from t", "~ table u_one: renamed from t_one"),
        "INSERT INTO t VALUES (1, 2)",
        ("SELECT * FROM t_one", "SELECT * FROM u_one"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_renamed_and_nothing_else(case: Case, tmp_path: Path, server: URL, database: URL) -> None:
    draft(edited(tmp_path, case.before), server, "first")
    upgrade(edited(tmp_path, case.before), database, "head", lambda applied: None)
    ask(database, f"{case.row} RETURNING 1")
    rows = ask(database, case.queries[0])
    project = edited(tmp_path, case.after)
    made = draft(project, server, "second")
    assert (made.lines, made.notes) == ([*case.told], [])
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, case.queries[1]) == rows
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, case.queries[0]) == rows
    assert not check(edited(tmp_path, case.before), server, database, "database").drift


SWAPPED = 'mood.info = {"values_renamed_from": {"x": "y", "y": "x"}}\n'
REFUSED = {
    "swapped": (A_B, table("t", column("b", "a"), column("a", "b")), "column t.a and b swap names, and nothing shows"),
    "swapped tables": (
        table("t", column("a")) + table("u", column("a")),
        table("t", column("a"), more=said("u")) + table("u", column("a"), more=said("t")),
        "table t and u swap names, and nothing shows",
    ),
    "swapped values": (enum("mood"), enum("mood", labels='"y", "x"', info=SWAPPED), "enum value mood.x and y swap"),
    "the old name is kept": (
        A_B,
        table("t", column("x", "a"), column("a"), column("b")),
        "column t.x is said to be renamed_from a, but the models have a still.",
    ),
    "said with its table": (
        A_B,
        table("t", column("x", "t.a"), column("b")),
        "column t.x is new: the history has no t.a that it could be renamed_from.",
    ),
    "two undeclared": (
        A_B,
        table("t", column("x"), column("y")),
        'If it is t.x now, say so there in the model: info={"renamed_from": "a"}\n  drop-column t.b: with everything'
        ' in it\n    If it is t.y now, say so there in the model: info={"renamed_from": "b"}',
    ),
    "an undeclared table in another schema": (
        A_B,
        table("t", column("a"), column("b"), more=', schema="app"'),
        'If it is app.t now, say so there in the model: info={"renamed_from": "public.t"}',
    ),
}


@pytest.mark.parametrize(("before", "after", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_with_what_to_write(before: str, after: str, words: str, tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, before), server, "first")
    with pytest.raises(Failure) as refused:
        draft(edited(tmp_path, after), server, "second")
    assert words in refused.value.what and refused.value.remedy
    assert len(list((tmp_path / "alembic/versions").glob("*.py"))) == 1


def test_undeclared_rename_of_an_enum_loses_no_value(tmp_path: Path, server: URL, database: URL) -> None:
    draft(edited(tmp_path, enum("mood")), server, "first")
    upgrade(edited(tmp_path, enum("mood")), database, "head", lambda applied: None)
    ask(database, "INSERT INTO t VALUES ('y') RETURNING 1")
    project = edited(tmp_path, enum("feeling"))
    made = draft(project, server, "second")
    words = "Enum mood is dropped, and another one has its labels. If it is feeling now, say so there in the model: the"
    assert made.notes[0] == f'{words} type\'s .info = {{"renamed_from": "mood"}}'
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, "SELECT m::text, pg_typeof(m)::text FROM t") == [("y", "feeling")]
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "SELECT m::text, pg_typeof(m)::text FROM t") == [("y", "mood")]
