"""Faulty projects: each fault is reported in one sentence, with file and line, and exit code 2."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.projects import HEAD, ROOT, USERS, Checkout, ask, copied, migrated, refusal
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project

LAST = len((ROOT / USERS).read_text().splitlines()) + 1

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]


@pytest.fixture
def checkout(tmp_path: Path, database: URL) -> Checkout:
    return copied(tmp_path, database)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def x(:", "SyntaxError: invalid syntax"),
        ("nowhere", "NameError: name 'nowhere' is not defined"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_models_that_do_not_import_are_named_with_their_line(checkout: Checkout, text: str, said: str) -> None:
    with (checkout.root / USERS).open("a") as file:
        file.write(f"{text}\n")
    expected = f"whisper_models:metadata does not import: {said} ({USERS}:{LAST})."
    run = checkout.migrate("create", "x") if "SystemExit" in said else checkout.check_drift()
    assert refusal(run) == expected


def test_migrations_run_without_the_models(checkout: Checkout) -> None:
    (checkout.root / USERS).write_text("nowhere\n")
    assert checkout.migrate("upgrade").code == 0
    assert checkout.migrate("downgrade", "base").code == 0


def two_heads(checkout: Checkout) -> None:
    checkout.write_revision("aaaa", HEAD)
    checkout.write_revision("bbbb", HEAD)


def no_parent(checkout: Checkout) -> None:
    checkout.write_revision("aaaa", "gone")


def twice(checkout: Checkout) -> None:
    checkout.write_revision("aaaa", HEAD)
    (checkout.versions / "copy.py").write_text((checkout.versions / "aaaa.py").read_text())


def written(text: str) -> Callable[[Checkout], None]:
    def write(checkout: Checkout) -> None:
        (checkout.versions / "aaaa.py").write_text(text)

    return write


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (two_heads, "The history has 2 heads: aaaa (alembic/versions/aaaa.py), bbbb (alembic/versions/bbbb.py)."),
        (no_parent, "The history cannot be read: Revision gone referenced from gone -> aaaa (head)"),
        (twice, "The history cannot be read: Revision aaaa is present more than once."),
        (written("nowhere"), "A revision does not import: NameError: name 'nowhere' is not defined (alembic/versions/"),
        (written("def x(:"), "A revision does not import: SyntaxError: invalid syntax (alembic/versions/aaaa.py:1)."),
        (written("x = 1"), "A revision does not import: AttributeError: module 'aaaa_py' has no attribute"),
    ],
)
def test_history_that_is_not_sound_is_refused(checkout: Checkout, spoil: Callable[[Checkout], None], said: str) -> None:
    spoil(checkout)
    for run in (checkout.migrate("upgrade"), checkout.check_drift()):
        assert refusal(run).startswith(said)
    assert ask(checkout.url, "SELECT to_regclass('public.alembic_version') IS NULL") == [(True,)]


DEFERRED = "CREATE TABLE a (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES"
FAILING = {
    "raise ValueError('boom')": ("ValueError: boom (alembic/versions/bbbb.py:6)", ""),
    "op.execute('SELECT nowhere(100 % 3)')": (
        "function nowhere(integer) does not exist",
        " bbbb was at: SELECT nowhere(100 % 3).",
    ),
    f"op.execute('{DEFERRED} (1, 2)')": (
        'insert or update on table "a" violates foreign key constraint "a_a_fkey"',
        " bbbb was at its COMMIT, which checks what is deferred.",
    ),
}


@pytest.mark.parametrize("up", FAILING)
def test_revision_that_fails_is_named_and_rolled_back(checkout: Checkout, up: str) -> None:
    said, place = FAILING[up]
    migrated(checkout.url)
    checkout.write_revision("aaaa", HEAD)
    checkout.write_revision("bbbb", "aaaa", up=f"op.execute('CREATE TABLE half (id int)'); {up}")
    run = checkout.migrate("upgrade", "--no-check")
    assert refusal(run).startswith(f"The upgrade stopped and revision bbbb was rolled back: {said}.")
    assert refusal(run).endswith(place)
    assert "Applied before that: 1." in run.err
    assert ask(checkout.url, "SELECT version_num, to_regclass('half') FROM alembic_version") == [("aaaa", None)]
    assert refusal(checkout.check_drift()).startswith(f"The history cannot be replayed: {said}.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "pyproject.toml cannot be read: "),
        ("[tool", "pyproject.toml cannot be read: "),
        ("[project]\nname = 'x'\n", "pyproject.toml has no .tool.whisper_migrate."),
        (
            "[tool.whisper_migrate]\nentities = 'x:y'\n",
            "Neither pyproject.toml nor alembic/env.py says where the models are.",
        ),
        ("[tool.whisper_migrate]\nmodels = 'whisper_models:nowhere'\n", "has no attribute 'nowhere'"),
        ("[tool.whisper_migrate]\nmodels = 'whisper_models:Base'\n", "'whisper_models:Base' is no SQLAlchemy MetaData"),
    ],
)
def test_settings_that_are_not_sound_are_refused(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(Failure, match=said) as caught:
        _ = Project.at(tmp_path).metadata
    assert "\n" not in caught.value.what


def test_folder_without_our_section_is_refused(checkout: Checkout) -> None:
    file = checkout.root / "pyproject.toml"
    file.write_text(file.read_text().replace("tool.whisper_migrate", "tool.other"))
    assert refusal(checkout.check_drift()) == "Neither pyproject.toml nor alembic/env.py says where the models are."
    run = checkout.migrate("--project", str(checkout.root), "status")
    assert refusal(run) == f"{checkout.root}/pyproject.toml has no [tool.whisper_migrate]."


def test_a_project_is_found_upwards(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.whisper_migrate]\nmodels = 'm:x'\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[project]\n")
    assert Project.find(inner).root == tmp_path
    heard: list[str] = []
    Project.find(inner, heard.append)
    assert heard == [f"Project {tmp_path}: {inner}/pyproject.toml is nearer, but has no [tool.whisper_migrate]."]
    Project.find(tmp_path / "a", heard.append)
    assert len(heard) == 1  # there is no nearer one
    (tmp_path / "pyproject.toml").write_text("")
    with pytest.raises(Failure, match=r"neither .*/a/b nor a folder above it has a pyproject.toml"):
        Project.find(inner)


@pytest.mark.parametrize(
    "section", ["[tool.whisper_migrate]\n", "[tool]\nwhisper_migrate = {}\n", "[[tool.whisper_migrate.ignore]]\n"]
)
def test_the_nearest_section_wins_also_an_empty_one(tmp_path: Path, section: str) -> None:
    """The database of another project is never used instead."""
    (tmp_path / "pyproject.toml").write_text("[tool.whisper_migrate]\nmodels = 'm:x'\n")
    inner = tmp_path / "inner"
    (inner / "alembic").mkdir(parents=True)
    (inner / "pyproject.toml").write_text(section)
    heard: list[str] = []
    found = Project.find(inner / "alembic", heard.append)
    assert (found.root, Project.at(inner).root, heard) == (inner, inner, [])
    with pytest.raises(Failure, match="says where the models are"):
        _ = found.metadata


@pytest.mark.parametrize("text", ["[tool]\nwhisper_migrate = 3\n", "[tool]\nwhisper_migrate = ['models']\n"])
def test_a_section_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(Failure, match=r"whisper_migrate is no table in .*pyproject\.toml"):
        Project.find(tmp_path)


def test_as_a_module_it_is_for_the_project_of_the_folder(tmp_path: Path) -> None:
    """`python -m whisper_migrate` names the project if a nearer pyproject.toml has no section."""
    inner = little.project(tmp_path).root / "tool"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("")
    command = [sys.executable, "-m", "whisper_migrate", "history"]
    run = partial(subprocess.run, cwd=inner, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    said = run(command)
    assert (said.returncode, said.stdout.count("authors [and] their tags")) == (0, 1)
    assert said.stderr == (
        f"Project {tmp_path}: {inner}/pyproject.toml is nearer, but has no [tool.whisper_migrate].\n"
    )
    said = run([*command, "--nonsense"])
    assert said.returncode == 2 and "Usage: python -m whisper_migrate history" in said.stderr
