"""Squash: its result, the databases that continue with it, and revisions that cannot be folded."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import little
from tests.support.connections import connected
from tests.support.little import Said, command, value
from tests.support.projects import HEAD, ROOT, ask, copied
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.python_sql import escaped
from whisper_migrate.running.ledger import read
from whisper_migrate.state.anomalies import anomalies

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

Squash = Callable[..., Said]
BASELINE, SECOND = [script.revision for script in History(Project(ROOT)).newest_first()][:-3:-1]
SEEDS = r"""
CREATE TABLE kinds (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent integer REFERENCES kinds, name text UNIQUE,
    loud text GENERATED ALWAYS AS (upper(name)) STORED,
    token uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT now()
);
CREATE TABLE log (said text);
INSERT INTO kinds (name) VALUES ('a:b %s \\ "x"'), ('gone'), (NULL);
INSERT INTO kinds (parent, name) SELECT id, E'line\nof ''two''' FROM kinds WHERE name LIKE 'a:%';
DELETE FROM kinds WHERE name = 'gone';
UPDATE kinds SET parent = 4 WHERE id = 1;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('more'); RETURN NEW; END $$;
CREATE TRIGGER note AFTER INSERT ON kinds FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO tags (label) SELECT 'tag ' || n FROM generate_series(1, 3) AS n;
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE "Odd %s :x" ("a:b" pair, "q""x" int4range[], b bytea, n numeric, d date, o regclass);
INSERT INTO "Odd %s :x" VALUES (ROW(1, 'x,"y" \ (z'), '{"[1,5)"}', '\xbeef', 'NaN', 'infinity', 'tags');
INSERT INTO "Odd %s :x" DEFAULT VALUES;
CREATE TABLE part (id integer) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_more PARTITION OF part DEFAULT;
INSERT INTO part VALUES (1), (7);
CREATE TABLE hen (id serial PRIMARY KEY, egg integer);
CREATE TABLE egg (id integer PRIMARY KEY, hen integer REFERENCES hen);
INSERT INTO hen (egg) VALUES (1);
INSERT INTO egg VALUES (1, 1);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg;
CREATE RULE shut AS ON INSERT TO egg DO INSTEAD NOTHING;
CREATE TABLE bare ();
INSERT INTO bare DEFAULT VALUES;
"""
KINDS = "SELECT string_agg(concat_ws('|', id, parent, name, loud), ';' ORDER BY id) FROM kinds"
ROWS = [
    KINDS,
    'SELECT string_agg(x::text, $$ $$) FROM "Odd %s :x" AS x',
    "SELECT string_agg(concat(tableoid::regclass, id), ' ' ORDER BY id) FROM part",
    "SELECT concat(hen.id, egg, egg.id, hen) FROM hen, egg",
    "SELECT count(*) FROM bare",
    "SELECT count(*) FROM log",
    "SELECT nextval('hen_id_seq')",
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The little project, with a revision `three` that inserts rows, and `four` after it."""
    made = little.project(tmp_path)
    shutil.copy(ROOT / "alembic/script.py.mako", tmp_path / "alembic")
    write(made, "three", "two", SEEDS)
    write(made, "four", "three", "INSERT INTO kinds (name) VALUES ('late')")
    return made


def write(project: Project, name: str, parent: str, sql: str, more: str = "") -> None:
    sql = escaped(sql).replace("\\", "\\\\")
    text = little.REVISION.format(message=f"do {name}", revision=name, parent=parent, sql=sql)
    (project.root / f"alembic/versions/{name}.py").write_text(text + more)


@pytest.fixture
def squash(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> Squash:
    return lambda *given: command(capsys, project, None, "squash", *given, SHADOW_URL=little.plain(server))


def files(project: Project) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (project.root / "alembic").rglob("*.py")}


def test_whole_history_of_whisperengine(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make_database: MakeDatabase, server: URL
) -> None:
    """Four databases: in the middle with a row, in the middle without a stamp, at the head, and new."""
    checkout = copied(tmp_path, make_database())
    project, middle, last, new = Project(tmp_path), checkout.url, make_database(), make_database()
    assert isinstance(middle, URL)

    def run(database: URL | None, *arguments: str) -> Said:
        return command(capsys, project, database, *arguments, SHADOW_URL=little.plain(server))

    assert run(middle, "upgrade", BASELINE).code == 0 and run(last, "upgrade").code == 0
    user = "INSERT INTO users (user_id, username, preferences) VALUES ('u', 'u', '{\"a\": 1}')"
    ask(middle, user)
    count = len(checkout.revisions())
    said = run(None, "squash")
    assert (said.code, said.err) == (0, "") and f"{count} revisions in one, which makes the same.\n" in said.out
    assert sum(path.suffix == ".py" for path in checkout.versions.iterdir()) == 1

    refused = checkout.alembic("upgrade", "head")
    assert refused.code != 0 and "Traceback" not in refused.said
    assert f"is at {BASELINE}, which a squash has folded into {HEAD}." in refused.said
    said = run(middle, "status")
    assert f"\nPending   {count - 1}\n" in said.out and SECOND in said.out and "\nDrift     none\n" in said.out
    ask(middle, "DROP TABLE alembic_version")
    assert f" {BASELINE}" in run(middle, "whereami").out
    assert run(middle, "stamp", BASELINE).out.startswith(f"Stamped {BASELINE} ")
    for database in (middle, new):
        assert run(database, "upgrade").code == 0
        assert run(database, "check-drift").code == 0
    assert f"\nNothing to do: the database is at {HEAD}.\n" in run(last, "upgrade").out
    assert ask(middle, "SELECT username FROM users") == [("u",)]
    assert run(new, "downgrade", "base").code == 0
    assert checkout.alembic("upgrade", "head").code == 0


def test_rows_that_the_history_makes_are_made(
    capsys: pytest.CaptureFixture[str], project: Project, squash: Squash, make_database: MakeDatabase
) -> None:
    middle, last, new = (make_database() for _ in range(3))
    assert command(capsys, project, middle, "upgrade", "two").code == 0
    assert command(capsys, project, last, "upgrade", "three").code == 0
    said = squash("thr")
    assert (said.code, said.err) == (0, "")
    assert ", 3 rows of kinds, 1 row of part_1, 1 row of part_more and 3 rows of tags.\n" in said.out
    assert "\nNote: kinds.at is another at each run, and left to its default.\n" in said.out
    assert {path.name for path in (project.root / "alembic/squashed/three").iterdir()} >= {"one.py", "three.py"}
    (project.root / "bots").write_text(f"{little.plain(middle)}\n{little.plain(last)}")
    said = command(capsys, project, None, "fleet", str(project.root / "bots"), "check-drift")
    assert "\n1 equal the history at two\n  pending there: 2, up to four\n1 equal the history at three: " in said.out
    made: dict[URL, list[object]] = {}
    for database in (last, middle, new):
        assert command(capsys, project, database, "upgrade").code == 0
        assert command(capsys, project, database, "check-drift", "--only", "database").code == 0
        with connected(database) as connection:
            made[database] = [connection.exec_driver_sql(query.replace("%", "%%")).scalar() for query in ROWS]
            connection.rollback()
        with connected(database) as connection:
            assert anomalies(History(project), read(connection) or [], ["four"]) == []
    assert made[last] == made[middle] == made[new] and made[new][-2:] == [1, 2] and "|late|" in str(made[new][0])
    assert value(new, "SELECT count(DISTINCT token) FROM kinds") == 4


def test_squash_of_a_squash(
    capsys: pytest.CaptureFixture[str], project: Project, squash: Squash, make_database: MakeDatabase
) -> None:
    """A database in the middle of the first squash goes through both, also to a target in between, and back."""
    database = make_database()
    assert command(capsys, project, database, "upgrade", "one").code == 0
    assert squash("two").code == 0 and squash().code == 0
    assert sorted(path.name for path in (project.root / "alembic/squashed").iterdir()) == ["four", "two"]
    said = command(capsys, project, database, "upgrade", "--plan")
    assert [line.split()[:2] for line in said.out.splitlines()[1:-1] if "/3 " in line] == [
        ["1/3", "two"],
        ["2/3", "three"],
        ["3/3", "four"],
    ], said
    for target, stands in (("+1", "two"), ("three", "three"), ("head", "four")):
        assert command(capsys, project, database, "upgrade", target).code == 0
        assert value(database, "SELECT version_num FROM alembic_version") == stands
    assert command(capsys, project, database, "check-drift", "--only", "database").code == 0
    word = command(capsys, project, database, "downgrade", "base").err.rpartition(" ")[2].strip()
    assert command(capsys, project, database, "downgrade", "base", "--allow-data-loss", word).code == 0
    new = make_database()
    assert command(capsys, project, new, "upgrade", "three").code == 0
    assert command(capsys, project, new, "check-drift", "--only", "database").out.startswith("Pending: ")


def test_there_may_be_nothing_to_fold(squash: Squash, project: Project) -> None:
    before = files(project)
    assert squash("one").out == "There is one revision up to there: nothing to fold.\n"
    assert squash("nowhere").code == 2 and files(project) == before


@pytest.mark.parametrize(
    ("revisions", "target", "said"),
    [
        ([("left", "two", "")], "head", "The history has 2 heads: "),
        (
            [("left", "one", ""), ("both", ("left", "four"), "")],
            "three",
            "alembic/versions/left.py stands on one, which would be folded, and passes three by.",
        ),
        (
            [("five", "four", "CREATE TABLE t (x timestamptz); INSERT INTO t VALUES (clock_timestamp())")],
            "five",
            "The history puts values into t.x that are others at each run (",
        ),
        (
            [("five", "four", "DO $$ BEGIN IF false THEN CREATE ROLE r; END IF; END $$")],
            "five",
            "This cannot be carried over: CREATE ROLE in five.",
        ),
        (
            [("five", "four", "SELECT set_config('x.x', 'x', false); SELECT lo_create(0)")],
            "five",
            "This cannot be carried over: LO_CREATE in five.",
        ),
        (
            [("five", "four", "DO $$ BEGIN EXECUTE format('AL' || 'TER DATABASE %I SET x.x = 1', current_database());"
                              " END $$")],
            "five",
            "This cannot be carried over: settings of the database.",
        ),
    ],
    ids=["two heads", "passed by", "volatile", "role", "large object", "setting"],
)  # fmt: skip
def test_what_is_not_folded(
    squash: Squash, project: Project, revisions: list[tuple[str, str, str]], target: str, said: str
) -> None:
    for name, parent, sql in revisions:
        write(project, name, parent, sql)
    before = files(project)
    refused = squash(target)
    assert refused.code == 2 and refused.err.startswith(f"Failed: {said}"), refused
    assert files(project) == before


def test_branch_label_is_not_lost(squash: Squash, project: Project) -> None:
    write(project, "five", "four", "", more="\nbranch_labels = 'label'\n")
    assert squash().err.startswith("Failed: alembic/versions/five.py has a branch label, which would be lost.\n")


def test_what_is_beyond_a_database_can_be_left_out_by_name(squash: Squash, project: Project) -> None:
    write(project, "five", "four", "DO $$ BEGIN IF false THEN CREATE ROLE r; END IF; END $$")
    assert squash("head", "--allow", "CREATE ROLE in five").code == 0


def test_what_the_originals_make_and_the_squash_cannot_is_told(squash: Squash, project: Project) -> None:
    """A check reads another table, which has no rows yet in the squash."""
    write(
        project,
        "five",
        "four",
        "CREATE TABLE a (x integer PRIMARY KEY); CREATE TABLE z (x integer REFERENCES a);"
        "INSERT INTO a VALUES (1); INSERT INTO z VALUES (1);"
        "CREATE FUNCTION known(x integer) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM z) $$;"
        "ALTER TABLE a ADD CHECK (known(x))",
    )
    before = files(project)
    said = squash()
    assert said.code == 2 and files(project) == before
    assert said.err.startswith("Failed: The squash's upgrade fails in a shadow, so nothing was changed: ")
