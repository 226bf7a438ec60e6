"""Projects with their own layout, env.py and models, none of it changed for this program."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support.foreign_projects import DROP, INI, MODELS, NOTES, Run, made, revision
from tests.support.little import execute, value
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.alembic_folders import ini

pytestmark = pytest.mark.servers("pg18")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], server: URL, database: URL) -> Run:
    return Run(capsys, server, database)


@pytest.mark.thorough
@pytest.mark.parametrize("layout", ["below", "named", "in pyproject.toml"])
def test_alembic_ini_is_anywhere(tmp_path: Path, run: Run, layout: str) -> None:
    at = "." if layout == "in pyproject.toml" else "back end/db"
    project = made(tmp_path, at=at, ini=None if layout == "in pyproject.toml" else INI)
    if layout == "named":
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs/alembic.ini").write_text(INI)
        with pytest.raises(Failure, match=r"has 2 files named alembic.ini: back end/db/alembic.ini, docs/alembic.ini"):
            History(project)
        text = '[tool.whisper_migrate]\nalembic_ini = "back end/db/alembic.ini"\n'
        (tmp_path / "pyproject.toml").write_text(text)
    elif layout == "in pyproject.toml":
        text = '\n[tool.alembic]\nscript_location = "%(here)s/alembic"\nprepend_sys_path = ["%(here)s"]\n'
        (tmp_path / "pyproject.toml").write_text(f"[tool.whisper_migrate]\n{text}")
    said = run(project, "create", "first")
    assert said.code == 0, said.err
    assert len(list((tmp_path / at / "alembic/versions").glob("*.py"))) == 1
    assert run(project, "upgrade").code == 0
    assert run(project, "check-drift").code == 0


def test_a_virtual_environment_is_not_the_project(tmp_path: Path) -> None:
    for place in (".venv/lib/alembic.ini", "env/site-packages/x/alembic.ini", "env2/alembic.ini", "a/b/alembic.ini"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(INI)
    (tmp_path / "env2/pyvenv.cfg").write_text("")
    assert ini(tmp_path, None) == tmp_path / "a/b/alembic.ini"
    with pytest.raises(Failure, match=r"alembic_ini = 'c\.ini' names no file"):
        ini(tmp_path, "c.ini")


@pytest.mark.parametrize(
    "asks",
    [
        "if context.config.cmd_opts: raise SystemExit('a command of Alembic gives -x url=...')",
        "assert context.config.cmd_opts is not None and not context.config.cmd_opts.x",
        "assert not context.config.cmd_opts.autogenerate and not context.get_x_argument()",
    ],
)
def test_env_py_asks_for_the_command_line(tmp_path: Path, run: Run, asks: str) -> None:
    project = made(tmp_path, before=asks)
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    said = run(project, "upgrade")
    assert said.code == 0, said.err
    assert run(project, "check-drift").code == 0


@pytest.mark.parametrize("line", ["prepend_sys_path = .", "no option", "[alembic]", "version_locations = a%b"])
def test_alembic_ini_that_cannot_be_read(tmp_path: Path, run: Run, line: str) -> None:
    said = run(made(tmp_path, ini=f"{INI}{line}\n"), "status")
    assert said.code == 2 and f"Failed: {tmp_path / 'alembic.ini'} cannot be read: " in said.err, said


def test_url_of_alembic_ini_that_nobody_reads(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, ini=f"{INI}sqlalchemy.url = postgresql://u:p%40w@nowhere.invalid/d\n")
    assert run(project, "create", "first").code == 0
    assert run(project, "upgrade").code == 0
    assert run(project, "check-drift").code == 0


def test_arguments_of_env_py(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, before="assert context.get_x_argument(as_dictionary=True)['tenant'] == 'a'")
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    settings = tmp_path / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}x = "tenant=a"\n')
    said = run(project, "upgrade")
    assert said.code == 2 and 'Write it as: x = ["tenant=a"]' in said.err, said
    settings.write_text(settings.read_text().replace('"tenant=a"', '["tenant=a"]'))
    assert run(project, "upgrade").code == 0
    assert run(project, "check-drift").code == 0


@pytest.mark.parametrize("said_by", ["alembic.ini", "env.py"])
def test_revisions_are_in_several_folders(tmp_path: Path, run: Run, said_by: str) -> None:
    folders = [tmp_path / "core", tmp_path / "plug in/versions"]
    if said_by == "alembic.ini":
        project = made(tmp_path, ini=f"{INI}version_locations = %(here)s/core\n    %(here)s/plug in/versions\n")
    else:
        project = made(tmp_path, before=f"context.script.version_locations = {list(map(str, folders))}")
    revision(folders[0], "one", None, NOTES, DROP)
    revision(folders[1], "two", "one", "pass")
    said = run(project, "upgrade")
    assert said.code == 0 and "2 revisions" in said.out, said.err
    assert run(project, "check-drift").code == 0
    assert run(project, "create", "three", "--data").code == 0
    assert len(list(folders[1].glob("*.py"))) == 2  # beside its parent


FILTERS = """
def include_object(item, name, type_, reflected, compare_to):
    if type_ == "table" and reflected:
        return not name.startswith("foreign_")
    if type_ == "index":
        return compare_to is None and not reflected
    return not (type_ == "column" and name == "secret")


def include_name(name, type_, parent_names):
    return not (type_ == "table" and parent_names["schema_name"] is None and name == "sessions")
"""
MADE = (
    "CREATE TABLE sessions (id integer PRIMARY KEY, t text DEFAULT '')",
    "CREATE TABLE foreign_keys (id integer PRIMARY KEY)",
    "COMMENT ON TABLE foreign_keys IS 'of another program'",
    "CREATE INDEX i ON notes (at)",
    "ALTER TABLE notes ADD secret text",
)


@pytest.mark.thorough
def test_objects_that_env_py_leaves_out_are_no_difference(tmp_path: Path, run: Run) -> None:
    given = ", include_object=include_object, include_name=include_name"
    project = made(tmp_path, before=FILTERS, options=given)
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    assert run(project, "upgrade").code == 0
    execute(run.database, *MADE)
    said = run(project, "check-drift")
    assert said.code == 0, said.out
    assert "Ignored: + table foreign_keys (include_object and include_name in env.py)" in said.out
    execute(run.database, "ALTER TABLE notes ADD seen text")
    assert run(project, "check-drift").code == 1
    assert run(project, "repair", "--apply", "--allow", "drop-column notes.seen").code == 0
    assert value(run.database, "SELECT count(*) FROM sessions") == 0
    revision(tmp_path / "alembic/versions", "two", "one", 'op.execute("CREATE TABLE sessions (id integer)")')
    said = run(project, "create", "nothing")
    assert said.code == 0 and said.out.startswith("No changes"), said.out + said.err


def test_a_filter_that_fails_is_named(tmp_path: Path, run: Run) -> None:
    before = "def include_object(item, name, type_, reflected, compare_to): return item.no_such"
    project = made(tmp_path, before=before, options=", include_object=include_object")
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    said = run(project, "upgrade", "--no-check")
    execute(run.database, "CREATE TABLE other ()")
    said = run(project, "check-drift")
    assert said.code == 2 and "include_object in env.py fails for table other: AttributeError" in said.err, said.err


REFUSED = """
notes = metadata.tables["notes"]
sa.Index("by_gin", notes.c.id, postgresql_using="gin")
sa.Table("tags", metadata, sa.Column("name", sa.String(4), primary_key=True),
         sa.Column("note", sa.String, sa.ForeignKey("notes.id", name="to_note")))
sa.Index("twice", notes.c.at)
sa.Index("twice", notes.c.id)
"""


def test_all_defects_of_the_models_are_reported_and_the_rest_is_compared(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, models=f"{MODELS}{REFUSED}")
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    assert run(project, "upgrade").code == 0
    said = run(project, "check-drift")
    assert said.code == 2
    for words in ("index by_gin: ", "index twice: ", "constraint to_note on tags: ", f"(models_of_{tmp_path.name}.py:"):
        assert words in said.out, said.out
    assert "+ table tags" in said.out, said.out
    said = run(project, "create", "more")
    assert said.code == 2 and "index by_gin: " in said.err and "index twice: " in said.err, said.err


def test_tables_that_cannot_be_created_are_all_named(tmp_path: Path, run: Run) -> None:
    bad = 'sa.Table("bad{0}", metadata, sa.Column("a", sa.Integer, server_default=sa.text("nothing{0}()")))\n'
    said = run(made(tmp_path, models=MODELS + bad.format(1) + bad.format(2)), "create", "first")
    assert said.code == 2 and "nothing1()" in said.err and "table bad2: function nothing2()" in said.err, said.err


@pytest.mark.thorough
def test_a_defect_whose_object_the_history_has_is_left_alone(tmp_path: Path, run: Run) -> None:
    models = f'{MODELS}sa.Index("i", metadata.tables["notes"].c.at, postgresql_using="gin")\n'
    project = made(tmp_path, models=f"{models}sa.Table('more', metadata, sa.Column('id', sa.Integer))\n")
    up = f'{NOTES}; op.execute("CREATE INDEX i ON notes USING gin ((array[at]))")'
    revision(tmp_path / "alembic/versions", "one", None, up, DROP)
    said = run(project, "create", "more")
    assert said.code == 0 and "left as the history made it" in said.out, said.out
    (draft,) = (tmp_path / "alembic/versions").glob("*_more.py")
    assert "more" in draft.read_text() and "op.drop_index" not in draft.read_text()
    assert run(project, "upgrade").code == 0
    said = run(project, "check-drift")
    assert said.code == 2 and "- index" not in said.out, said.out


UNSAID = """
sa.Table("t", metadata, sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.Integer, index=True),
         sa.Column("c", sa.Integer, sa.ForeignKey("notes.id"), unique=True), sa.CheckConstraint("b > c"))
"""
HISTORY = [
    "CREATE TABLE t (a serial, b integer, c integer)",
    "ALTER TABLE t ADD CONSTRAINT the_key PRIMARY KEY (a)",
    "ALTER TABLE t ADD CONSTRAINT only_one UNIQUE (c)",
    "ALTER TABLE t ADD CONSTRAINT to_notes FOREIGN KEY (c) REFERENCES notes (id)",
    "ALTER TABLE t ADD CONSTRAINT more CHECK (b > c)",
    "CREATE INDEX by_b ON t (b)",
]


@pytest.mark.thorough
def test_names_that_models_leave_unsaid_are_not_compared(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, models=MODELS + UNSAID)
    statements = "; ".join(f'op.execute("{statement}")' for statement in HISTORY)
    down = f'op.execute("DROP TABLE t"); {DROP}'
    revision(tmp_path / "alembic/versions", "one", None, f"{NOTES}; {statements}", down)
    assert run(project, "upgrade").code == 0
    assert run(project, "check-drift").code == 0
    assert run(project, "create", "nothing").out.startswith("No changes")
    assert run(project, "prove").code == 0
    execute(run.database, "ALTER TABLE t RENAME CONSTRAINT only_one TO only_two")
    said = run(project, "check-drift")
    assert said.code == 1 and "only_two" in said.out and "Unwritten" not in said.out, said.out


def test_names_of_a_convention_are_compared(tmp_path: Path, run: Run) -> None:
    convention = '{"ix": "i_%(column_0_name)s", "pk": "p_%(table_name)s", "uq": "u_%(column_0_name)s"}'
    models = (MODELS + UNSAID).replace("sa.MetaData()", f"sa.MetaData(naming_convention={convention})")
    project = made(tmp_path, models=models)
    statements = "; ".join(f'op.execute("{statement}")' for statement in HISTORY)
    revision(tmp_path / "alembic/versions", "one", None, f"{NOTES}; {statements}")
    assert run(project, "upgrade", "--no-check").code == 0
    said = run(project, "check-drift")
    for words in ("+ index i_b", "- index by_b", "+ constraint p_t", "+ constraint u_c"):
        assert words in said.out, said.out
    assert "more" not in said.out and "to_notes" not in said.out, said.out


SYNONYMS = [
    ("timestamptz DEFAULT CURRENT_TIMESTAMP", "timestamptz DEFAULT now()", True),
    ("timestamptz DEFAULT transaction_timestamp()", "timestamptz DEFAULT CURRENT_TIMESTAMP", True),
    ("timestamptz DEFAULT clock_timestamp()", "timestamptz DEFAULT now()", False),
    ("text DEFAULT CURRENT_ROLE", "text DEFAULT CURRENT_USER", True),
    ("text DEFAULT 'CURRENT_TIMESTAMP'", "text DEFAULT 'now()'", False),
    ("timestamp DEFAULT LOCALTIMESTAMP", "timestamp DEFAULT now()", False),
    ("date CHECK (a > CURRENT_TIMESTAMP)", "date CHECK (a > now())", True),
]


@pytest.mark.parametrize(("there", "here", "equal"), SYNONYMS)
def test_words_for_one_value_are_no_difference(
    tmp_path: Path, run: Run, make_database: MakeDatabase, there: str, here: str, equal: bool
) -> None:
    project = made(tmp_path, models="import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    up = f'op.execute("CREATE TABLE t (a {here})")'
    revision(tmp_path / "alembic/versions", "one", None, up, 'op.execute("DROP TABLE t")')
    assert run(project, "upgrade").code == 0
    execute(run.database, "DROP TABLE t", f"CREATE TABLE t (a {there})")
    assert run(project, "check-drift", "--only", "database").code == (0 if equal else 1)


def test_revisions_of_another_driver_and_long_messages(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path)
    up = """op.get_bind().exec_driver_sql("SELECT format('%I', 'a'), 'b%', 10 % 3 WHERE 'x' LIKE '%s%'"); """ + NOTES
    revision(tmp_path / "alembic/versions", "one", None, up, DROP, "First line\nSecond line\nRevision ID: one")
    assert "First line\nDrift" in run(project, "status").out
    said = run(project, "upgrade")
    assert said.code == 0 and "Second line" not in said.out, said.err
    assert run(project, "check-drift").code == 0
