"""Edits of models, as people make them: each is drafted, keeps the values, and comes back as it was."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.drafting import edited
from tests.projects import ask
from whisper_migrate.drift import check
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade

# Each column's types before and after; its value before, after and, where it is another one, when it has come back.
RETYPED = [
    ("sa.Text", "postgresql.ARRAY(sa.Text)", "'one'", "{one}"),
    ("sa.Text", "postgresql.ARRAY(sa.String(5))", "'{a,b}'", "{a,b}"),
    ("sa.Text", "postgresql.ARRAY(sa.Text)", "'{not one'", '{"{not one"}'),
    ("postgresql.ARRAY(sa.Text)", "sa.Text", "'{NULL}'", "{NULL}"),
    ("sa.Integer", "postgresql.ARRAY(sa.Integer)", "5", "{5}"),
    ("postgresql.ARRAY(sa.Text)", "postgresql.JSONB", "'{a,NULL}'", '["a", null]'),
    ("postgresql.JSONB", "postgresql.ARRAY(sa.Text)", '\'["a", "b"]\'', "{a,b}"),
    ("sa.Date", "postgresql.JSONB", "'2020-02-03'", '"2020-02-03"'),
    ("sa.BigInteger", "sa.DateTime(timezone=True)", "1700000000", "2023-11-14 22:13:20+00"),
    ("sa.DateTime", "sa.DateTime(timezone=True)", "'2020-02-03 04:05'", "2020-02-03 04:05:00+00"),
    ("sa.Date", "sa.DateTime(timezone=True)", "'2020-02-03'", "2020-02-03 00:00:00+00"),
    ("sa.Integer", 'sa.Enum("1", "2", name="digit")', "2", "2"),
    ("sa.Boolean", "sa.Text", "true", "true"),
    ("sa.CHAR(5)", "sa.String(5)", "'ab'", "ab"),
]


def table(*columns: str) -> str:
    return f'sa.Table("t", metadata, {", ".join(columns)})\n'


@pytest.mark.servers("pg18")
def test_values_keep_what_they_say(tmp_path: Path, server: URL, database: URL) -> None:
    sides = [
        table(*(f'sa.Column("c{number}", {retyped[side]})' for number, retyped in enumerate(RETYPED)))
        for side in (0, 1)
    ]
    # Whatever zone the session is in: times without one are in UTC.
    ask(database, f"ALTER DATABASE \"{database.database}\" SET TimeZone = 'Asia/Tokyo'")
    names = ", ".join(f"c{number}" for number in range(len(RETYPED)))
    texts = f"SET TimeZone = 'UTC'; SELECT {names.replace(',', '::text,')}::text FROM t"
    draft(edited(tmp_path, sides[0]), server, "first")
    upgrade(edited(tmp_path, sides[0]), database, "head", lambda applied: None)
    ask(database, f"INSERT INTO t ({names}) VALUES ({', '.join(retyped[2] for retyped in RETYPED)})")
    before = ask(database, texts)
    project = edited(tmp_path, sides[1])
    allowed = [f"change-column t.c{number}" for number in range(len(RETYPED))]
    draft(project, server, "second", allowed=allowed)
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, texts) == [tuple(retyped[3] for retyped in RETYPED)]
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, texts) == before
    assert not check(edited(tmp_path, sides[0]), server, database, "database").drift


@pytest.mark.servers("pg18")
def test_numbers_go_on_where_they_were(tmp_path: Path, server: URL, database: URL) -> None:
    serial = table('sa.Column("id", sa.Integer, primary_key=True)', 'sa.Column("a", sa.Integer)')
    identity = table('sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)', 'sa.Column("a", sa.Integer)')
    draft(edited(tmp_path, serial), server, "first")
    upgrade(edited(tmp_path, serial), database, "head", lambda applied: None)
    ask(database, "INSERT INTO t (a) VALUES (1), (2)")
    project = edited(tmp_path, identity)
    draft(project, server, "second", allowed=["drop-sequence t_id_seq"])
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, "INSERT INTO t (a) VALUES (3) RETURNING id") == [(3,)]
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "INSERT INTO t (a) VALUES (4) RETURNING id") == [(4,)]
    assert not check(edited(tmp_path, serial), server, database, "database").drift


@pytest.mark.servers("pg18")
def test_plain_ddl_comes_in_any_order(tmp_path: Path, server: URL) -> None:
    """As entities do, where the order of declaration leads nowhere."""
    statements = (
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    )
    models = table('sa.Column("id", sa.Integer)') + "".join(f"ENTITIES.append(sa.DDL({one!r}))\n" for one in statements)
    assert draft(edited(tmp_path, models), server, "first").lines == ["+ table t", "+ function f()"]


MISTAKES = [
    ("ENTITIES.append(sa.DDL(\"CREATE DOMAIN d AS text CHECK (VALUE LIKE '%@%')\"))", "a percent sign is written %%"),
    (table('sa.Column("a")'), "The models do not make a schema: .*type"),
]


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(("models", "said"), MISTAKES)
def test_mistakes_in_models_are_told(models: str, said: str, tmp_path: Path, server: URL) -> None:
    with pytest.raises(Failure, match=said):
        draft(edited(tmp_path, models), server, "x")
