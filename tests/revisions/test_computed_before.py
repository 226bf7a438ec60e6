"""A draft that changes a function's body names the objects that keep what the old body computed."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import command
from tests.support.projects import ask

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
MODELS = """
ENTITIES += [sa.DDL(text) for text in (
    "CREATE FUNCTION f(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN n + {0}; END'",
    "CREATE MATERIALIZED VIEW seen AS SELECT f(1) AS one",
    "CREATE VIEW always AS SELECT f(1) AS one",
)]
sa.Table(
    "t", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kept", sa.Integer, sa.Computed("f(id)", persisted=True)),
    sa.Column("plain", sa.Integer, server_default=sa.text("f(1)")),
    sa.CheckConstraint("f(id) > 0", name="positive"),
    sa.Index("by_f", sa.text("f(id)")),
)
"""


def test_what_keeps_values_of_a_function_is_named(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(tmp_path, MODELS.format(1))
    for words in (("create", "first"), ("upgrade",)):
        assert command(capsys, edited(tmp_path, MODELS.format(1)), database, *words).code == 0
    ask(database, "INSERT INTO t (id) VALUES (1)")
    project = edited(tmp_path, MODELS.format(2))
    said = command(capsys, project, database, "create", "second")
    notes = [line for line in said.out.splitlines() if line.startswith("Note: Function f(integer) changes")]
    for words in ("REINDEX INDEX by_f", "REFRESH MATERIALIZED VIEW seen", "UPDATE t SET id = id", "positive"):
        assert sum(words in note for note in notes) == 1, said
    assert len(notes) == 4
    assert command(capsys, project, database, "upgrade").code == 0
    remedies = ("REINDEX INDEX by_f", "REFRESH MATERIALIZED VIEW seen", "UPDATE t SET id = id")
    ask(database, *remedies)
    assert ask(database, "SELECT kept, one FROM t, seen") == [(3, 3)]
    assert command(capsys, project, database, "check-drift").code == 0
