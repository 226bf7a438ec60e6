"""The documentation is complete and true: names exist, existing things are named, and examples give the shown output.

The fenced blocks of a document run in order, in a copy of the project with an empty database.

A diff block is applied to the copy. Of a console block each `$ command` is run: it must exit with 0, or with the code
in a comment `# exits N`, and print the lines that follow. Ids, times and the database's name may differ. The host
db.example stands for the tests' server with this database, one of v1.0.6, and empty ones. Each line of a bash block is
a command. A python block that begins with `# path` must be in that file, except ids and times.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import click
import pytest
from sqlalchemy import URL

from tests.conftest import EVERYTHING, MakeDatabase
from tests.repository.test_layout import files
from tests.state import v106
from tests.support.little import plain
from tests.support.projects import TABLES, ask
from whisper_migrate import embedded
from whisper_migrate.commands import NAMES, command

ROOT = Path(__file__).parents[2]
DOCS = tuple(str(path) for path in files("*.md", "docs"))
FOLLOWED = ("README.md", "CONTRIBUTING.md", "alembic/README.md", *DOCS)
LONG = ("docs/deployment/MIGRATION_SYSTEM_SETUP.md", "docs/guides/DATABASE_MIGRATIONS.md")
INSTALLED = "docs/guides/YOUR_PROJECT.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# These would run this test itself, or replace the environment that it runs in.
NOT_RUN = re.compile(r"make (test|setup|lint|format)\b|bash \.ci/run|\S+ -m pytest\b|docker ")
EXAMPLE = re.compile(r"postgresql://(?:(\w+)(?::\w+)?@)?db\.example(?::\d+)?/(\w+)")
UNLIKE = (
    (r"\d{8}_\d{4}_[0-9a-f]{12}", "<time and id>"),
    (r"\b[0-9a-f]{12}\b", "<id>"),
    (r"\b\d+\.\d\d s\b", "<seconds>"),
    (r"postgresql\S*://\S+ \([^)]*\)", "<database>"),
    (r"\.py:\d+", ".py:<line>"),
    (r"^Generating .* done\n", ""),  # Alembic's message about a temporary file
)

DROPPING_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'f'"""
ROLES = ("whisper_migrator", "whisper_app", "whisper_reader")  # created by a document; all others are the tests' own

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
    """Return each command of a block with its exit code and its expected output ("" if the block shows none)."""
    if kind == "bash":
        block = "".join(f"$ {line}\n" for line in block.splitlines() if line and not line.startswith("#"))
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        code = re.search(r"# exits (\d+)", command)
        yield command, int(code[1]) if code else 0, shown


def made_by(document: str) -> list[str]:
    """Return the Makefile's targets that the document names."""
    code = re.findall(r"`([^`\n]+)`", text_of(document)) + [block for _, block in BLOCK.findall(text_of(document))]
    return [target for part in code for target in re.findall(r"\bmake ([a-z][a-z-]*)\b(?!=)", part)]


TARGETS = re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that uses the tests' own environment as its .venv."""
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
    """The environment of this process, with an empty database as the configured one."""
    ours = ("WHISPER_", "POSTGRES_", "PYTEST_", "SHADOW_URL", "MAKE", "MFLAGS", "GITHUB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join([str(Path(sys.executable).parent), str(embedded.binaries()), os.environ["PATH"]])
    return {**kept, "PATH": path, "DATABASE_URL": plain(database)}


@pytest.fixture
def example(database: URL, make_database: MakeDatabase) -> Callable[[str], str]:
    """Return a function that replaces db.example in a command by a database on the tests' server."""
    named = {"whisperengine": database}

    def meant(found: re.Match[str]) -> str:
        user, name = found.groups()
        if name not in named:
            named[name] = make_database()
            if name in ("v106", "halfway"):
                v106.reworded(v106.built(named[name]))
            if name == "halfway":  # as a load that was killed leaves it
                ask(named[name], *(str(drop) for (drop,) in ask(named[name], DROPPING_FOREIGN_KEYS)))
        url = named[name]
        host, port = quote(str(url.query["host"]), safe=""), url.query["port"]  # a shell would interpret &
        return f"postgresql://{user if user in ROLES else url.username}@{host}:{port}/{url.database}"

    return lambda command: EXAMPLE.sub(meant, command)


def test_readme_can_be_followed(project: Path, environment: dict[str, str], example: Callable[[str], str]):
    follow_document("README.md", project, environment, example)


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("document", [name for name in FOLLOWED[1:] if name not in LONG])
def test_document_can_be_followed(
    document: str, project: Path, environment: dict[str, str], example: Callable[[str], str]
):
    if document == INSTALLED:  # the folder stands for the installed package
        environment = {**environment, "PYTHONPATH": str(project)}
    follow_document(document, project, environment, example)


@pytest.mark.servers("pg18")
@pytest.mark.skipif(not os.environ.get(EVERYTHING), reason=f"takes long: CI follows it, with {EVERYTHING}=1")
@pytest.mark.parametrize("document", LONG)
def test_long_document_can_be_followed(
    document: str, project: Path, environment: dict[str, str], example: Callable[[str], str]
):
    follow_document(document, project, environment, example)


def follow_document(document: str, project: Path, environment: dict[str, str], example: Callable[[str], str]) -> None:
    for kind, block in BLOCK.findall(text_of(document)):
        if kind == "diff":
            subprocess.run(["git", "apply", "-"], cwd=project, input=block, text=True, check=True)
        elif kind == "python" and block.startswith("# "):
            name, _, excerpt = block.removeprefix("# ").partition("\n")
            (file,) = project.glob(name)
            assert masked(excerpt) in masked(file.read_text())
        elif kind in ("console", "bash"):
            for command, code, shown in commands(kind, block):
                if not NOT_RUN.match(command):
                    follow((example(command), code, shown), project, environment)


def follow(step: Command, project: Path, environment: dict[str, str]) -> None:
    command, code, shown = step
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == code, f"$ {command}\n{done.stdout}{done.stderr}"
    if shown:
        assert masked(done.stdout) == masked(shown), f"$ {command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("document", FOLLOWED)
def test_blocks_are_of_a_known_kind(document: str):
    fences = re.findall(r"^```(.*)$", text_of(document), re.MULTILINE)
    assert set(fences[::2]) <= {"console", "bash", "diff", "python", "sh", "json", "toml", ""}
    assert set(fences[1::2]) <= {""}


def test_readme_counts_the_tables():
    assert re.findall(r"\b(\d+) (?:tables|typed models)", text_of("README.md")) == [str(TABLES)] * 2


@pytest.mark.parametrize("name", NAMES)
def test_command_is_documented(name: str):
    assert f"`migrate.py {name}" in text_of("README.md")
    assert re.search(rf"migrate\.(py|sh) {name}\b", "".join(map(text_of, DOCS)))
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


def test_messages_that_have_a_cure_are_messages_of_ours():
    source = "".join((ROOT / path).read_text() for path in files("*.py", "whisper_migrate"))
    said = re.findall(r"^\| `([^`]+)` \| ", text_of(LONG[0]).partition("| it says |")[2], re.MULTILINE)
    assert len(said) > 10
    assert [words for words in said if words not in re.sub(r'"\s+f?"|\[/\]', "", source)] == []


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
