"""Functions that cannot run are reported: every server checks bodies, plpgsql_check also the objects they use."""

from pathlib import Path

import pytest
from sqlalchemy import URL, Connection

from tests.support.connections import connected
from tests.support.drafting import edited
from tests.support.little import REVISION
from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.compiled import faults
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.draft import draft
from whisper_migrate.state.drift import check

TABLES = "CREATE SCHEMA app; CREATE TABLE app.x (a int); CREATE TABLE t (id int, note text);"
SOUND = """
CREATE FUNCTION later() RETURNS int LANGUAGE sql AS $$SELECT sooner()$$;
CREATE FUNCTION sooner() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT id FROM t; END;
CREATE FUNCTION elsewhere() RETURNS int LANGUAGE sql SET search_path = app AS $$SELECT a FROM x$$;
CREATE FUNCTION scratch() RETURNS void LANGUAGE plpgsql AS
    $$BEGIN CREATE TEMP TABLE s (a int); INSERT INTO s VALUES (1); END$$;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note = now(); RETURN NEW; END$$;
CREATE FUNCTION unused() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.gone = 1; RETURN NEW; END$$;
CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM count(*) FROM fresh; RETURN NULL; END$$;
CREATE TRIGGER moved AFTER INSERT ON t REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION moved();
CREATE FUNCTION shared() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF TG_TABLE_NAME = 't' THEN NEW.note = 'x'; ELSE NEW.a = 1; END IF; RETURN NEW; END$$;
CREATE TRIGGER shared BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION shared();
CREATE TRIGGER shared BEFORE INSERT ON app.x FOR EACH ROW EXECUTE FUNCTION shared();
CREATE FUNCTION scratch_by_text() RETURNS void LANGUAGE plpgsql AS
    $$BEGIN EXECUTE 'CREATE TABLE pg_temp.made (i int)'; PERFORM * FROM made; END$$;
CREATE FUNCTION of_the_application() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM * FROM pg_temp.who; END$$;
CREATE FUNCTION staged() RETURNS void LANGUAGE plpgsql AS
    $$BEGIN CREATE UNLOGGED TABLE stage (i int); INSERT INTO stage VALUES (1); DROP TABLE stage; END$$;
CREATE FUNCTION asked() RETURNS void LANGUAGE plpgsql AS
    $$BEGIN IF to_regclass('optional') IS NOT NULL THEN DELETE FROM optional; END IF; END$$;
CREATE FUNCTION handled() RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RETURN newer(gone) FROM t; EXCEPTION WHEN undefined_column OR undefined_function THEN RETURN 0; END$$;
CREATE FUNCTION quoting() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN  -- NEW.gone
    NEW.note = 'NEW.gone'; NEW.Note = /* NEW.gone */ OLD.tableoid || NEW."note";
    RETURN NEW; END$$;
CREATE TRIGGER quoting BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION quoting();
CREATE FUNCTION careful() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN NEW.gone = 1; RETURN NEW; EXCEPTION WHEN undefined_column THEN RETURN OLD; END$$;
CREATE TRIGGER careful BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION careful();
CREATE FUNCTION any_of(VARIADIC a anyarray) RETURNS anyelement LANGUAGE sql AS $$SELECT a[1]$$;
"""
REFUSED = {
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN\n  RETRUN NEW; END$$": 'at or near "RETRUN"',
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1 END$$": "syntax error at",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELEC 1$$": 'syntax error at or near "SELEC"',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT nope FROM t$$": 'column "nope" does not exist',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT a FROM x$$": 'relation "x" does not exist',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '8MB' AS $$SELECT g(1)$$": "function g(integer)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 'a'::text$$": "return type mismatch",
    "CREATE PROCEDURE f() LANGUAGE plpgsql AS $$BEGIN IF true THEN END$$": "syntax error",
    "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN SELECT FROM WHERE; END$$": "syntax error",
}
TRIGGER = "CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"
# Fields that a row of the proof need not reach.
FIELDS = {
    f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NEW; END$$; {TRIGGER}": words
    for body, words in {
        "IF NEW.id > 17 THEN NEW.updated := now(); END IF;": 'record "new" has no field "updated"',
        "IF false THEN RAISE NOTICE '%', OLD.gone; END IF;": 'record "old" has no field "gone"',
        "IF length(NEW.note) < 99 THEN RAISE 'short'; END IF; new . \"Note\" = 1;": 'no field "Note"',
    }.items()
}
CHECKED = {
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN UPDATE t SET gone = 1; END$$": 'column "gone"',
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM * FROM lost; END$$": 'relation "lost"',
    """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.updated_at = now(); RETURN NEW; END$$;
    CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()""": 'has no field "updated_at"',
}


def test_functions_that_cannot_run(database: URL, tmp_path: Path) -> None:
    with connected(database) as connection:
        _assert_found(connection, edited(tmp_path, ""), REFUSED)


def test_functions_that_use_what_is_not_there(database: URL, tmp_path: Path) -> None:
    with connected(database) as connection:
        if "plpgsql_check" not in run(connection, "SELECT name FROM pg_available_extensions").scalars().all():
            pytest.skip("this server does not have plpgsql_check")
        _assert_found(connection, edited(tmp_path, ""), CHECKED)


def test_fields_that_no_table_of_a_trigger_has(database: URL, tmp_path: Path) -> None:
    with connected(database) as connection:
        _assert_found(connection, edited(tmp_path, ""), FIELDS)


def _assert_found(connection: Connection, project: Project, cases: dict[str, str]) -> None:
    """Require the fault of each case, none among the sound functions, and an unchanged database."""
    run(connection, project.session)
    run(connection, TABLES + SOUND)
    before = inspect(connection)
    assert faults(connection, project) == []
    for sql, words in cases.items():
        savepoint = connection.begin_nested()
        run(connection, sql)
        (found,) = faults(connection, project)
        assert found.function in ("public.f()", "public.f(integer)")
        assert words in str(found), sql
        savepoint.rollback()
    assert inspect(connection).objects == before.objects


TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True){})\n'
BROKEN = """
from alembic_utils.pg_function import PGFunction

ENTITIES.append(PGFunction("public", "f()", "RETURNS int LANGUAGE sql AS $$SELECT {} FROM t$$"))
"""


def test_models_bring_no_function_that_cannot_run(server: URL, tmp_path: Path) -> None:
    models = TABLE.format(', sa.Column("gone", sa.Integer)')
    project = edited(tmp_path, models + BROKEN.format("nope"))
    with pytest.raises(Failure, match=r'f\(\): column "nope" does not exist\. \(edited\d+\.py:11\)'):
        draft(project, server, "one")
    assert draft(edited(tmp_path, models + BROKEN.format("gone")), server, "one").path
    with pytest.raises(Failure, match=r'f\(\): column "gone" does not exist'):
        draft(edited(tmp_path, TABLE.format("") + BROKEN.format("gone")), server, "two", allowed=["drop-column t.gone"])


def test_an_old_function_that_cannot_run_is_named_and_no_difference(server: URL, tmp_path: Path) -> None:
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False){})\n'
    project = edited(tmp_path, table.format("") + BROKEN.format("nope"))
    made = (
        "CREATE TABLE t (id int PRIMARY KEY);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT nope FROM t$$"
    )
    written = REVISION.format(message="old", revision="old", parent=None, sql=made)
    (tmp_path / "alembic" / "versions" / "old.py").write_text(written)
    verdict = check(project, server, None)
    assert verdict.clean
    assert [one.what for one in verdict.failing] == ['f(): column "nope" does not exist.']
    more = edited(tmp_path, table.format(', sa.Column("a", sa.Integer)') + BROKEN.format("nope"))
    drafted = draft(more, server, "more")
    assert any("nor could it before: f(): column" in note for note in drafted.notes)
