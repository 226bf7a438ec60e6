"""The documentation is true: what there is, it names; what it names, there is; and what it shows, happens.

A document's fenced blocks are followed in order, in one copy of the project with one empty database:
- diff: applied to the copy;
- console: each `$ command` is run; it exits 0, or with the code that `# exits N` behind it says, and prints
  the lines that follow it, if any do (ids, times and the database's name may differ);
- bash: each line is a command;
- python, with `# path` as its first line: the rest stands in that file, but for ids and times.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import URL

from tests.test_layout import files
from whisper_migrate.commands import NAMES, command

ROOT = Path(__file__).parent.parent
FOLLOWED = ("README.md", "CONTRIBUTING.md", "alembic/README.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# They would run this very test, or take the place of the environment it runs in.
NOT_RUN = re.compile(r"make (test|setup|lint|format)\b|bash \.ci/run|\S+ -m pytest\b")
UNLIKE = (
    (r"\d{8}_\d{4}_[0-9a-f]{12}", "<time and id>"),
    (r"\b[0-9a-f]{12}\b", "<id>"),
    (r"\b\d+\.\d\d s\b", "<seconds>"),
    (r"postgresql\S*://\S+ \([^)]*\)", "<database>"),
    (r"\.py:\d+", ".py:<line>"),
    (r"^Generating .* done\n", ""),  # Alembic's own words about a temporary file
)

Command = tuple[str, int, str]


def markdown() -> list[str]:
    return [str(path) for path in files("*.md")]


def text_of(document: str) -> str:
    return (ROOT / document).read_text()


def masked(text: str) -> str:
    for pattern, word in UNLIKE:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text.strip()


def commands(kind: str, block: str) -> Iterator[Command]:
    """Each command of a block, the code it exits with, and what it prints ("" where nothing is shown)."""
    if kind == "bash":
        block = "".join(f"$ {line}\n" for line in block.splitlines() if line and not line.startswith("#"))
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        code = re.search(r"# exits (\d+)", command)
        yield command, int(code[1]) if code else 0, shown


def made_by(document: str) -> list[str]:
    """The Makefile's targets that a document names."""
    code = re.findall(r"`([^`\n]+)`", text_of(document)) + [block for _, block in BLOCK.findall(text_of(document))]
    return [target for part in code for target in re.findall(r"\bmake ([a-z][a-z-]*)\b(?!=)", part)]


TARGETS = re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, with this very environment as its .venv."""
    for path in files():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target)
    venv = tmp_path / ".venv"
    venv.mkdir()
    for path in Path(sys.prefix).iterdir():
        (venv / path.name).symlink_to(path)
    (venv / ".ready").unlink(missing_ok=True)
    (venv / ".ready").touch()
    return tmp_path


@pytest.fixture
def environment(database: URL) -> dict[str, str]:
    """This process's environment, with an empty database as the one that is configured."""
    ours = ("WHISPER_", "POSTGRES_", "PYTEST_", "SHADOW_URL", "MAKE", "MFLAGS", "GITHUB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "DATABASE_URL": database.set(drivername="postgresql").render_as_string(hide_password=False)}


def test_readme_can_be_followed(project: Path, environment: dict[str, str]):
    follow_document("README.md", project, environment)


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("document", FOLLOWED[1:])
def test_document_can_be_followed(document: str, project: Path, environment: dict[str, str]):
    follow_document(document, project, environment)


def follow_document(document: str, project: Path, environment: dict[str, str]) -> None:
    for kind, block in BLOCK.findall(text_of(document)):
        if kind == "diff":
            subprocess.run(["git", "apply", "-"], cwd=project, input=block, text=True, check=True)
        elif kind == "python" and block.startswith("# "):
            name, _, excerpt = block.removeprefix("# ").partition("\n")
            (file,) = project.glob(name)
            assert masked(excerpt) in masked(file.read_text())
        elif kind in ("console", "bash"):
            for command in commands(kind, block):
                follow(command, project, environment)


def follow(step: Command, project: Path, environment: dict[str, str]) -> None:
    command, code, shown = step
    if NOT_RUN.match(command):
        return
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"$ {command}\n{done.stdout}{done.stderr}"
    if shown:
        assert masked(done.stdout) == masked(shown), f"$ {command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("document", FOLLOWED)
def test_blocks_are_of_a_known_kind(document: str):
    fences = re.findall(r"^```(.*)$", text_of(document), re.MULTILINE)
    assert set(fences[::2]) <= {"console", "bash", "diff", "python", "sh", ""}
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("name", NAMES)
def test_command_is_documented(name: str):
    assert f"`migrate.py {name}" in text_of("README.md")
    assert command(name).help
    options = [option for option in command(name).params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("target", TARGETS)
def test_make_target_is_documented(target: str):
    assert f"`make {target}" in text_of("README.md")
    assert re.search(rf"^{target}:.* ## \S", text_of("Makefile"), re.MULTILINE)


@pytest.mark.parametrize("document", markdown())
def test_what_is_named_exists(document: str):
    text = text_of(document)
    assert set(made_by(document)) <= set(TARGETS)
    assert set(re.findall(r"migrate\.py ([a-z][a-z-]*)", text)) <= set(NAMES)
    tests = set(re.findall(r"\btests/[\w/]+\.py\b", text))
    assert {path for path in tests if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", markdown())
def test_links_resolve(document: str):
    for link in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", text_of(document))):
        name, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (ROOT / document).parent / name if name else ROOT / document
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, link
