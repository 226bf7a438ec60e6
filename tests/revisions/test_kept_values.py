"""Changes of a column's type that every value survives, there and back: they need no permission."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import command, plain
from tests.support.projects import ask
from whisper_migrate.revisions.draft import draft

TYPES = """
ENTITIES += [sa.DDL("CREATE TYPE address AS (street text, number integer)")]
ENTITIES += [sa.DDL("CREATE EXTENSION hstore")]
class Address(sa.types.UserDefinedType):
    def get_col_spec(self, **options): return "address"
class Addresses(sa.types.UserDefinedType):
    def get_col_spec(self, **options): return "address[]"
"""
# The old type, the new one, a value, and the value in the new type.
KEPT = [
    ("Address()", "postgresql.JSONB", "ROW('Main', 3)::address", '{"number": 3, "street": "Main"}'),
    ("Addresses()", "postgresql.JSONB", "ARRAY[ROW('Main', 3)]::address[]", '[{"number": 3, "street": "Main"}]'),
    ("postgresql.JSONB", "Address()", """'{"street": "Main", "number": 3}'""", "(Main,3)"),
    ("sa.JSON", "Addresses()", """'[{"street":"a","number":1}]'""", '{"(a,1)"}'),
    ("postgresql.HSTORE", "postgresql.JSONB", "'a=>1, b=>NULL'", '{"a": "1", "b": null}'),
    ("sa.Date", "postgresql.JSONB", "'2026-01-02'", '"2026-01-02"'),
    ("postgresql.JSONB", "sa.JSON", """'{"a": [null]}'""", '{"a": [null]}'),
    ("sa.Time", "sa.Interval", "'12:30'", "12:30:00"),
    ("sa.Boolean", "sa.Enum('true', 'false', name='truth')", "true", "true"),
    ("sa.Boolean", "sa.SmallInteger", "true", "1"),
    ("sa.Boolean", "sa.Numeric", "false", "0"),
    ("sa.Boolean", "sa.String(1)", "true", "t"),
    ("sa.Boolean", "sa.CHAR(1)", "false", "f"),
    ("sa.Enum('x', 'y', name='xy')", "postgresql.JSONB", "'x'", '"x"'),
    ("sa.Date", "sa.DateTime(timezone=True)", "'2026-01-02'", "2026-01-02 00:00:00+00"),
    ("postgresql.MACADDR", "postgresql.MACADDR8", "'08:00:2b:01:02:03'", "08:00:2b:ff:fe:01:02:03"),
]


def _models(place: int) -> str:
    columns = "".join(f', sa.Column("c{number}", {case[place]})' for number, case in enumerate(KEPT))
    return f'{TYPES}sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True){columns})\n'


@pytest.mark.thorough
def test_values_survive_there_and_back(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    shadows = {"SHADOW_URL": plain(server)}
    before = edited(tmp_path, _models(0))
    draft(before, server, "first")
    assert command(capsys, before, database, "upgrade", **shadows).code == 0
    ask(database, f"INSERT INTO t VALUES (1, {', '.join(case[2] for case in KEPT)})")
    old = _values(database)
    project = edited(tmp_path, _models(1))
    made = draft(project, server, "second", allowed=["change-column t.c2", "change-column t.c3"])
    assert not [note for note in made.notes if "fails" in note and not note.startswith(("t.c2:", "t.c3:"))], made.notes
    said = command(capsys, project, database, "upgrade", **shadows)
    assert said.code == 0, said.err
    assert _values(database) == [case[3] for case in KEPT]
    said = command(capsys, project, database, "downgrade", "-1", **shadows)
    assert said.code == 0, said.err
    assert _values(database) == old


def _values(database: URL) -> list[str]:
    row = ask(database, f"SELECT {', '.join(f'c{number}::text' for number, _ in enumerate(KEPT))} FROM t")[0]
    return list(row)


ALREADY = [
    ('sa.PrimaryKeyConstraint("id", "at")', True),
    ('sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("id", "at", name="more")', True),
    ('sa.PrimaryKeyConstraint("id"), sa.Index("more", "at", "id", unique=True)', True),
    ('sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("at", name="more")', False),
    ('sa.PrimaryKeyConstraint("id"), sa.Index("more", sa.text("coalesce(at, id, id)"), unique=True)', False),
]


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(("keys", "already"), ALREADY)
def test_a_key_with_an_older_key_in_it_asks_for_nothing(keys: str, already: bool, tmp_path: Path, server: URL) -> None:
    columns = 'sa.Column("id", sa.Integer, autoincrement=False), sa.Column("at", sa.Integer, nullable=False)'
    table = f'sa.Table("t", metadata, {columns}, {{}})\n'
    draft(edited(tmp_path, table.format('sa.PrimaryKeyConstraint("id")')), server, "first")
    project = edited(tmp_path, table.format(keys))
    if already:
        assert draft(project, server, "second").path
    else:
        with pytest.raises(Exception, match="two rows have the same"):
            draft(project, server, "second")
