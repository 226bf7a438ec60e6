"""Changes without a loss need no permission; changes with a loss are reported."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import command, plain
from tests.support.projects import ask
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.errors import Failure
from whisper_migrate.planning.capacity import holds_all
from whisper_migrate.planning.hazards import narrowing
from whisper_migrate.revisions.draft import draft


def table(*columns: str) -> str:
    return f'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), {", ".join(columns)})\n'


ENUM = Object("enum", "public.mood", None, ("labels",), (("glad", "very sad"),))
MORE = Object("enum", "public.moods", None, ("labels",), (("very sad", "glad", "tired"),))
CATALOG = Catalog({ENUM.key: ENUM, MORE.key: MORE})
HELD = [
    ("public.mood", "character varying(8)", True),
    ("public.mood", "character varying(7)", False),
    ("public.mood", "public.moods", True),
    ("public.moods", "public.mood", False),
    ("public.mood[]", "character varying(8)[]", True),
    ("integer", "numeric(12,2)", True),
    ("integer", "numeric(11,2)", False),
    ("integer", "character varying(11)", True),
    ("integer", "character varying(10)", False),
    ("integer", "double precision", True),
    ("integer", "real", False),
    ("bigint", "integer", False),
    ("uuid", "character varying(36)", True),
    ("boolean", "character varying(4)", True),
    ("boolean", "public.mood", False),
    ("boolean", "date", False),
    ("boolean", "real", False),
    ("jsonb", "json", True),
    ("json", "jsonb", False),
    ("numeric(8,2)", "character varying(11)", True),
    ("numeric(8,2)", "numeric(9,2)", True),
    ("numeric(8,2)", "numeric(9,4)", False),
    ("character varying(255)", "character varying(100)", False),
    ("timestamp(3) without time zone", "timestamp without time zone", True),
    ("timestamp without time zone", "timestamp(3) without time zone", False),
    ("bit(3)", "bit varying(3)", True),
]


@pytest.mark.parametrize(("old", "new", "held"), HELD)
def test_a_type_holds_all_of_another(old: str, new: str, held: bool) -> None:
    assert holds_all(old, new, CATALOG, CATALOG) == held


@pytest.mark.servers("pg18")
def test_a_draft_that_loses_nothing_needs_no_word(tmp_path: Path, server: URL) -> None:
    before = table('sa.Column("a", sa.Enum("x", "long", name="m"))', 'sa.Column("b", sa.Integer)')
    after = table('sa.Column("a", sa.String(4))', 'sa.Column("b", sa.Numeric(12, 2))')
    draft(edited(tmp_path, before), server, "first")
    assert draft(edited(tmp_path, after.replace("primary_key", "sa.Identity(), primary_key")), server, "second").path


@pytest.mark.servers("pg18")
def test_a_draft_names_values_that_do_not_fit(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table('sa.Column("a", sa.Enum("x", "long", name="m"))')), server, "first")
    with pytest.raises(Failure, match=r"change-column t.a: values of type m that character varying\(3\) does not hold"):
        draft(edited(tmp_path, table('sa.Column("a", sa.String(3))')), server, "second")


IMPOSSIBLE = [
    ("sa.Integer", "sa.Uuid"),
    ("sa.Boolean", "sa.Date"),
    ("sa.Uuid", "sa.Integer"),
    ("sa.Date", "sa.Integer"),
]


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(
    ("new", "loss"),
    [
        ("street text, n bigint", None),
        ("n integer, street text", None),
        ("street text, n smallint", "loses n integer, with the values that columns of this type hold"),
        ("street text", "loses n integer, with the values that columns of this type hold"),
    ],
)
def test_a_composite_type_keeps_what_its_attributes_hold(new: str, loss: str | None) -> None:
    old, other = (
        Object("composite_type", "public.addr", None, ("attributes",), (tuple(words.split(", ")),))
        for words in ("street text, n integer", new)
    )
    assert narrowing(old, other, CATALOG, CATALOG) == loss


@pytest.mark.parametrize(("old", "new"), IMPOSSIBLE)
def test_what_no_value_passes_is_refused(old: str, new: str, tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table(f'sa.Column("a", {old})')), server, "first")
    with pytest.raises(Failure, match=r"no value of type .* can become one of type") as failed:
        draft(edited(tmp_path, table(f'sa.Column("a", {new})')), server, "second", allowed=["change-column t.a"])
    assert "t.a" in failed.value.what and "another name" in str(failed.value.remedy)


BEFORE = table(
    'sa.Column("short", sa.String(5))',
    'sa.Column("narrow", sa.Numeric(6, 1))',
    'sa.Column("mood", sa.Enum("x", name="m"))',
)
AFTER = table(
    'sa.Column("short", sa.String(50))',
    'sa.Column("narrow", sa.Numeric(8, 3))',
    'sa.Column("mood", sa.Enum("x", "y", name="m"))',
    'sa.Column("added", sa.Numeric(5, 2), server_default="0")',
)


@pytest.mark.thorough
def test_a_downgrade_asks_the_database(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    draft(edited(tmp_path, BEFORE), server, "first")
    project = edited(tmp_path, AFTER)
    draft(project, server, "second")
    shadows = {"SHADOW_URL": plain(server)}
    assert command(capsys, project, database, "upgrade", **shadows).code == 0
    fine = "(1, 'short', 12.5, 'x', 0), (2, NULL, NULL, NULL, DEFAULT)"
    ask(database, f"INSERT INTO t (id, short, narrow, mood, added) VALUES {fine}")
    assert command(capsys, project, database, "downgrade", "-1", **shadows).code == 0
    assert command(capsys, project, database, "upgrade", **shadows).code == 0
    ask(database, "INSERT INTO t VALUES (3, 'too long', 12.54, 'y', 1.5)")
    said = command(capsys, project, database, "downgrade", "-1", **shadows)
    assert said.code == 2
    for what in ("t.added: 1 row", "t.short: ", "t.narrow: ", "t.mood: 1 row"):
        assert what in said.err, said.err
    assert said.err.count(": 1 row") == 4, said.err


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_losses_and_rows_are_refused_together(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table('sa.Column("a", sa.JSON)', 'sa.Column("n", sa.Integer)')), server, "first")
    after = table('sa.Column("n", sa.Integer, nullable=False)', 'sa.Column("at", sa.Date, nullable=False)')
    with pytest.raises(Failure) as failed:
        draft(edited(tmp_path, after), server, "second")
    said = str(failed.value)
    for words in ("  drop-column t.a: ", 'allow="drop-column t.a"', 'backfill="t.at=EXPRESSION"'):
        assert words in said, said
    with pytest.raises(Failure) as failed:
        draft(edited(tmp_path, after), server, "second", filling=["t.at=current_date"])
    assert "drop-column t.a" in str(failed.value) and "set-not-null t.n" in str(failed.value), str(failed.value)
