"""Functions and operators in public that match the engine's queries better than PostgreSQL's own are never called."""

import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.commands.test_init import PROGRAM
from tests.running.test_offline import psql
from tests.security.roles import low, trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask, copied, migrated
from whisper_migrate.databases import connect
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

OPERATORS = {
    "=": ("oid, int4", "oid, int8", "varchar, varchar", "varchar, text", "name, varchar", "name, text",
          "regclass, oid",
          "oid, regclass", "text, varchar", '"char", text', '"char", varchar', "int2, int8", "regclass, text"),
    "<>": ("oid, int4", "name, text", "varchar, varchar", '"char", text', "text, varchar"),
    ">=": ("oid, int4", "oid, int8", "int4, oid"),
    ">": ("oid, int4", "int4, int2"),
    "||": ("name, text", "text, name", "name, name", "varchar, text", "regclass, text", "varchar, varchar"),
    "~": ("name, varchar", "varchar, varchar", "varchar, text"),
}  # fmt: skip
FUNCTIONS = (
    "has_table_privilege(regclass, text)", "unnest(int4[])", "unnest(text[])", "unnest(oid[])", "quote_ident(name)",
    "format(text, name, name)", "to_regclass(varchar)", "has_schema_privilege(varchar, varchar)", "left(varchar, int4)",
    "rtrim(varchar, text)", "coalesce_(int4)", "pg_has_role(oid, varchar)", "set_config(varchar, varchar, bool)",
    "count(int4)", "concat(name, text)", "string_agg(name, text)", "extract(int4)", "pg_advisory_lock(int4, int8)",
    "pg_try_advisory_lock(int8, int4)", "regexp_replace(varchar, text, text)", "to_char(timestamptz, varchar)",
)  # fmt: skip
COMMANDS = ("status", "check-drift", "current", "whereami", "repair", "upgrade --plan", "adopt", "history --applied",
            "upgrade", "stamp three", "repair --apply", "downgrade -1", "upgrade")  # fmt: skip


def overloads(role: str) -> list[str]:
    body = (
        f"LANGUAGE plpgsql AS $$ BEGIN IF current_user <> '{role}' THEN PERFORM planted.write(); END IF;"
        " RETURN NULL; END $$"
    )
    found = [f"CREATE FUNCTION public.{name} RETURNS text {body}" for name in FUNCTIONS]
    for number, (operator, pairs) in enumerate(OPERATORS.items()):
        returns = "text" if operator == "||" else "bool"
        for pair in pairs:
            left, right = pair.split(", ")
            found += [
                f"CREATE FUNCTION public.o{number}({pair}) RETURNS {returns} {body}",
                f"CREATE OPERATOR public.{operator} (FUNCTION = public.o{number}, LEFTARG={left}, RIGHTARG={right})",
            ]
    # Types as well, since a cast looks up an unqualified type name there.
    found += [f"CREATE DOMAIN public.{name} AS pg_catalog.{name}" for name in ("regclass", "oid", "int4", "text")]
    return found


def _project(folder: Path) -> Project:
    """Return the little project, which ignores what is planted."""
    ignored = '[[tool.whisper_migrate.ignore]]\nkind = "*"\nidentity = "{}"\nreason = "theirs"\n'
    names = ("planted*", "*planted*", "public.o?(*", *(f"public.{name.partition('(')[0]}(*" for name in FUNCTIONS))
    names += ("public.?(*", "public.??(*", "public.<>(*", "public.regclass", "public.oid", "public.int4", "public.text")
    return little.project(folder, settings="".join(ignored.format(name) for name in names))


@pytest.mark.thorough
def test_no_command_calls_what_fits_better(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = _project(tmp_path)
    made = Checkout(project.root)
    # Without a schema, as people write revisions.
    up = 'op.execute("CREATE TABLE bare (n int PRIMARY KEY)"); op.execute("INSERT INTO bare VALUES (1)")'
    made.write_revision("three", "two", up=up, down='op.execute("DROP TABLE bare")')
    runner.upgrade(project, database, "two", lambda _: None)
    with trap(database) as planted:
        planted.plant(*overloads(planted.role))
        # The trap works: an unqualified query of a superuser runs it.
        ask(database, "SET search_path = public", "SELECT 'pg_class'::pg_catalog.regclass = 'a'::pg_catalog.text")
        assert planted.sprung
        for words in COMMANDS:
            said = command(capsys, project, database, *words.split())
            assert not planted.sprung, (words, said)
            assert "mistake of whisper-migrate" not in said.err, (words, said)
        assert ask(database, "SELECT n FROM public.bare") == [(1,)]
        for words in ("downgrade --sql three:two", "upgrade --sql two:three"):
            script = command(capsys, project, database, *words.split()).out
            done = psql(database, script)
            assert done.returncode == 0 and not planted.sprung, (words, done.stderr)
        assert ask(database, "SELECT n FROM public.bare") == [(1,)]


COMMITS = "\n    with op.get_context().autocommit_block():\n        op.execute('CREATE TABLE bare (n int)')"
# By name: the code of a revision, and where the database stands.
FAILING = {
    "the first, in Python": ("raise ValueError('odd')", None),
    "the first, in SQL": ("op.execute('SELECT 1 / 0')", None),
    "a later one, in Python": ("op.execute('CREATE TABLE bare (n int)'); raise ValueError('odd')", "two"),
    "a later one, behind a commit": (
        f"{COMMITS}\n    raise ValueError",
        "two",
    ),
}


@pytest.mark.parametrize("failing", FAILING)
def test_nor_after_a_revision_that_fails(
    failing: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project, (up, at) = _project(tmp_path), FAILING[failing]
    made = Checkout(project.root)
    made.write_revision("three", "two", up=up)
    if at is None:
        shutil.move(made.versions / "three.py", made.versions / "one.py")
        made.edit(
            "alembic/versions/one.py",
            "revision = 'three'\ndown_revision = 'two'",
            "revision = 'one'\ndown_revision = None",
        )
    else:
        runner.upgrade(project, database, at, lambda _: None)
    with trap(database) as planted:
        planted.plant(*overloads(planted.role))
        for words in ("upgrade", "upgrade --no-check", "status"):
            said = command(capsys, project, database, *words.split())
            assert said.code == (0 if words == "status" else 2) and not planted.sprung, (words, said)


def test_nor_in_a_script(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """The first script of a database creates the version table; a revision that commits in its middle, the journal."""
    project = _project(tmp_path)
    Checkout(project.root).write_revision("three", "two", up=COMMITS)
    with trap(database) as planted:
        planted.plant(*overloads(planted.role))
        script = command(capsys, project, database, "upgrade", "--sql").out
        done = psql(database, script)
        assert done.returncode == 0 and not planted.sprung, done.stderr
    assert ask(database, "SELECT version_num, to_regclass('bare')::text FROM alembic_version") == [("three", "bare")]


def test_nor_while_missing_revisions_run(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = _project(tmp_path)
    made = Checkout(project.root)
    made.write_revision("three", "two", up='op.execute("CREATE TABLE bare (n int PRIMARY KEY)")')
    made.write_revision("four", "three", up='op.execute("CREATE TABLE more (n int, m int, o int)")')
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, "DROP TABLE bare", "DROP TABLE whisper_ledger")
    with trap(database) as planted:
        planted.plant(*overloads(planted.role))
        said = command(capsys, project, database, "adopt", "--reconcile")
        assert said.code == 0 and not planted.sprung, said
        assert ask(database, "SELECT revision FROM whisper_ledger ORDER BY at, revision") != []


@pytest.mark.thorough
def test_nor_on_the_connection_of_a_program(tmp_path: Path, database: URL) -> None:
    """The tool asks there only what a downgrade loses; Alembic's own queries on it are the program's."""
    checkout = copied(tmp_path, migrated(database))
    ask(database, "INSERT INTO users (user_id, username) VALUES ('u', 'u')")
    (tmp_path / "program.py").write_text(PROGRAM.format(url=little.plain(database)))
    with trap(database) as planted:
        planted.plant(*overloads(planted.role))
        said = checkout.run(sys.executable, "program.py", "base")
        assert said.code == 1 and "Nothing was reverted" in said.err and not planted.sprung, said


def test_every_connection_begins_with_an_empty_search_path(database: URL) -> None:
    (me,) = ask(database, "SELECT current_user")[0]
    ask(database, f"ALTER ROLE {me} IN DATABASE {database.database} SET search_path = public")
    for read_only in (False, True):
        with connect.connected(database, read_only=read_only) as connection:
            assert connection.exec_driver_sql("SHOW search_path").scalar() in ("", '""')


def test_a_schema_that_others_may_create_in_is_named_once(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    ask(database, "GRANT CREATE ON SCHEMA public TO PUBLIC")
    with low(database) as role:
        said = command(capsys, project, database, "upgrade")  # with two revisions
        for name in ("PUBLIC", str(role.username)):
            assert said.out.count(f"Note: {name} may create in schema public") == 1, said
            remedy = f"REVOKE CREATE ON SCHEMA public FROM {name};"
            assert f"  -> {remedy}" in said.out, said
            ask(database, remedy)
        Checkout(project.root).write_revision("three", "two")
        assert "may create in schema" not in command(capsys, project, database, "upgrade").out
