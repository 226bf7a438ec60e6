"""Generated rows go through triggers: a function that cannot run is a fault, one that refuses a row is not."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import REVISION, command
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft

TABLE = """
sa.Table(
    "t", metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("note", sa.String(20)),
    *{columns},
)
sa.Table("log", metadata, sa.Column("line", sa.Text){log})
"""
GONE = ', sa.Column("gone", sa.Text)'


def entities(*statements: str) -> str:
    return "".join(f"ENTITIES.append(sa.DDL({statement!r}))\n" for statement in statements)


def function(body: str, returns: str = "trigger", name: str = "f()") -> str:
    return f"CREATE FUNCTION {name} RETURNS {returns} LANGUAGE plpgsql AS $$BEGIN {body} END$$"


def trigger(when: str, on: str = "t", for_each: str = "ROW", name: str = "tr") -> str:
    return f"CREATE TRIGGER {name} {when} ON {on} FOR EACH {for_each} EXECUTE FUNCTION f()"


@dataclass(frozen=True)
class Case:
    """Entities of a new table, and the words of the failure; "" if they are correct."""

    statements: tuple[str, ...]
    words: str = ""


LOST = "PERFORM lost; RETURN NEW;"
TOUCH = "NEW.updated_at = now(); RETURN NEW;"
LOG = "INSERT INTO log (lost) VALUES ('x'); RETURN NULL;"
CASES = {
    "a trigger of an update": Case(
        (function(LOST), trigger("BEFORE UPDATE")),
        'updating a row fails in PL/pgSQL function f() line 1 at PERFORM: column "lost" does not exist',
    ),
    "of an insert": Case((function(LOST), trigger("BEFORE INSERT")), "inserting a row fails in"),
    "of a delete": Case((function(LOST), trigger("BEFORE DELETE")), "deleting a row fails in"),
    "a recursion without end": Case(
        (function("UPDATE t SET note = 'x' WHERE id = NEW.id; RETURN NULL;"), trigger("AFTER INSERT OR UPDATE")),
        "stack depth limit exceeded",
    ),
    "after a change": Case(
        (function(LOG), trigger("AFTER UPDATE").replace("EXECUTE", "WHEN (OLD.note <> NEW.note) EXECUTE")),
        'column "lost" of relation "log" does not exist',
    ),
    "of a column": Case((function(LOG), trigger("AFTER UPDATE OF note")), '"lost"'),
    "of a statement": Case((function(LOG), trigger("AFTER DELETE", for_each="STATEMENT")), "deleting"),
    "of a truncate": Case((function(LOG), trigger("BEFORE TRUNCATE", for_each="STATEMENT")), "truncating"),
    "deferred": Case(
        (
            function(LOG),
            trigger("AFTER INSERT")
            .replace("TRIGGER", "CONSTRAINT TRIGGER", 1)
            .replace("FOR EACH", "INITIALLY DEFERRED FOR EACH"),
        ),
        "inserting",
    ),
    "instead of a view's": Case(
        ("CREATE VIEW v AS SELECT * FROM t", function(LOG), trigger("INSTEAD OF INSERT", on="v")), "v: inserting"
    ),
    "instead of an update of a view of views": Case(
        (
            "CREATE VIEW inner_ AS SELECT * FROM t",
            "CREATE VIEW v AS SELECT * FROM inner_",
            function(LOG),
            trigger("INSTEAD OF UPDATE", on="v"),
        ),
        "v: updating",
    ),
    "a default": Case(
        (function("RETURN lost FROM log;", "text"), "ALTER TABLE log ADD filled text DEFAULT f()"), "log: inserting"
    ),
    "a check": Case((function("RETURN nope(1);", "bool"), "ALTER TABLE log ADD CHECK (f())"), "function nope(integer)"),
    "a rule": Case(
        (function("RETURN lost FROM log;", "text"), "CREATE RULE r AS ON DELETE TO t DO ALSO SELECT f()"), "deleting"
    ),
    "no result": Case((function("PERFORM 1;"), trigger("BEFORE UPDATE")), "without RETURN"),
    "called by one that is called": Case(
        (
            function("RETURN lost FROM log;", "text", "inner_()"),
            function("PERFORM inner_(); RETURN NEW;"),
            trigger("BEFORE INSERT"),
        ),
        "PL/pgSQL function inner_() line 1",
    ),
    "a value that its type does not take": Case(
        (function("NEW.id = 'none'; RETURN NEW;"), trigger("BEFORE INSERT")), 'type integer: "none"'
    ),
    "a RAISE": Case((function("RAISE 'no'; RETURN NEW;"), trigger("BEFORE INSERT OR UPDATE OR DELETE"))),
    "a RAISE with a code": Case(
        (function("RAISE 'no' USING ERRCODE = 'undefined_column';"), trigger("BEFORE INSERT OR UPDATE OR DELETE"))
    ),
    "a violation": Case((function("NEW.id = NULL; RETURN NEW;"), trigger("BEFORE INSERT"))),
    "a division": Case((function("PERFORM 1 / (NEW.id - NEW.id); RETURN NEW;"), trigger("BEFORE INSERT"))),
    "a setting of the application": Case(
        (function("NEW.note = current_setting('app.tenant_id'); RETURN NEW;"), trigger("BEFORE INSERT OR UPDATE"))
    ),
    "a temporary table of the application": Case(
        (function("NEW.note = (SELECT note FROM pg_temp.who); RETURN NEW;"), trigger("BEFORE INSERT OR UPDATE"))
    ),
    "what is handled": Case(
        (
            function("BEGIN PERFORM lost FROM log; EXCEPTION WHEN undefined_column THEN NULL; END; RETURN NEW;"),
            trigger("BEFORE INSERT"),
        )
    ),
    "one that is switched off": Case(
        (function(TOUCH), trigger("BEFORE UPDATE"), "ALTER TABLE t DISABLE TRIGGER tr"),
    ),
}


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.thorough
def test_a_draft_with_a_trigger(server: URL, tmp_path: Path, case: Case) -> None:
    project = edited(tmp_path, TABLE.format(columns="[]", log="") + entities(*case.statements))
    if case.words:
        with pytest.raises(Failure) as failed:
            draft(project, server, "one")
        assert case.words in failed.value.what
        assert "cannot run after it" in failed.value.what
    else:
        assert draft(project, server, "one").path


def test_a_column_that_a_kept_trigger_uses(server: URL, tmp_path: Path) -> None:
    made = entities(function("INSERT INTO log (gone) VALUES ('x'); RETURN NULL;"), trigger("AFTER INSERT"))
    assert draft(edited(tmp_path, TABLE.format(columns="[]", log=GONE) + made), server, "one").path
    without = edited(tmp_path, TABLE.format(columns="[]", log="") + made)
    with pytest.raises(Failure, match=r'"gone"'):
        draft(without, server, "two", allowed=["drop-column log.gone"])


MUST = ', sa.Column("must", sa.Text, nullable=False)'
UNIQUE = ', sa.UniqueConstraint("line", name="one_line")'
REACHED = {
    "a column that its INSERT leaves out": ("INSERT INTO log (line) VALUES ('x'); RETURN NULL;", "", MUST, '"must"'),
    "a row without names of columns": (
        "INSERT INTO log VALUES ('x', 'y'); RETURN NULL;",
        GONE,
        "",
        "more expressions than target columns",
    ),
    "a constraint of ON CONFLICT": (
        "INSERT INTO log (line) VALUES ('x') ON CONFLICT (line) DO NOTHING; RETURN NULL;",
        UNIQUE,
        "",
        "no unique or exclusion constraint",
    ),
}


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(("body", "before", "after", "words"), REACHED.values(), ids=REACHED)
def test_a_change_that_a_kept_trigger_does_not_name(
    server: URL, tmp_path: Path, body: str, before: str, after: str, words: str
) -> None:
    made = entities(function(body), trigger("AFTER INSERT"))
    draft(edited(tmp_path, TABLE.format(columns="[]", log=before) + made), server, "one")
    with pytest.raises(Failure, match=f"t: inserting a row fails in PL/pgSQL .*{words}"):
        draft(
            edited(tmp_path, TABLE.format(columns="[]", log=after) + made),
            server,
            "two",
            allowed=["drop-column log.gone"],
            filling=["log.must='-'"] if MUST in after else [],
        )


@pytest.mark.servers("pg18")
def test_a_null_of_a_row_in_a_column_that_the_function_names(server: URL, tmp_path: Path) -> None:
    body = "INSERT INTO log (line, must) VALUES ('x', NULLIF(NEW.note, NEW.note)); RETURN NULL;"
    made = entities(function(body), trigger("AFTER INSERT"))
    assert draft(edited(tmp_path, TABLE.format(columns="[]", log=MUST) + made), server, "one").path


LABELS = """
m = sa.Enum("a", "{}", name="mood")
sa.Table("t", metadata, sa.Column("m", m), sa.Column("said", sa.Text))
"""


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_a_label_that_a_kept_trigger_uses(server: URL, tmp_path: Path) -> None:
    kept = entities(function("IF NEW.m = 'b' THEN NEW.m = 'a'; END IF; RETURN NEW;"), trigger("BEFORE INSERT"))
    draft(edited(tmp_path, LABELS.format("b") + kept), server, "first")
    with pytest.raises(Failure, match=r'inserting a row fails in PL/pgSQL .* invalid input value for enum .*"b"'):
        draft(edited(tmp_path, LABELS.format("c") + kept), server, "second", allowed=["change-enum mood"])
    of_rows = entities(function("PERFORM NEW.said::mood; RETURN NEW;"), trigger("BEFORE INSERT"))
    assert draft(edited(tmp_path, LABELS.format("b") + of_rows), server, "third").path  # the rows are wrong, perhaps


# The function and the trigger, and whether a generated row makes it run to its end.
TRIED = {
    "always": (function("NEW.note = 'x'; RETURN NEW;"), trigger("BEFORE INSERT"), True),
    "of a deferred one": (
        function("PERFORM 1; RETURN NULL;"),
        trigger("AFTER UPDATE").replace("TRIGGER", "CONSTRAINT TRIGGER", 1).replace("FOR", "INITIALLY DEFERRED FOR"),
        True,
    ),
    "after a RAISE": (function("RAISE 'no'; PERFORM * FROM lost; RETURN NEW;"), trigger("BEFORE INSERT"), False),
    "under a condition": (
        function("PERFORM * FROM lost; RETURN NEW;"),
        trigger("BEFORE UPDATE").replace("EXECUTE", "WHEN (OLD.note = 'x' AND NEW.note = 'y') EXECUTE"),
        False,
    ),
    "switched off": (function("RETURN NULL;"), trigger("AFTER INSERT"), True),
}


@pytest.mark.servers("pg18")
@pytest.mark.thorough
@pytest.mark.parametrize("name", TRIED)
def test_a_trigger_that_no_row_reaches_is_noted(server: URL, tmp_path: Path, name: str) -> None:
    """The draft that brings the trigger has the note, with the table or after it; no later draft has it."""
    body, made, tried = TRIED[name]
    both = entities(body, made, *(["ALTER TABLE t DISABLE TRIGGER tr"] if name == "switched off" else []))
    note = "f(), a trigger of t, was not tried: no generated row made it run to its end."
    for folder, first in (("with", ""), ("after", TABLE.format(columns="[]", log=""))):
        if first:
            draft(edited(tmp_path / folder, first), server, "table")
        drafted = draft(edited(tmp_path / folder, TABLE.format(columns="[]", log="") + both), server, "one")
        assert drafted.path and (note in drafted.notes) != tried, drafted.notes
    later = draft(edited(tmp_path / "with", TABLE.format(columns="[]", log=GONE) + both), server, "two")
    assert later.path and note not in later.notes


@pytest.mark.servers("pg18")
def test_a_function_of_many_tables_is_named_once(server: URL, tmp_path: Path) -> None:
    tables = "".join(f'sa.Table("t{n}", metadata, sa.Column("id", sa.Integer, primary_key=True))\n' for n in range(8))
    when = "BEFORE INSERT OR UPDATE OR DELETE"
    truncate = "CREATE TRIGGER again BEFORE TRUNCATE ON t0 EXECUTE FUNCTION f()"
    made = entities(function(LOST), *(trigger(when, on=f"t{n}") for n in range(8)), truncate)
    with pytest.raises(Failure) as failed:
        draft(edited(tmp_path, tables + made), server, "one")
    assert failed.value.what.splitlines()[1:] == [
        "  t0, t1, t2, t3 and 4 more: inserting a row or updating a row or deleting a row or truncating the table fails"
        ' in PL/pgSQL function f() line 1 at PERFORM: column "lost" does not exist.',
    ]


BODY = """CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t VALUES (1, 'kept');
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.updated_at = now(); RETURN NEW; END$$;
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$SELECT updated_at FROM t$$;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"""


@pytest.mark.thorough
def test_a_written_history(
    server: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str], make_database: object
) -> None:
    """A fault counts only if it remains at the end; a later revision that does not touch it passes."""
    project = edited(tmp_path, "")

    def write(revision: str, parent: str | None, up: str, down: str) -> None:
        text = REVISION.format(message=revision, revision=revision, parent=parent, sql=up)
        (tmp_path / "alembic" / "versions" / f"{revision}.py").write_text(
            text.replace("raise NotImplementedError", f'op.execute("""{down}""")')
        )

    write("one", None, BODY, "DROP TABLE t; DROP FUNCTION f(); DROP FUNCTION g()")
    write("two", "one", "ALTER TABLE t ADD more int", "ALTER TABLE t DROP more")
    said = command(capsys, project, server, "prove")
    assert said.code == 1
    assert "Functions cannot run at the end:" in said.out
    assert 'g(): column "updated_at" does not exist. (alembic/versions/one.py)' in said.out
    assert 'record "new" has no field "updated_at"' in said.out
    said = command(capsys, project, server, "prove", "two")
    assert "cannot run" not in said.out
    write("three", "two", "ALTER TABLE t ADD updated_at int", "ALTER TABLE t DROP updated_at")
    said = command(capsys, project, server, "prove")
    assert "at the end" not in said.out
    assert "It brings a function that cannot run: g(): " in said.out
