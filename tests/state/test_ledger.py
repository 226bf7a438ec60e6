"""The ledger: the entry of each step, its transaction, every way to run, and databases where it cannot be written."""

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import little
from tests.support.connections import connected
from tests.support.projects import HEAD, Checkout, ask, copied, role
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner
from whisper_migrate.running.ledger import Entry, code_hash, read
from whisper_migrate.state.stamp import stamp_unverified

pytestmark = pytest.mark.servers("pg18")

FAILS = "op.execute('CREATE TABLE kept (id integer)'); op.execute('SELECT 1 / 0')"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two revisions that can both be reverted."""
    made = little.project(tmp_path)
    for name, down in (("one", "DROP TABLE tags"), ("two", "DROP FUNCTION greet")):
        file = made.root / "alembic/versions" / f"{name}.py"
        file.write_text(file.read_text().replace("raise NotImplementedError", f'op.execute("{down}")'))
    return made


def ledger(url: URL) -> list[Entry]:
    with connected(url) as connection:
        return read(connection)


def upgrade(project: Project, url: URL, target: str = "head") -> None:
    runner.upgrade(project, url, target, lambda _: None)


def test_steps_and_stamps_are_written(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(project, database)
    runner.downgrade(project, database, "one", lambda _: None)
    stamp_unverified(project, database, "two", print)
    entries = ledger(database)
    told = [(entry.direction, entry.revision, entry.stands_at, entry.parents, entry.verified) for entry in entries]
    assert told == [
        ("upgrade", "one", ["one"], [], None),
        ("upgrade", "two", ["two"], ["one"], None),
        ("downgrade", "two", ["one"], ["one"], None),
        ("stamp", "two", ["two"], ["one"], False),
    ]
    for earlier, later in pairwise(entries):
        assert later.before == earlier.after and earlier.after
        assert earlier.at and later.at and earlier.at < later.at
    assert len({entry.after for entry in entries}) == 3  # a function that does not exist, one that does, and none again
    assert all(entry.server == 18 and entry.role == database.username and entry.file for entry in entries)
    with connected(database) as connection:
        assert inspect(connection).fingerprint == entries[-1].after
    ask(database, "CREATE TABLE by_hand ()")
    stamp_unverified(project, database, "two", print)
    said = little.command(capsys, project, database, "history", "--applied").out.splitlines()
    assert [text.split(" by ")[0].split(" in 0.")[0][21:].rstrip(",") for text in said] == [
        "stamp two, unverified",
        "hema was changed",
        "stamp two, unverified",
        "downgrade two",
        "upgrade two",
        "upgrade one",
    ]
    ask(database, "UPDATE whisper_ledger SET scheme = 'of another program' WHERE number = 4")
    assert "changed" not in little.command(capsys, project, database, "history", "--applied").out


def test_what_is_rolled_back_is_not_written(project: Project, database: URL) -> None:
    Checkout(project.root).write_revision("three", "two", up=FAILS)
    with pytest.raises(Failure, match="division by zero"):
        upgrade(project, database)
    assert [entry.revision for entry in ledger(database)] == ["one", "two"]
    Checkout(project.root).write_revision("three", "two")
    upgrade(project, database)
    _, two, three = ledger(database)
    assert three.before == three.after == two.after


def test_step_that_commits_before_its_end_is_written(project: Project, database: URL) -> None:
    block = "CREATE INDEX CONCURRENTLY later ON tags (state)"
    up = f"with op.get_context().autocommit_block(): op.execute('{block}')"
    Checkout(project.root).write_revision("three", "two", up=up)
    upgrade(project, database)
    _, two, three = ledger(database)
    assert (three.revision, three.before) == ("three", two.after) and three.after not in (None, two.after)


def test_no_catalog_has_it(project: Project, database: URL, make_database: MakeDatabase) -> None:
    upgrade(project, database)
    with connected(little.at(make_database())) as plain, connected(database) as with_ledger:
        assert diff(inspect(plain, requires=True), inspect(with_ledger, requires=True)) == []


@pytest.mark.thorough
def test_plain_alembic_writes_it_too(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    assert checkout.alembic("upgrade", "head").code == 0
    assert checkout.alembic("downgrade", "-1").code == 0
    assert checkout.alembic("stamp", "head").code == 0
    for reading in ("current", "check", "history"):
        checkout.alembic(reading)
    entries = ledger(database)
    assert [entry.direction for entry in entries[-3:]] == ["upgrade", "downgrade", "stamp"]
    assert (entries[-1].revision, entries[-1].verified, entries[-1].before) == (HEAD, False, entries[-2].after)


def test_columns_of_a_later_version_are_added(project: Project, database: URL) -> None:
    upgrade(project, database, "one")
    ask(
        database,
        "ALTER TABLE whisper_ledger DROP program, DROP scheme, DROP verified, ADD newer text",
    )
    assert ledger(database)[0].verified is None
    upgrade(project, database)
    one, two = ledger(database)
    assert (one.program, two.program) == (None, Entry("", "", []).program)


@pytest.mark.thorough
def test_roles_with_few_rights(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """A role that may not create the ledger works without one; a role that may not write an existing one is refused."""
    stands = ["CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)", *little.ONE.split(";\n")[:-1]]
    ask(database, *stands, "INSERT INTO alembic_version VALUES ('one')")
    Checkout(project.root).write_revision("two", "one")
    with role(database) as url:
        ask(database, f"GRANT ALL ON alembic_version TO {url.username}")
        upgrade(project, url)
        assert ledger(database) == []
        Checkout(project.root).write_revision("three", "two")
        ask(database, f"GRANT CREATE ON SCHEMA public TO {url.username}")
        upgrade(project, url)
        assert [entry.revision for entry in ledger(url)] == ["three"]
        ask(
            database,
            "ALTER TABLE whisper_ledger OWNER TO CURRENT_USER",
            f"REVOKE ALL ON whisper_ledger FROM {url.username}",
        )
        for arguments in (["downgrade", "-1"], ["stamp", "two", "--unverified"]):
            said = little.command(capsys, project, url, *arguments)
            assert (said.code, "may not write the ledger" in said.err) == (2, True), said
            assert f"GRANT SELECT, INSERT ON public.whisper_ledger TO {url.username};" in said.err
        assert [str(name) for (name,) in ask(database, "SELECT version_num FROM alembic_version")] == ["three"]


SAME = '''"""Another word on it."""
from alembic import op
revision = "x"  # a comment
down_revision: str | None = "elsewhere"
def upgrade() -> None:
    """What it does."""
    op.execute(
        "SELECT 1",
    )
'''


def test_code_is_told_from_wording() -> None:
    code = "from alembic import op\ndef upgrade() -> None:\n    op.execute('SELECT 1')\n"
    assert code_hash(code.encode()) == code_hash(SAME.encode())
    assert code_hash(code.replace("1", "2").encode()) != code_hash(SAME.encode())
    assert code_hash(b"x = 1") != code_hash(b"x = '1'") != code_hash(b"x = True")
