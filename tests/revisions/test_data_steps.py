"""Data is moved while both old and new tables and columns exist, in the upgrade and in the downgrade."""

from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.revisions.data_places import MARK
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check


def table(name: str, *columns: str) -> str:
    return f'sa.Table("{name}", metadata, sa.Column("id", sa.Integer, primary_key=True), {", ".join(columns)})\n'


class Case(NamedTuple):
    """Models before and after; rows; steps that move them there and back; a query, and its result after each."""

    before: str
    after: str
    rows: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    query: str
    there: list[tuple[object, ...]]
    back: str
    allow: tuple[str, ...] = ()


NAMED = (
    table(
        "{table}",
        'sa.Column("{column}", sa.Integer)',
        'sa.Index("two_idx", "{column}")',
        'sa.UniqueConstraint("{column}", name="two_u")',
    )
    + 'ENTITIES.append(sa.DDL("CREATE STATISTICS two_st ON id, {column} FROM {table}"))\n'
)
CASES = {
    "a column replaced, its index's name kept": Case(
        table("one", 'sa.Column("notes", sa.Text, nullable=False)', 'sa.Index("one_idx", "notes")'),
        table("one", 'sa.Column("remarks", sa.Text)', 'sa.Index("one_idx", "remarks")'),
        "INSERT INTO one VALUES (1, 'a')",
        ("UPDATE one SET remarks = upper(notes)",),
        ("UPDATE one SET notes = lower(remarks)",),
        "SELECT remarks FROM one",
        [("A",)],
        "SELECT id, notes FROM one",
        ("drop-column one.notes",),
    ),
    "a table replaced, the names of its index, key and statistics kept": Case(
        NAMED.format(table="two", column="a"),
        NAMED.format(table="zwei", column="b"),
        "INSERT INTO two VALUES (1, 7)",
        ("INSERT INTO zwei SELECT id, a FROM two",),
        ("INSERT INTO two SELECT id, b FROM zwei",),
        "SELECT id, b FROM zwei",
        [(1, 7)],
        "SELECT id, a FROM two",
        ("drop-table two",),
    ),
    "a column of JSON becomes two tables": Case(
        table("three", 'sa.Column("body", postgresql.JSONB, nullable=False)'),
        'sa.Table("three", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
        + table("three_a", 'sa.Column("a", sa.Text, nullable=False)', 'sa.ForeignKeyConstraint(["id"], ["three.id"])')
        + table("three_b", 'sa.Column("b", sa.Text, nullable=False)', 'sa.ForeignKeyConstraint(["id"], ["three.id"])'),
        """INSERT INTO three VALUES (1, '{"a": "x", "b": "y"}')""",
        (
            "INSERT INTO three_a SELECT id, body ->> 'a' FROM three",
            "INSERT INTO three_b SELECT id, body ->> 'b' FROM three",
        ),
        (
            "UPDATE three SET body = jsonb_build_object('a', a, 'b', b) FROM three_a, three_b"
            " WHERE three.id = three_a.id AND three.id = three_b.id",
        ),
        "SELECT a, b FROM three_a, three_b",
        [("x", "y")],
        "SELECT id, body FROM three",
        ("drop-column three.body",),
    ),
    "an enum and its column replaced, the enum's name kept": Case(
        table("four", """sa.Column("feeling", sa.Enum("sad", "glad", name="mood"))"""),
        table("four", """sa.Column("mood", sa.Enum("happy", name="mood"))"""),
        "INSERT INTO four VALUES (1, 'glad')",
        ("UPDATE four SET mood = 'happy' WHERE feeling::text = 'glad'",),
        ("UPDATE four SET feeling = 'glad' WHERE mood::text = 'happy'",),
        "SELECT mood::text FROM four",
        [("happy",)],
        "SELECT id, feeling::text FROM four",
        ("drop-column four.feeling", "change-enum mood"),
    ),
    "a column split in two": Case(
        table("five", 'sa.Column("name", sa.Text, nullable=False)'),
        table("five", 'sa.Column("first", sa.Text)', 'sa.Column("last", sa.Text)'),
        "INSERT INTO five VALUES (1, 'Ada Lovelace')",
        ("UPDATE five SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2)",),
        ("UPDATE five SET name = first || ' ' || last",),
        "SELECT first, last FROM five",
        [("Ada", "Lovelace")],
        "SELECT id, name FROM five",
        ("drop-column five.name",),
    ),
    "a column moved to another table, by way of a foreign key that is replaced": Case(
        table("six_old", 'sa.Column("title", sa.Text, nullable=False)')
        + table("six", 'sa.Column("old", sa.Integer, sa.ForeignKey("six_old.id"), nullable=False)'),
        table("six_new", 'sa.Column("title", sa.Text, nullable=False)')
        + table("six", 'sa.Column("new", sa.Integer, sa.ForeignKey("six_new.id"))'),
        "INSERT INTO six_old VALUES (5, 't'); INSERT INTO six VALUES (1, 5)",
        ("INSERT INTO six_new SELECT id + 1, title FROM six_old", "UPDATE six SET new = old + 1"),
        ("INSERT INTO six_old SELECT id - 1, title FROM six_new", "UPDATE six SET old = new - 1"),
        "SELECT new, title FROM six JOIN six_new ON six_new.id = new",
        [(6, "t")],
        "SELECT six.id, old, title FROM six JOIN six_old ON six_old.id = old",
        ("drop-table six_old", "drop-column six.old"),
    ),
    "a sequence replaced": Case(
        'sa.Sequence("seven_old", metadata=metadata)\n',
        'sa.Sequence("seven_new", metadata=metadata)\n',
        "SELECT setval('seven_old', 41)",
        ("SELECT setval('seven_new', (SELECT last_value FROM seven_old))",),
        ("SELECT setval('seven_old', (SELECT last_value FROM seven_new))",),
        "SELECT last_value FROM seven_new",
        [(41,)],
        "SELECT last_value FROM seven_old",
        ("drop-sequence seven_old",),
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("online", [False, True], ids=["at once", "online"])
def test_rows_move_up_and_down(online: bool, tmp_path: Path, server: URL, database: URL) -> None:
    before, after = ("".join(getattr(case, side) for case in CASES.values()) for side in ("before", "after"))
    draft(edited(tmp_path, before), server, "first")
    upgrade(edited(tmp_path, before), database, "head", lambda applied: None)
    for case in CASES.values():
        ask(database, case.rows)
    old = {name: ask(database, case.back) for name, case in CASES.items()}
    project = edited(tmp_path, after)
    allowed = [name for case in CASES.values() for name in case.allow]
    file = draft(project, server, "second", allowed=allowed, online=online).path
    assert file
    parts = file.read_text().split(f"    {MARK}\n")
    assert len(parts) == 3, file.read_text()
    moves = [
        "".join(f'    op.execute("{sql}")\n' for case in CASES.values() for sql in getattr(case, way))
        for way in ("up", "down")
    ]
    file.write_text(f"{parts[0]}{moves[0]}{parts[1]}{moves[1]}{parts[2]}")
    upgrade(project, database, "head", lambda applied: None)
    assert {name: ask(database, case.query) for name, case in CASES.items()} == {
        name: case.there for name, case in CASES.items()
    }
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert {name: ask(database, case.back) for name, case in CASES.items()} == old
    assert not check(edited(tmp_path, before), server, database, "database").drift


NOTES = 'sa.Column("notes", sa.Text)'
COMPUTED = 'sa.Column("n", sa.Integer, sa.Computed("id * 2", persisted=True))'
# Columns before and after, a backfill, and the statements behind each place for data steps in the upgrade.
PLACES: dict[str, tuple[str, str, list[str], list[str]]] = {
    "one column filled, another one dropped": (
        NOTES,
        'sa.Column("n", sa.Integer, nullable=False)',
        ["t.n=1"],
        ['op.alter_column("t", "n", nullable=False, existing_type=sa.Integer())'],
    ),
    "a column filled, nothing dropped": (
        NOTES,
        f'{NOTES}, sa.Column("n", sa.Integer, nullable=False)',
        ["t.n=1"],
        [],
    ),
    "a column that becomes computed": ('sa.Column("n", sa.Integer)', COMPUTED, [], ['op.drop_column("t", "n")']),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.servers("pg18")
def test_places_for_data_steps(name: str, tmp_path: Path, server: URL) -> None:
    before, after, filling, behind = PLACES[name]
    draft(edited(tmp_path, table("t", before)), server, "first")
    allowed = ["drop-column t.notes", "drop-column t.n"]
    file = draft(edited(tmp_path, table("t", after)), server, "second", allowed=allowed, filling=filling).path
    assert file
    upgrading = file.read_text().partition("def upgrade")[2].partition("def downgrade")[0]
    assert [part.strip().partition("\n")[0] for part in upgrading.split(MARK)[1:]] == behind
