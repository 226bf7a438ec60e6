"""Existing revisions: each is run up, down and up, there is one head, and the history equals the models."""

import inspect
import os
import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import Said, command
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.prove_history import prove_history

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
NEXT = "  -> make upgrade   (applies the revisions that a database lacks)\n"

DOWN_ONE = """DROP TABLE "Odd Place"."Order [x]"; DROP SCHEMA "Odd Place"; DROP TABLE elsewhere.authors;
DROP SCHEMA elsewhere; DROP VIEW public.author_names; DROP TABLE public.authors; DROP TABLE public.tags"""
DOWN_TWO = "ALTER TABLE public.authors DROP COLUMN email; DROP FUNCTION public.greet(text)"
WRITTEN = '''"""{revision}

Revision ID: {revision}
Revises: {revises}
Create Date: 2026-01-0{day} 10:00:00
"""

from alembic import op

revision = "{revision}"
down_revision = {parent!r}
depends_on = {needs!r}


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The little project, with downgrades added to its revisions, and models that equal its history."""
    made = little.project(tmp_path)
    for name, down in (("one", DOWN_ONE), ("two", DOWN_TWO)):
        edit(made, name, "raise NotImplementedError", f"op.execute('''{down}''')")
    return made


def edit(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / "alembic/versions" / f"{name}.py"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def write(
    project: Project,
    revision: str,
    parent: str | tuple[str, ...],
    up: str = "",
    down: str = "",
    *,
    needs: str | None = None,
    day: int = 1,
) -> None:
    """Write a revision whose upgrade and downgrade are SQL, or Python after a colon."""
    bodies = {
        name: sql[1:].strip() if sql.startswith(":") else f"op.execute('''{sql}''')" if sql else "pass"
        for name, sql in (("up", up), ("down", down))
    }
    revises = parent if isinstance(parent, str) else ", ".join(parent)
    text = WRITTEN.format(revision=revision, revises=revises, parent=parent, needs=needs, day=day, **bodies)
    (project.root / "alembic/versions" / f"{revision}.py").write_text(text)


def proved(capsys: pytest.CaptureFixture[str], project: Project, server: URL, *arguments: str) -> Said:
    """Run `prove`, and return its output without the seconds."""
    said = command(capsys, project, None, "prove", *arguments, SHADOW_URL=little.plain(server))
    return said._replace(out=re.sub(r" \(\d+\.\d s\)", "", said.out))


def sound(*names: str) -> str:
    return "".join(f"{name} up, down, up: nothing differs\n" for name in names)


@pytest.mark.servers("pg15")  # CI proves it on the newest by itself
def test_this_project_is_proved(server: URL) -> None:
    outcome = prove_history(History(Project(ROOT)), server, None, lambda _: None)
    assert [proof for proof in outcome.proofs if proof.flaw] == []
    assert outcome.clean and outcome.proofs and outcome.unproved == []


def test_sound_history(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    assert proved(capsys, project, server) == (
        0,
        f"{sound('one', 'two')}One head, two, and it is what the models say.\n{NEXT}",
        "",
    )
    assert proved(capsys, project, server, "one") == (0, sound("one"), "")
    said = proved(capsys, project, server, "head")
    assert said == (0, f"{sound('two')}One head, two, and it is what the models say.\n{NEXT}", "")
    said = proved(capsys, project, server, "nowhere")
    assert said.code == 2 and said.err.startswith("Failed: ") and "migrate.py history" in said.err


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(
    ("up", "down", "flaw"),
    [
        (
            "CREATE TABLE t (a integer); CREATE INDEX i ON tags (state)",
            "DROP TABLE t",
            "downgrade leaves 1 difference (alembic/versions/three.py):\n  + index i ON tags USING btree (state)\n",
        ),
        (
            "CREATE TABLE t (a integer)",
            "DROP TABLE t; DROP TABLE tags",
            "downgrade leaves 1 difference (alembic/versions/three.py):\n  - table tags\n",
        ),
        (
            "CREATE TABLE t (a integer)",
            "DROP TABLE nowhere",
            'downgrade fails in a shadow (alembic/versions/three.py): table "nowhere" does not exist.'
            " It was at: DROP TABLE nowhere.\n",
        ),
        (
            "CREATE TABLE t (a integer)",
            ": raise SystemExit(3)",
            "downgrade fails in a shadow (alembic/versions/three.py): SystemExit: 3 (alembic/versions/three.py:20).\n",
        ),
        (
            "CREATE TABLE t (a integer)",
            ": raise NotImplementedError('no way back')",
            "downgrade fails in a shadow (alembic/versions/three.py):"
            " NotImplementedError: no way back (alembic/versions/three.py:20).\n",
        ),
        (
            ": op.execute('CREATE TABLE t (a integer)') if not runs else nowhere; runs.append(1)\n\n\nruns = []",
            "DROP TABLE t",
            "second upgrade fails in a shadow (alembic/versions/three.py):"
            " NameError: name 'nowhere' is not defined (alembic/versions/three.py:16).\n",
        ),
        (
            ": op.execute(f'CREATE TABLE t (a{len(runs)} integer)'); runs.append(1)\n\n\nruns = []",
            "DROP TABLE t",
            "second upgrade leaves 2 differences (alembic/versions/three.py):\n"
            "  - column t.a0 integer\n  + column t.a1 integer\n",
        ),
    ],
    ids=["left over", "lost", "fails", "ends the program", "no way back", "fails again", "differs again"],
)
def test_a_flaw_is_named_and_what_comes_behind_is_proved(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, up: str, down: str, flaw: str
) -> None:
    write(project, "three", "two", up, down)
    write(project, "four", "three", "DROP TABLE t", "CREATE TABLE t (a integer)")
    if "runs" in up:  # a module with state works only once: its second use sees another state
        said = proved(capsys, project, server, "three")
        assert said.code == 1 and said.out.startswith(f"three: the {flaw}")
        return
    said = proved(capsys, project, server)
    assert said.code == 1 and said.err == ""
    assert said.out.startswith(f"{sound('one', 'two')}three: the {flaw}")
    assert sound("four") in said.out


@pytest.mark.servers("pg18")
def test_nothing_stands_on_what_does_not_run(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "three", "two", "SELECT nowhere()")
    write(project, "four", "three")
    said = proved(capsys, project, server)
    fails = "function nowhere() does not exist. HINT: No function matches the given name and argument types."
    fails += " You might need to add explicit type casts. It was at: SELECT nowhere()"
    assert (said.code, said.out) == (
        1,
        f"{sound('one', 'two')}three: the upgrade fails in a shadow (alembic/versions/three.py): {fails}.\n"
        f"alembic/versions/three.py does not run: {fails}.\nSo this was not proved: four.\n",
    )


@pytest.mark.servers("pg18")
def test_history_ends_at_the_models(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "three", "two", "ALTER TABLE tags ADD COLUMN more integer", "ALTER TABLE tags DROP COLUMN more")
    end = (
        "The history does not end at the models (1 change):\n  - column tags.more integer\n"
        '  -> make revision msg="..."\n'
    )
    assert proved(capsys, project, server) == (1, sound("one", "two", "three") + end, "")
    assert proved(capsys, project, server, "three") == (1, sound("three") + end, "")
    assert proved(capsys, project, server, "two") == (0, sound("two"), "")


@pytest.mark.servers("pg18")
def test_branches_merges_dependencies_and_autocommit(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    concurrently = ": with op.get_context().autocommit_block():\n        op.execute('{} INDEX CONCURRENTLY {}')".format
    write(project, "left", "two", concurrently("CREATE", "i ON tags (state)"), concurrently("DROP", "i"))
    write(project, "right", "two", "CREATE TABLE r (a integer)", "DROP TABLE r")
    write(project, "right2", "right", "DROP INDEX i", "CREATE INDEX i ON tags (state)", needs="left")
    said = proved(capsys, project, server)
    assert said.code == 1
    lines = said.out.splitlines()
    script = "  Note: {} was not tried as a script, which begins at one revision: it needs {}.\n".format
    needs = script("right2", "right and left")
    assert sorted(lines[:6]) == sorted((sound("one", "two", "left", "right", "right2") + needs).splitlines())
    assert lines[6] == "The history has 2 heads: left (alembic/versions/left.py), right2 (alembic/versions/right2.py)."
    write(project, "merged", ("left", "right2"), "DROP TABLE r", "CREATE TABLE r (a integer)")
    said = proved(capsys, project, server)
    lost = "  Note: r: the downgrade recreates the table, but not 5 of 5 generated test rows.\n"
    assert said.code == 0
    merged = f"{sound('merged')}{lost}{script('merged', 'left and right2')}"
    assert said.out.endswith(f"{merged}One head, merged, and it is what the models say.\n{NEXT}")
    assert proved(capsys, project, server, "right2") == (0, sound("right2") + needs, "")


@pytest.mark.servers("pg18")
def test_a_file_that_is_written_twice_within_a_second_is_read_twice(project: Project) -> None:
    write(project, "three", "two", "SELECT 1")
    assert "SELECT 1" in inspect.getsource(History(project).find("three").module)
    stamp = (project.root / "alembic/versions/three.py").stat().st_mtime
    edit(project, "three", "SELECT 1", "SELECT 2")
    os.utime(project.root / "alembic/versions/three.py", (stamp, stamp))
    constants = History(project).find("three").module.upgrade.__code__.co_consts
    assert "SELECT 2" in constants


@pytest.mark.servers("pg18")
def test_a_folder_may_have_a_percent_sign(capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL) -> None:
    made = little.project(tmp_path / "100%(here)s")
    assert proved(capsys, made, server, "two").out.startswith("two: the downgrade fails in a shadow (alembic/versions/")


@pytest.mark.servers("pg18")
def test_each_direction_has_a_session_of_its_own(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL
) -> None:
    write(
        project, "three", "two", "CREATE TEMPORARY TABLE staging AS SELECT 1", "CREATE TEMPORARY TABLE staging (a int)"
    )
    said = proved(capsys, project, server, "three")
    assert (said.code, said.out.startswith(sound("three"))) == (0, True), said


@pytest.mark.servers("pg18")
def test_a_revision_without_a_way_down(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> None:
    write(project, "three", "two")
    edit(project, "three", "def downgrade() -> None:\n    pass\n", "")
    said = proved(capsys, project, server, "three")
    flaw = (
        "downgrade fails in a shadow (alembic/versions/three.py): alembic/versions/three.py has no function downgrade()"
    )
    assert said.code == 1 and said.out.startswith(f"three: the {flaw}.\n"), said
