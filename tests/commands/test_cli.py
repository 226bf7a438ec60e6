"""The command line: wrong calls, unusable databases, and unusual folders to call it from."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL

from tests.databases.test_settings import listener
from tests.support import little, servers
from tests.support.projects import MIGRATE, ROOT, SECRET, ask, copied, refusal
from whisper_migrate import embedded
from whisper_migrate.cli import main
from whisper_migrate.commands import NAMES, command


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Call the command line in this process, without a database; return its exit code and its output."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments), root=ROOT)
        sys.exit(0)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return int(str(ended.value.code)), said.out, said.err


@pytest.mark.parametrize("name", [None, *NAMES])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str | None) -> None:
    code, out, err = called(capsys, *filter(None, [name]), "--help")
    assert (code, err) == (0, "") and "Usage: " in out and "--help" in out
    for listed in NAMES if name is None else ():
        assert listed in out and command(listed).get_short_help_str(), listed


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--help"], {"sqlalchemy", "alembic", "mako", "dotenv"}),
        (["current", "--help"], {"alembic", "mako", "alembic_utils"}),
        (["status", "--help"], {"flupy", "pydantic"}),  # alembic_utils needs flupy for its entities
    ],
)
def test_no_command_waits_for_what_it_does_not_use(arguments: list[str], spared: set[str]) -> None:
    command = [sys.executable, "-X", "importtime", str(ROOT / MIGRATE), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert "click" in imported and imported & spared == set()


@pytest.mark.parametrize("name", [None, *sorted({*NAMES} - {"psql"})])
def test_unknown_options_are_refused(capsys: pytest.CaptureFixture[str], name: str | None) -> None:
    code, _, err = called(capsys, *filter(None, [name]), "--nowhere")
    assert code == 2 and "No such option" in err and "--nowhere" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "No such command 'nowhere'."),
        (["upgrade", ""], "it is empty."),
        (["downgrade", " "], "it is empty."),
        (["stamp", ""], "it is empty."),
        (["downgrade"], "Missing argument 'TARGET'."),
        (["upgrade", "-x"], "No such option"),
        (["upgrade", "a", "b"], "unexpected extra argument"),
        (["status", "x"], "unexpected extra argument"),
        (["create"], "A revision needs a message, such as: make revision msg="),
        (["create", " \n"], "A revision needs a message, such as: make revision msg="),
        (["check-drift", "--only="], "'' is not one of 'models', 'database'"),
        (["check-drift", "--only", "x"], "'x' is not one of 'models', 'database'"),
        (["check-drift", "--format", ""], "'' is not one of "),
        (["--project", "/nowhere", "status"], "Directory '/nowhere' does not exist."),
    ],
)
def test_wrong_calls_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "") and said in err


def test_call_without_a_command_shows_what_there_is(tmp_path: Path) -> None:
    run = copied(tmp_path).migrate()
    assert "Usage: migrate.py" in run.said and all(name in run.said for name in NAMES)


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_databases_that_cannot_be_reached_are_said(tmp_path: Path, server: URL) -> None:
    checkout = copied(tmp_path)
    with listener(None) as port:
        pass  # a port that was free a moment ago
    where = server.query["host"]
    cases: list[tuple[URL | str, str]] = [
        (f"postgresql://me:{SECRET}@127.0.0.1:{port}/app", f"Nothing listens at 127.0.0.1:{port}."),
        (server.set(database="nowhere"), f"PostgreSQL at {where} has no database nowhere."),
        (server.set(username="nobody"), f"PostgreSQL at {where} has no user nobody."),
        (f"mysql://me:{SECRET}@host/app", "DATABASE_URL is for mysql, but only PostgreSQL is supported."),
        (f"me:{SECRET}@host", "DATABASE_URL is no database URL."),
    ]
    for url, said in cases:
        checkout.url = url
        assert refusal(checkout.check_drift()) == said
    for arguments in (["upgrade"], ["downgrade", "base"], ["stamp", "head"], ["status"], ["current"], ["create", "x"]):
        checkout.url = cases[0][0]
        assert refusal(checkout.migrate(*arguments)) == cases[0][1]
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as http:
        checkout.url = f"postgresql://me:{SECRET}@127.0.0.1:{http}/app"
        assert refusal(checkout.check_drift()) == f"What answers at 127.0.0.1:{http} is not PostgreSQL."


@pytest.fixture
def guarded(place: Path) -> Iterator[URL]:
    """A database on a separate server that asks for a password."""
    url = embedded.start(place / "pgdata", durable=False)
    rules = Path(str(ask(url, "SHOW hba_file")[0][0]))
    ask(url, f"CREATE ROLE me LOGIN CREATEDB SUPERUSER PASSWORD '{SECRET}'")
    rules.write_text(f"local all me scram-sha-256\n{rules.read_text()}")
    ask(url, "SELECT pg_reload_conf()")
    login = url.set(username="me")

    def asked() -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            servers.connect(login).close()
            return False
        return True

    servers.until(asked)
    yield login.set(password=SECRET)


@pytest.mark.thorough
def test_password_is_used_and_never_shown(tmp_path: Path, guarded: URL) -> None:
    """`Checkout.python` and `refusal` search the output of each run for the password."""
    checkout = copied(tmp_path, guarded)
    run = checkout.migrate("upgrade")
    assert run.code == 0 and "me:***@" in run.out
    for arguments in (["url"], ["status"], ["check-drift"], ["check-drift", "--format", "json"]):
        assert checkout.migrate(*arguments).code == 0
    for password in (f"{SECRET}2", "%2F@"):
        checkout.url = guarded.set(password=password)
        for run in (checkout.migrate("upgrade"), checkout.check_drift()):
            assert refusal(run).endswith(" refused the user me: the password is wrong or missing.")
            assert password not in run.said


def test_mistyped_words_are_corrected(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.whisper_migrate]\n")
    for words, said in (
        ("upgrad", "No such command 'upgrad'. Did you mean 'upgrade'?"),
        ("chek-drift", "Did you mean 'check-drift'?"),
        ("upgrade --no-chek", "Did you mean '--no-check'?"),
        ("stamp --unverifed x", "Did you mean '--unverified'?"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(words.split(), tmp_path)
        found = capsys.readouterr()
        assert ended.value.code == 2 and said in " ".join(found.err.split()), found


@pytest.mark.thorough
def test_a_shell_completes_revisions(tmp_path: Path) -> None:
    little.project(tmp_path)
    program = "import sys; sys.argv[0] = 'whisper-migrate'; from whisper_migrate.start import main; main()"

    def completed(*words: str, cwd: Path = tmp_path) -> list[str]:
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COMP_WORDS": " ".join(("whisper-migrate", *words)),
            "COMP_CWORD": str(len(words)),
            "_WHISPER_MIGRATE_COMPLETE": "bash_complete",
        }
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return [line.removeprefix("plain,") for line in done.stdout.split()]

    assert completed("check") == ["check-drift"]
    assert completed("upgrade", "o") == ["one"] and completed("stamp", "h") == ["head"]
    assert completed("prove", "t") == ["two"] and completed("prove", "t", cwd=Path("/")) == []
