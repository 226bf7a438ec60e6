"""Backfills from the command line: each runs on rows, and before the columns it reads are dropped."""

import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check


def table(name: str, *columns: str) -> str:
    return f'sa.Table("{name}", metadata, sa.Column("id", sa.Integer, primary_key=True), {", ".join(columns)})\n'


def ddl(*statements: str) -> str:
    return "".join(f"ENTITIES.append(sa.DDL({textwrap.dedent(one)!r}))\n" for one in statements)


class Case(NamedTuple):
    """Models before and after; rows; the backfills; and a query with its result."""

    before: str
    after: str
    rows: str
    backfills: tuple[str, ...]
    query: str
    there: list[tuple[object, ...]]
    allow: tuple[str, ...] = ()


LATER = 'deferrable=True, initially="DEFERRED"'
DEFERRED = ddl(
    """
    CREATE FUNCTION log_four() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.four_log (said) VALUES (NEW.a); RETURN NEW; END $$""",
    "CREATE TRIGGER logs AFTER UPDATE ON four FOR EACH ROW EXECUTE FUNCTION log_four()",
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    """
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON four_log DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION nothing()""",
)
CASES = {
    "a column replaced, filled from the old one": Case(
        table("one", 'sa.Column("notes", sa.Text)'),
        table("one", 'sa.Column("remarks", sa.Text, nullable=False)'),
        "INSERT INTO one VALUES (1, 'a'), (2, NULL)",
        ("one.remarks=coalesce(notes, '')",),
        "SELECT remarks FROM one ORDER BY id",
        [("a",), ("",)],
        ("drop-column one.notes",),
    ),
    "a name that PostgreSQL quotes, typed as the models have it": Case(
        table("quoted", 'sa.Column("a", sa.Text)'),
        table("quoted", 'sa.Column("a", sa.Text)', 'sa.Column("Full", sa.Text, nullable=False)'),
        "INSERT INTO quoted VALUES (1, 'a')",
        ("quoted.Full=coalesce(upper(a), '')",),
        'SELECT "Full" FROM quoted',
        [("A",)],
    ),
    "two columns merged, by way of a new table": Case(
        table("two", 'sa.Column("first", sa.Text)', 'sa.Column("last", sa.Text)'),
        table("two_kinds", 'sa.Column("name", sa.Text)')
        + table("two", 'sa.Column("name", sa.Text, nullable=False)', 'sa.Column("kinds", sa.Integer)'),
        "INSERT INTO two VALUES (1, 'Ada', 'Lovelace')",
        ("two.name=concat(first, ' ', last), two.kinds=(SELECT count(*) FROM two_kinds)",),
        "SELECT name, kinds FROM two",
        [("Ada Lovelace", 0)],
        ("drop-column two.first", "drop-column two.last"),
    ),
    "a deferred foreign key": Case(
        table("three_of", 'sa.Column("a", sa.Integer)')
        + table("three", f'sa.Column("of", sa.Integer, sa.ForeignKey("three_of.id", {LATER}))'),
        table("three_of", 'sa.Column("a", sa.Integer)')
        + table("three", f'sa.Column("of", sa.Integer, sa.ForeignKey("three_of.id", {LATER}), nullable=False)'),
        "INSERT INTO three_of VALUES (5); INSERT INTO three VALUES (1, NULL)",
        ("three.of=(SELECT min(id) FROM three_of)",),
        "SELECT of FROM three",
        [(5,)],
    ),
    "a trigger that writes to another table, which has a deferred trigger": Case(
        DEFERRED
        + table("four", 'sa.Column("a", sa.Text)')
        + 'sa.Table("four_log", metadata, sa.Column("said", sa.Text))\n',
        DEFERRED
        + table("four", 'sa.Column("a", sa.Text, nullable=False)')
        + 'sa.Table("four_log", metadata, sa.Column("said", sa.Text),'
        + ' sa.CheckConstraint("said IS NOT NULL", name="four_said"))\n',
        "INSERT INTO four VALUES (1, NULL); INSERT INTO four_log VALUES ('x')",
        ("four.a='y'",),
        "SELECT a, said FROM four, four_log",
        [("y", "x"), ("y", "y")],
        ("add-constraint four_said on four_log",),
    ),
    "text to an enum": Case(
        table("five", 'sa.Column("mood", sa.Text)'),
        table("five", 'sa.Column("mood", sa.Enum("glad", "sad", name="mood"))'),
        "INSERT INTO five VALUES (1, 'Glad'), (2, 'sad'), (3, NULL)",
        ("five.mood=lower(mood)",),
        "SELECT mood::text FROM five ORDER BY id",
        [("glad",), ("sad",), (None,)],
    ),
    "a shorter text, a number from a text": Case(
        table("six", 'sa.Column("a", sa.String(9))', 'sa.Column("b", sa.Text)'),
        table("six", 'sa.Column("a", sa.String(3))', 'sa.Column("b", sa.Integer)'),
        "INSERT INTO six VALUES (1, 'abcdef', '5 pieces'), (2, 'ab', NULL)",
        ("six.a=left(a, 3), six.b=split_part(b, ' ', 1)",),
        "SELECT a, b FROM six ORDER BY id",
        [("abc", 5), ("ab", None)],
    ),
    "new columns with defaults, which are for later rows": Case(
        table("seven", 'sa.Column("active", sa.Boolean)'),
        ddl("CREATE DOMAIN level AS integer DEFAULT 9")
        + table(
            "seven",
            'sa.Column("state", sa.Enum("on", "off", name="state"), server_default="on", nullable=False)',
            'sa.Column("key", sa.Uuid, server_default=sa.text("gen_random_uuid()"))',
            'sa.Column("level", postgresql.DOMAIN("level", sa.Integer, create_type=False))',
        ),
        "INSERT INTO seven VALUES (1, false)",
        (
            "seven.state=CASE WHEN active THEN 'on' ELSE 'off' END::state",
            "seven.key='6b0a5b2e-0000-0000-0000-000000000000', seven.level=id",
        ),
        "INSERT INTO seven (id) VALUES (2); SELECT state::text, left(key::text, 8) = '6b0a5b2e', level"
        " FROM seven ORDER BY id",
        [("off", True, 1), ("on", False, 9)],
        ("drop-column seven.active",),
    ),
    "a new column that a check lets be NULL": Case(
        table("eight", 'sa.Column("a", sa.Integer)'),
        table("eight", 'sa.Column("a", sa.Integer)', 'sa.Column("b", sa.Integer)', 'sa.CheckConstraint("b > 0")'),
        "INSERT INTO eight VALUES (1, 3)",
        ("eight.b=greatest(a, 1)",),
        "SELECT b FROM eight",
        [(3,)],
    ),
    "a function that is dropped": Case(
        ddl("CREATE FUNCTION tidy(a text) RETURNS text LANGUAGE sql AS 'SELECT lower(a)'")
        + table("nine", 'sa.Column("a", sa.Text)'),
        table("nine", 'sa.Column("b", sa.Text, nullable=False)'),
        "INSERT INTO nine VALUES (1, 'A')",
        ("nine.b=coalesce(tidy(a), '')",),
        "SELECT b FROM nine",
        [("a",)],
        ("drop-column nine.a",),
    ),
    "what is missing, and labels that do not fit": Case(
        table("ten", 'sa.Column("mood", sa.Text)'),
        table("ten", 'sa.Column("mood", sa.Enum("glad", "sad", name="mood"), nullable=False)'),
        "INSERT INTO ten VALUES (1, 'Glad'), (2, 'sad'), (3, NULL)",
        ("ten.mood=lower(coalesce(mood, 'sad'))",),
        "SELECT mood::text FROM ten ORDER BY id",
        [("glad",), ("sad",), ("sad",)],
    ),
    "what breaks a new check, of a column with a wider type": Case(
        table("eleven", 'sa.Column("a", sa.Integer)'),
        table("eleven", 'sa.Column("a", sa.BigInteger)', 'sa.CheckConstraint("a > 0", name="positive")'),
        "INSERT INTO eleven VALUES (1, -5), (2, 7), (3, NULL)",
        ("eleven.a=1",),
        "SELECT a FROM eleven ORDER BY id",
        [(1,), (7,), (None,)],
    ),
    "labels that are gone, and what breaks a new check": Case(
        table("thirteen", 'sa.Column("s", sa.Enum("new", "old", "gone", name="st"))'),
        table(
            "thirteen",
            'sa.Column("s", sa.Enum("fresh", "new", "old", name="st"))',
            "sa.CheckConstraint(\"s <> 'old' OR id > 2\", name='kept')",
        ),
        "INSERT INTO thirteen VALUES (1, 'gone'), (2, 'old'), (3, 'old'), (4, 'gone')",
        ("thirteen.s='new'",),
        "SELECT s::text FROM thirteen ORDER BY id",
        [("new",), ("new",), ("old",), ("new",)],
        ("change-enum st",),
    ),
    "what breaks a new check, of the new type": Case(
        table("twelve", 'sa.Column("a", sa.Text)'),
        table("twelve", 'sa.Column("a", postgresql.JSONB)', "sa.CheckConstraint(\"a ? 'k'\", name='keyed')"),
        "INSERT INTO twelve VALUES (1, '{}'), (2, '{\"k\": 7}'), (3, NULL)",
        ("""twelve.a='{"k": 1}'""",),
        "SELECT a ->> 'k' FROM twelve ORDER BY id",
        [("1",), ("7",), (None,)],
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("online", [False, True], ids=["at once", "online"])
def test_backfills_run_on_rows(online: bool, tmp_path: Path, server: URL, database: URL) -> None:
    before, after = ("".join(getattr(case, side) for case in CASES.values()) for side in ("before", "after"))
    draft(edited(tmp_path, before), server, "first")
    upgrade(edited(tmp_path, before), database, "head", lambda applied: None)
    for case in CASES.values():
        ask(database, case.rows)
    project = edited(tmp_path, after)
    allowed = [name for case in CASES.values() for name in case.allow]
    filling = [text for case in CASES.values() for text in case.backfills]
    made = draft(project, server, "second", allowed=allowed, filling=filling, online=online)
    assert made.path and "pending trigger events" not in "".join(made.notes)
    upgrade(project, database, "head", lambda applied: None)
    assert {name: ask(database, case.query) for name, case in CASES.items()} == {
        name: case.there for name, case in CASES.items()
    }
    assert check(project, server, database).clean
    ask(database, "TRUNCATE one, two")  # columns that come back NOT NULL, or with values that no row has
    downgrade(project, database, "-1", lambda applied: None)
    assert not check(edited(tmp_path, before), server, database, "database").drift


@pytest.mark.servers("pg18")
def test_a_backfill_of_what_stays_is_refused(tmp_path: Path, server: URL) -> None:
    models = table("one", 'sa.Column("a", sa.Text)')
    draft(edited(tmp_path, models), server, "first")
    changed = models + table("two", 'sa.Column("b", sa.Text)')
    said = "one.a needs no backfill: this revision neither adds the column nor a constraint on it, nor changes its type"
    with pytest.raises(Failure, match=said):
        draft(edited(tmp_path, changed), server, "second", filling=["one.a=1"])


@pytest.mark.thorough
def test_a_backfill_of_what_is_missing_does_not_permit_a_loss(tmp_path: Path, server: URL, database: URL) -> None:
    before, after = 'sa.Column("a", sa.Numeric(10, 4))', 'sa.Column("a", sa.Numeric(10, 2), nullable=False)'
    draft(edited(tmp_path, table("one", before)), server, "first")
    upgrade(edited(tmp_path, table("one", before)), database, "head", lambda applied: None)
    ask(database, "INSERT INTO one VALUES (1, 1.2345), (2, NULL)")
    project = edited(tmp_path, table("one", after))
    with pytest.raises(Failure, match=r"change-column one\.a: values of type numeric\(10,4\)"):
        draft(project, server, "second", filling=["one.a=0"])
    draft(project, server, "second", filling=["one.a=0"], allowed=["change-column one.a"])
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, "SELECT a::text FROM one ORDER BY id") == [("1.23",), ("0.00",)]


@pytest.mark.thorough
def test_a_permit_that_was_asked_for_is_needed(tmp_path: Path, server: URL) -> None:
    columns = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer){})\n'
    draft(edited(tmp_path, columns.format("")), server, "first")
    project = edited(tmp_path, columns.format(', sa.Column("c", sa.Integer, nullable=False)'))
    with pytest.raises(Failure, match=r'or allow="set-not-null t\.c"'):
        draft(project, server, "second", filling=["t.c=a"])
    notes = draft(project, server, "second", filling=["t.c=a"], allowed=["set-not-null t.c", "drop-column t.z"]).notes
    assert [note for note in notes if "Nothing needs" in note] == ['Nothing needs allow="drop-column t.z".']


ENTRIES = """
sa.Table("entries", metadata, sa.Column("id", sa.Integer, sa.Identity(), primary_key=True){})
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer){})
ENTITIES += [
    sa.DDL("CREATE FUNCTION entered() RETURNS trigger LANGUAGE plpgsql AS "
           "'BEGIN INSERT INTO entries DEFAULT VALUES; RETURN NEW; END'"),
    sa.DDL("CREATE CONSTRAINT TRIGGER entered AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED"
           " FOR EACH ROW EXECUTE FUNCTION entered()"),
]
"""


@pytest.mark.thorough
def test_a_question_is_asked_once(tmp_path: Path, server: URL) -> None:
    """Here each generated row of t adds one to another table, whose new column has no value in it."""
    draft(edited(tmp_path, ENTRIES.format("", "")), server, "first")
    project = edited(tmp_path, ENTRIES.format(*[', sa.Column("n", sa.Integer, nullable=False)'] * 2))
    with pytest.raises(Failure) as refused:
        draft(project, server, "second", filling=["entries.n=coalesce(id, 0)", "t.n=1"])
    assert refused.value.what.count("backfill=") == 1, refused.value.what
