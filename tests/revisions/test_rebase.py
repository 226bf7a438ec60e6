"""Two heads: the report, whose revisions are rebased, whether the order matters, and the rewritten file."""

import subprocess

import pytest
from sqlalchemy import URL

from tests.revisions.test_prove import project, proved, sound, write
from tests.support import little
from tests.support.little import Said, command
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.rebase import with_parent

__all__ = ["project"]

pytestmark = pytest.mark.servers("pg18")

A = ("ALTER TABLE tags ADD COLUMN a integer", "ALTER TABLE tags DROP COLUMN a")
B = ("ALTER TABLE tags ADD COLUMN b integer", "ALTER TABLE tags DROP COLUMN b")
C = ("CREATE INDEX c ON tags (b)", "DROP INDEX c")
COMMENT = ("COMMENT ON VIEW author_names IS $$x$$", "COMMENT ON VIEW author_names IS NULL")
VIEW = "CREATE VIEW author_names AS SELECT id, name FROM authors"
AGAIN = (f"DROP VIEW author_names; {VIEW}",) * 2
WIDER = ("ALTER TABLE tags ALTER state TYPE varchar(20)", "ALTER TABLE tags ALTER state TYPE varchar(10)")
WIDEST = ("ALTER TABLE tags ALTER state TYPE varchar(30)", "ALTER TABLE tags ALTER state TYPE varchar(10)")


def rebased(capsys: pytest.CaptureFixture[str], project: Project, server: URL, *arguments: str) -> Said:
    return command(capsys, project, None, "rebase", *arguments, SHADOW_URL=little.plain(server))


def files(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.root / "alembic/versions").glob("*.py")}


def test_two_heads_are_refused_with_both_files(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    write(project, "left", "two")
    write(project, "right", "two")
    said = command(capsys, project, None, "create", "x", SHADOW_URL=little.plain(server))
    two = "The history has 2 heads: left (alembic/versions/left.py), right (alembic/versions/right.py)."
    assert said.code == 2 and said.err.startswith(f"Failed: {two}\n") and "migrate.py rebase" in said.err
    write(project, "last", "two")
    said = rebased(capsys, project, server, "left")
    assert said.code == 2 and said.err.startswith("Failed: The history has 3 heads: last (alembic/versions/last.py), ")


@pytest.mark.thorough
def test_mine_are_put_on_theirs(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    """My revisions are two, and later; the other ones end in a merge."""
    write(project, "left", "two", *A)
    write(project, "other", "two")
    write(project, "merged", ("left", "other"))
    write(project, "right", "two", *B, day=2)
    write(project, "right2", "right", *C, day=3)
    before = files(project)
    said = rebased(capsys, project, server)
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "The order does not matter: right2 before merged makes the same schema.\n"
        "right on merged up, down, up: nothing differs\n"
        "right2 on merged up, down, up: nothing differs\n"
        "Wrote alembic/versions/right.py: its down_revision is merged, and was two.\n"
        "A database that ran right2 before is stamped with it, but never got merged: there, type"
        " migrate.py downgrade merged, migrate.py stamp two and migrate.py upgrade.\n"
        "  -> make upgrade   (elsewhere: applies both in the new order)\n"
    )
    rewritten = before["right.py"].replace(b"Revises: two", b"Revises: merged")
    rewritten = rewritten.replace(b"down_revision = 'two'", b"down_revision = 'merged'")
    assert files(project) == {**before, "right.py": rewritten}
    said = proved(capsys, project, server)
    assert said.out.startswith(sound("one", "two")) and sound("right", "right2") in said.out
    assert (
        "  Note: merged was not tried as a script, which begins at one revision: it needs left and other.\n" in said.out
    )
    assert said.out.count("Note:") == 1, said.out
    assert rebased(capsys, project, server).out == "The history has no fork: nothing to rebase.\n"


@pytest.mark.thorough
def test_what_a_database_is_told_to_do_is_right(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL
) -> None:
    write(project, "right", "two", *B, day=2)
    assert command(capsys, project, database, "upgrade").code == 0
    write(project, "left", "two", *A)
    assert rebased(capsys, project, server).code == 0
    # The downgrade to left reports a difference, since left was never applied; the stamp then corrects it.
    for code, arguments in ((1, ("downgrade", "left")), (0, ("stamp", "two")), (0, ("upgrade",))):
        assert command(capsys, project, database, *arguments).code == code
    assert little.value(database, "SELECT count(*) FROM pg_attribute WHERE attname IN ('a', 'b')") == 2
    assert command(capsys, project, database, "check-drift", "--only", "database").code == 0


@pytest.mark.thorough
def test_order_that_matters_must_be_known(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "left", "two", *AGAIN)
    write(project, "right", "two", *COMMENT, day=2)
    before = files(project)
    said = rebased(capsys, project, server)
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "The order matters: right before left would make another schema.\n"
        "  - comment view author_names (x)\n"
        "  -> migrate.py rebase right --order-matters   (if left first is right)\n"
    )
    assert files(project) == before
    assert rebased(capsys, project, server, "right", "--order-matters").code == 0
    assert b"down_revision = 'left'" in files(project)["right.py"]


def test_other_order_may_not_run_at_all(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "left", "two", "DROP INDEX authors_name_idx", "CREATE INDEX authors_name_idx ON authors (name)")
    write(
        project,
        "right",
        "two",
        "DROP INDEX IF EXISTS authors_name_idx; CREATE TABLE r (a integer)",
        "DROP TABLE r",
        day=2,
    )
    said = rebased(capsys, project, server)
    words = '\n  left does not run: index "authors_name_idx" does not exist. It was at: DROP INDEX authors_name_idx.\n'
    assert said.code == 1 and words in said.out


@pytest.mark.parametrize(
    ("theirs", "mine", "flaw"),
    [
        (WIDER, WIDEST, "the downgrade leaves 1 difference (alembic/versions/right.py):\n"),
        (
            A,
            A,
            'the upgrade fails in a shadow (alembic/versions/right.py): column "a" of relation "tags" already exists',
        ),
    ],
    ids=["same column altered", "same column added"],
)
def test_mine_that_do_not_stand_on_theirs_stay(
    capsys: pytest.CaptureFixture[str],
    project: Project,
    server: URL,
    theirs: tuple[str, str],
    mine: tuple[str, str],
    flaw: str,
) -> None:
    write(project, "left", "two", *theirs)
    write(project, "right", "two", *mine, day=2)
    before = files(project)
    said = rebased(capsys, project, server, "right", "--order-matters")
    assert said.code == 2 and files(project) == before
    assert said.err.startswith(f"Failed: On left, right does not stand, so nothing was rewritten: {flaw}")


@pytest.mark.thorough
def test_mine_are_what_git_has_not_merged(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    """The dates alone would choose the other head."""
    write(project, "left", "two", *A, day=2)
    for arguments in (["init", "-b", "main"], ["add", "."], ["commit", "-m", "x"], ["checkout", "-b", "feature"]):
        name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *name, *arguments], cwd=project.root, check=True, capture_output=True)
    write(project, "right", "two", *B)
    said = rebased(capsys, project, server)
    assert said.code == 0 and "\nWrote alembic/versions/right.py: its down_revision is left, " in said.out


@pytest.mark.thorough
def test_mine_may_have_to_be_named(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "left", "two", *A)
    write(project, "right", "two", *B)
    said = rebased(capsys, project, server)
    assert said.code == 2 and "Nothing shows which is yours." in said.err and "migrate.py rebase REV" in said.err
    said = rebased(capsys, project, server, "two")
    assert said.code == 2 and said.err.startswith("Failed: two is no head of the fork. ")
    assert rebased(capsys, project, server, "nowhere").code == 2
    said = rebased(capsys, project, server, "righ")
    assert said.code == 0 and "Wrote alembic/versions/right.py" in said.out


def test_a_merge_of_mine_is_refused(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "left", "two")
    for name in ("r1", "r2"):
        write(project, name, "two")
    write(project, "merged", ("r1", "r2"))
    said = rebased(capsys, project, server, "merged")
    assert said.code == 2 and "joins others: only a line of revisions can be rebased." in said.err


@pytest.mark.parametrize(
    "text",
    [
        '"""x\n\nRevises: @\n"""\ndown_revision = "@"  # a\n',
        "'''x\r\nRevises: @\r\n'''\r\ndown_revision='@'\r\n",
        '"""é\nRevises: z\n"""\né = 1; down_revision: str = "@"; x = "é a"',
        'down_revision = "@"',
    ],
)
def test_only_the_parent_is_rewritten(text: str) -> None:
    old, new = (text.replace("@", name).encode() for name in ("a", "bcd"))
    assert with_parent(old, "a", "bcd") == new


def test_first_revision_gets_a_parent() -> None:
    old = b'"""x\nRevises: \n"""\ndown_revision: str | None = None\n'
    assert with_parent(old, None, "b") == b'"""x\nRevises: b\n"""\ndown_revision: str | None = "b"\n'


@pytest.mark.parametrize("text", [b'down_revision = "".join("a")\n', b'x = "a"\n', b'down_revision = "z"\n'])
def test_parent_that_is_not_written_out_stays(text: bytes) -> None:
    assert with_parent(text, "a", "b") is None
