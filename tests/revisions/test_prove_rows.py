"""Existing revisions on rows, and revisions that their author has not finished."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.revisions.test_prove import edit, project, proved, sound, write
from tests.revisions.test_rebase import B, rebased
from tests.support.drafting import edited
from tests.support.little import command, execute, plain, value
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.draft import draft

__all__ = ["project"]

DOWN = (
    "ALTER TABLE tags ALTER state TYPE varchar(10) USING state::text, ALTER state SET DEFAULT 'new',"
    " ADD CONSTRAINT tags_state_check CHECK (state IN ('new', 'old')); DROP TYPE s"
)

pytestmark = pytest.mark.servers("pg18")


@pytest.mark.parametrize(
    ("up", "down", "notes"),
    [
        (
            "ALTER TABLE authors ALTER born SET NOT NULL",
            "ALTER TABLE authors ALTER born DROP NOT NULL",
            ["authors.born: the upgrade fails where it is NULL. Look first: SELECT count(*) FROM authors WHERE"],
        ),
        (
            "UPDATE tags SET state = CASE state WHEN $$new$$ THEN $$old$$ ELSE $$new$$ END",
            "",
            [
                "tags.state: the upgrade changes ",
                "tags.state: upgrading and downgrading does not restore every value: ",
            ],
        ),
        ("DELETE FROM tags", "", ["tags: the upgrade removes "]),
        (
            ": op.get_bind().exec_driver_sql('SELECT 1 FROM tags').first() and int('x')",
            "",
            [
                "The upgrade fails on generated test rows: ValueError: invalid literal for int() with base 10: 'x'",
                "three cannot be written as a script: its upgrade needs a connection to the database (alembic/version",
            ],
        ),
        (
            ": op.execute('CREATE INDEX i ON tags (state)')\n    with op.get_context().autocommit_block():"
            "\n        op.execute('CREATE UNIQUE INDEX CONCURRENTLY u ON tags (state)')",
            "DROP INDEX i; DROP INDEX u",
            ["tags: the upgrade fails where two rows have the same state."],
        ),
    ],
    ids=["fails", "changes", "loses", "fails by itself", "fails half way"],
)
def test_what_becomes_of_rows_is_said(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, up: str, down: str, notes: list[str]
) -> None:
    write(project, "three", "two", up, down)
    said = proved(capsys, project, server, "three")
    first, *lines = said.out.splitlines()
    assert f"{first}\n" == sound("three")
    for note in notes:
        assert lines.pop(0).startswith(f"  Note: {note}")
    assert not [line for line in lines if "Note" in line]


@pytest.mark.thorough
def test_values_of_a_generated_column_that_becomes_plain_are_compared(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    computed = "ADD size integer GENERATED ALWAYS AS (length(label)) STORED"
    write(project, "three", "two", f"ALTER TABLE tags {computed}", "ALTER TABLE tags DROP size")
    write(
        project,
        "four",
        "three",
        "ALTER TABLE tags ALTER size DROP EXPRESSION",
        f"ALTER TABLE tags DROP size, {computed}",
    )
    assert "Note" not in proved(capsys, project, server, "four").out
    edit(project, "four", "ALTER size DROP EXPRESSION", "DROP size, ADD size integer")
    said = proved(capsys, project, server, "four")
    assert "  Note: tags.size: the upgrade changes " in said.out, said.out


def test_what_fails_on_any_row_is_a_flaw(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "three", "two", "ALTER TABLE tags ADD n integer NOT NULL", "ALTER TABLE tags DROP n")
    said = proved(capsys, project, server, "three")
    assert said.code == 1 and said.out.startswith(
        "three: the upgrade fails on tables with rows (alembic/versions/three.py): tags.n is a new NOT NULL column, and"
    )


DEFERRED = "CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON tags DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE"
DEFERRED_KEY = "ALTER TABLE tags ADD parent text REFERENCES tags DEFERRABLE INITIALLY DEFERRED"
NOTHING = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
FILL, ALTER = "UPDATE tags SET state = state", "ALTER TABLE tags ADD n integer"
LOOP = "DO $$DECLARE r record; BEGIN FOR r IN SELECT label FROM tags LOOP {} END LOOP; END$$"
DROP = "ALTER TABLE tags DROP n"
DROP_CHECK = "ALTER TABLE tags DROP CONSTRAINT c"
SETTLED = 'Write this behind the statement that changes rows: op.execute("SET CONSTRAINTS ALL IMMEDIATE")'
ON_ANY_ROW = {
    "a deferred trigger": (f"{FILL}; {ALTER}", DROP, "the upgrade", "it has pending trigger events", SETTLED),
    "a deferred key": (
        "UPDATE tags SET parent = label; ALTER TABLE tags ALTER parent SET NOT NULL",
        "ALTER TABLE tags ALTER parent DROP NOT NULL",
        "the upgrade",
        "it has pending trigger events",
        SETTLED,
    ),
    "an index": (f"{FILL}; CREATE INDEX i ON tags (state)", "DROP INDEX i", "the upgrade", "pending trigger", SETTLED),
    "a loop over the table": (LOOP.format(f"{ALTER};"), "", "the upgrade", "active queries", "Read all rows"),
    "a statement in a loop": (LOOP.format("PERFORM no();"), "", "the upgrade", "function no() does not exist", ""),
    "the way down": (ALTER, f"{FILL}; {DROP}", "the downgrade", "pending trigger events", SETTLED),
    "a name in Python": (
        ": op.get_bind().exec_driver_sql('SELECT 1 FROM tags').first() and nowhere",
        "",
        "the upgrade",
        "NameError: name 'nowhere' is not defined (alembic/versions/four.py:16)",
        "",
    ),
}
OF_VALUES = {
    "settled": f"{FILL}; SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE tags ALTER state SET DEFAULT $$new$$",
    "a division": "UPDATE tags SET state = (1 / (length(label) - length(label)))::text",
    "a RAISE": LOOP.format("RAISE USING ERRCODE = $r$55000$r$;"),
    "a statement made of values": LOOP.format("EXECUTE $r$SELECT $r$ || r.label;"),
}

FREEZE = """
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF {when} THEN RAISE $r$frozen$r$; END IF; RETURN NEW; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION keep()"""


@pytest.mark.thorough
def test_an_update_that_a_trigger_refuses_for_every_row_is_a_flaw(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    """A trigger that refuses some values is a note."""
    write(project, "four", "three", FILL)
    for when in ("true", "OLD.label IS NOT NULL"):
        write(project, "three", "two", FREEZE.format(when=when), "DROP TRIGGER keep ON tags; DROP FUNCTION keep()")
        said = proved(capsys, project, server, "four")
        assert said.code == 1 and "a trigger refuses every generated test row of tags: frozen" in said.out, said
    write(project, "four", "three", f"{FILL}; ALTER TABLE tags ADD CONSTRAINT c CHECK (label IS NULL)", DROP_CHECK)
    write(project, "three", "two", FREEZE.format(when="OLD.ctid = $r$(0,1)$r$"))  # all others fail later
    said = proved(capsys, project, server, "four")
    assert "fails on some generated test rows: frozen" in said.out and "refuses every" not in said.out, said
    write(project, "four", "three", FILL)
    write(project, "three", "two", FREEZE.format(when="OLD.state = $r$old$r$"))
    said = proved(capsys, project, server, "four")
    assert (
        "four up, down, up: nothing differs" in said.out and "fails on some generated test rows: frozen" in said.out
    ), said


def on_deferred(project: Project) -> None:
    """Write revision `three` with a deferred trigger and a deferred key, and `five`; the test writes `four`."""
    write(project, "three", "two", f"{NOTHING}; {DEFERRED} FUNCTION nothing(); {DEFERRED_KEY}")
    write(project, "five", "four")


@pytest.mark.thorough
def test_what_no_value_brings_about_is_a_flaw(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    """A missing name or an object's state: such a revision fails on any row, whatever its values."""
    on_deferred(project)
    for name, (up, down, step, words, remedy) in ON_ANY_ROW.items():
        write(project, "four", "three", up, down)
        said = proved(capsys, project, server, "four")
        assert said.code == 1, f"{name}: {said}"
        assert said.out.startswith(f"four: {step} fails on tables with rows (alembic/versions/four.py): "), name
        assert words in said.out and remedy in said.out and "nothing differs" not in said.out, f"{name}: {said.out}"


@pytest.mark.thorough
def test_what_some_values_bring_about_is_a_note(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    on_deferred(project)
    for name, up in OF_VALUES.items():
        write(project, "four", "three", up)
        said = proved(capsys, project, server, "four")
        assert said.code == 0 and said.out.startswith(sound("four")), f"{name}: {said}"
        assert ("Note: The upgrade fails on some generated test rows: " in said.out) == (name != "settled"), (
            f"{name}: {said.out}"
        )


def test_what_a_trigger_says_is_said_once(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    """The trigger refuses each generated row with a value of its own, in one table after the other."""
    parse = (
        "CREATE FUNCTION parse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM NEW.label::int; RETURN NEW; END$$"
    )
    on_tags = "CREATE TRIGGER parsed BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION parse()"
    write(project, "three", "two", f"{parse}; {on_tags}")
    write(project, "four", "three", "UPDATE tags SET state = state")
    write(project, "five", "four")
    said = proved(capsys, project, server, "four")
    assert said.code == 0 and said.out.startswith(sound("four")), said
    (note,) = [line for line in said.out.splitlines() if "Note:" in line]
    assert "tags.label: the upgrade fails on values such as " in note and "type integer" in note


@pytest.mark.thorough
def test_rows_of_the_history_stay(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "three", "two", "INSERT INTO tags VALUES ($$one$$)", "DELETE FROM tags WHERE label = $$one$$")
    write(project, "four", "three", "ALTER TABLE tags ADD n integer", "ALTER TABLE tags DROP n")
    write(project, "five", "four", "SELECT 1 / count(*) FROM tags WHERE label = $$one$$")
    write(project, "six", "five", "ALTER TABLE tags DROP n", "ALTER TABLE tags ADD n integer")
    said = proved(capsys, project, server)
    assert said.code == 0 and "\nOne head, six, and it is what the models say.\n" in said.out, said.out


def test_rebased_revisions_are_tried_on_rows(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "left", "two", *B)
    write(project, "right", "two", "ALTER TABLE authors ALTER born SET NOT NULL", "ALTER TABLE authors ALTER born DROP"
          " NOT NULL", day=2)  # fmt: skip
    said = rebased(capsys, project, server)
    assert "\n  Note: authors.born: the upgrade fails where it is NULL. Look first: " in said.out and said.code == 0


@pytest.mark.thorough
def test_a_step_that_is_not_written_yet_is_no_revision(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL
) -> None:
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True){})'
    first = draft(edited(tmp_path, table.format("")), server, "first")
    assert first.path
    shadows = {"SHADOW_URL": plain(server)}
    project = edited(tmp_path, table.format(', sa.Column("plan", sa.Text, nullable=False)'))
    assert command(capsys, project, database, "upgrade").code == 0
    said = command(capsys, project, None, "create", "plans", "--backfill", "t.plan", **shadows)
    (file,) = set((tmp_path / "alembic/versions").glob("*.py")) - {first.path}
    step = 'op.execute("UPDATE t SET plan = <expression> WHERE plan IS NULL")'
    assert (
        said.code == 0
        and "without rows.\nEdit the file and replace <expression> with SQL." in said.out
        and step in file.read_text()
    )
    line = file.read_text()[: file.read_text().index(step)].count("\n") + 1
    for arguments in (["prove"], ["upgrade"], ["check-drift"], ["create", "more"]):
        said = command(capsys, project, None if arguments[0] != "upgrade" else database, *arguments, **shadows)
        words = f"{file.relative_to(tmp_path)}:{line} is yet to be written: {step}"
        assert words in said.out + said.err and said.code == (1 if arguments == ["prove"] else 2), arguments
    assert value(database, "SELECT count(*) FROM pg_attribute WHERE attname = 'plan'") == 0
    file.write_text(file.read_text().replace("<expression>", "'free'"))
    assert command(capsys, project, None, "prove", **shadows).code == 0
    execute(database, "INSERT INTO t VALUES (1)")
    assert command(capsys, project, database, "upgrade").code == 0
    assert value(database, "SELECT plan FROM t") == "free"


def test_what_a_revision_maps_is_not_named(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    """The enum's labels do not reveal which values the revision fails on."""
    up = "CREATE TYPE s AS ENUM ($$old$$); ALTER TABLE tags DROP CONSTRAINT tags_state_check, ALTER state DROP DEFAULT"
    mapped = "CASE state WHEN $$new$$ THEN $$old$$ ELSE $$else$$ END"
    retype = f"op.execute('ALTER TABLE tags ALTER COLUMN state TYPE s USING ({mapped})::s')"
    write(project, "three", "two", f": op.execute('''{up}'''); {retype}", ": raise NotImplementedError")
    edit(project, "three", "raise NotImplementedError", "op.execute(DOWN)\n\n\nDOWN = " + repr(DOWN))
    said = proved(capsys, project, server, "three")
    assert said.out.startswith(sound("three")) and "such label" not in said.out, said
    assert 'Note: The upgrade fails on some generated test rows: invalid input value for enum s: "else".' in said.out
