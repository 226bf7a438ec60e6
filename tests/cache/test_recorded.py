"""Kept catalogs: used while nothing that they depend on has changed, and never otherwise."""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little, servers
from tests.support.little import ROOT, plain
from tests.support.projects import Checkout, Run, ask
from whisper_migrate.cache.plain_revisions import is_plain

WITHOUT = ("--format", "text")  # options of a check that takes nothing that is kept

pytestmark = pytest.mark.servers("pg18")

# env.py counts the replays, and reads a module, a file, a folder and a variable.
READS = """
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import words

FOLDER = Path(__file__).parents[1] / "more"
READ = (FOLDER / "comment.sql").read_text() + words.MORE + os.environ.get("GREETING", "")
READ += "".join(sorted(os.listdir(FOLDER)))
try:
    import local_words
except ImportError:
    pass
with open({trace!r}, "a") as file:
    file.write("x")
"""


@pytest.fixture
def unchecked(tmp_path: Path, server: URL, database: URL) -> Checkout:
    """A little project and its database."""
    root = tmp_path / "project"
    made = Checkout(root, little.at(database))
    made.variables |= {"SHADOW_URL": plain(server), "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    little.project(root)
    (root / "more").mkdir()
    (root / "more/comment.sql").write_text("-- read")
    (root / "words.py").write_text("MORE = '-- imported'\n")
    env_py = root / "alembic/env.py"
    env_py.write_text(READS.format(trace=str(trace(made))) + env_py.read_text())
    return made


@pytest.fixture
def checkout(unchecked: Checkout) -> Checkout:
    """The project after two checks, so that its catalogs are trusted."""
    assert replays(unchecked) == 1 and replays(unchecked) == 1
    return unchecked


def trace(made: Checkout) -> Path:
    return made.root.parent / "trace"


def replays(made: Checkout, *options: str) -> int:
    """Check, find no difference, and return how often the history was replayed."""
    trace(made).write_text("")
    done = check(made, *options)
    assert done.code == 0, done.said
    return len(trace(made).read_text())


def check(made: Checkout, *options: str) -> Run:
    done = made.run(sys.executable, "-m", "whisper_migrate", "check-drift", *(options or ("--kept",)))
    assert "Traceback" not in done.said, done.said
    return done


def kept(made: Checkout) -> list[Path]:
    return sorted((made.root.parent / "cache/whisper-migrate").iterdir())


@pytest.mark.thorough
def test_used_again(checkout: Checkout) -> None:
    assert replays(checkout) == 0 and replays(checkout, "--kept", "--only", "database") == 0
    assert replays(checkout, "--kept", "--only", "models") == 0
    assert replays(checkout, *WITHOUT) == 1 and replays(checkout) == 0
    assert len(kept(checkout)) == 1 and kept(checkout)[0].stat().st_mode & 0o077 == 0


@pytest.mark.thorough
def test_differences_are_found_with_it(checkout: Checkout) -> None:
    """A constraint that is only printed differently is no difference: it is settled in a replayed shadow."""
    assert replays(checkout) == 0
    ask(checkout.url, "ALTER TABLE tags ADD note text")
    ask(checkout.url, "ALTER TABLE tags DROP CONSTRAINT tags_state_check")
    states = "ARRAY['new'::varchar, 'old'::varchar]"
    ask(checkout.url, f"ALTER TABLE tags ADD CONSTRAINT tags_state_check CHECK (state::text = ANY ({states}))")
    warm, cold = check(checkout), check(checkout, *WITHOUT)
    assert warm == cold and warm.code == 1 and "tags.note" in warm.out and "tags_state_check" not in warm.out, warm
    ask(checkout.url, "ALTER TABLE tags DROP note")
    models = checkout.root / little.models(little.Project(checkout.root))
    models.write_text(models.read_text().replace("String(50))  # 1", "String(60))  # 1"))
    warm, cold = check(checkout), check(checkout, *WITHOUT)
    assert warm == cold and warm.code == 1 and "authors.name" in warm.out, warm


def _append(name: str, text: str) -> Callable[[Checkout], object]:
    def change(made: Checkout) -> None:
        with (made.root / name).open("a") as file:
            file.write(text)

    return change


def _truncated(made: Checkout) -> None:
    for file in kept(made):
        file.write_bytes(file.read_bytes()[:-100])


def _poisoned(made: Checkout) -> None:
    for file in kept(made):
        file.write_bytes(file.read_bytes().replace(b"authors", b"writers"))


def _old(made: Checkout) -> None:
    for file in kept(made):
        entry = json.loads(file.read_bytes().partition(b"\n")[2])
        entry["at"] -= 90_000
        content = json.dumps(entry).encode()
        file.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def _writable(made: Checkout) -> None:
    (made.root.parent / "cache/whisper-migrate").chmod(0o777)


def _package(made: Checkout) -> None:
    (made.root / "other-1.0.dist-info").mkdir()


# Each change lets the next check replay the history.
CHANGES: dict[str, Callable[[Checkout], object]] = {
    "a revision": _append("alembic/versions/one.py", "# more\n"),
    "env.py": _append("alembic/env.py", "# more\n"),
    "alembic.ini": _append("alembic.ini", "# more\n"),
    "pyproject.toml": _append("pyproject.toml", "# more\n"),
    "a module": _append("words.py", "# more\n"),
    "a module that was not there": lambda made: (made.root / "local_words.py").touch(),
    "a file": _append("more/comment.sql", "-- more\n"),
    "a file in a folder": lambda made: (made.root / "more/another").touch(),
    ".env": lambda made: (made.root / ".env").write_text("OTHER=1\n"),
    "another folder of modules": lambda made: made.variables.update(PYTHONPATH=f"{ROOT}:{made.root}/more"),
    "asserts switched off": lambda made: made.variables.update(PYTHONOPTIMIZE="1"),
    "a variable": lambda made: made.variables.update(GREETING="-- hello"),
    "a package": _package,
    "a truncated file": _truncated,
    "a poisoned file": _poisoned,
    "an old file": _old,
    "a folder of everybody": _writable,
    "no file": lambda made: [file.unlink() for file in kept(made)],
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", CHANGES)
def test_replayed_after_a_change(checkout: Checkout, name: str) -> None:
    CHANGES[name](checkout)
    assert replays(checkout) == 1


@pytest.mark.thorough
def test_used_again_after_a_change(checkout: Checkout) -> None:
    CHANGES["a revision"](checkout)
    assert [replays(checkout) for _ in range(3)] == [1, 1, 0]
    CHANGES["a folder of everybody"](checkout)
    assert [replays(checkout) for _ in range(3)] == [1, 1, 1]


@pytest.mark.thorough
@pytest.mark.parametrize("asks", [True, False])
def test_roles_matter_to_those_who_ask_for_them(checkout: Checkout, server: URL, asks: bool) -> None:
    if asks:
        _append("words.py", "# SELECT FROM pg_roles\n")(checkout)
        replays(checkout)
        replays(checkout)
    name = f"cache_{os.getpid()}_{asks}"
    ask(server, f'CREATE ROLE "{name}"')
    try:
        assert replays(checkout) == asks
    finally:
        ask(server, f'DROP ROLE "{name}"')


# Revisions that are not plain, or not steady: what they make may differ each time.
MORE = {
    "chance": ("import secrets\n", 'op.execute(f"CREATE TABLE public.t_{secrets.token_hex(4)} (a int)")'),
    "a clock": ("import time\n", 'op.execute(f"CREATE TABLE public.t_{time.time_ns()} (a int)")'),
    "chance in SQL": (
        "",
        "op.execute(\"DO $$BEGIN EXECUTE format('CREATE TABLE public.%I (a int)', gen_random_uuid()); END$$\")",
    ),
    "a program": ("import subprocess, sys\n", 'subprocess.run([sys.executable, "-c", ""], check=True)'),
    "a file": ("", "open(__file__).close()"),
    "a file by its path": ("from pathlib import Path\n", "Path(__file__).exists()"),
    "the environment": ("import os\n", "os.environ.items()"),
    "a module of the project": ("import words\n", "words.MORE"),
    "another database": ("import sqlalchemy as sa\n", 'sa.create_engine("postgresql://")'),
    "a setting": ("", "op.execute(\"SELECT current_setting('app.mode', true)\")"),
    "a setting that is shown": ("", "op.execute('SHOW work_mem')"),
    "what goes on": ("", 'op.execute("SELECT count(*) FROM pg_stat_activity")'),
    "other databases": ("", 'op.execute("SELECT count(*) FROM pg_database")'),
    "code from a text": ("", 'eval("1")'),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", MORE)
def test_such_a_history_is_always_replayed(unchecked: Checkout, name: str) -> None:
    imports, statement = MORE[name]
    two = unchecked.root / "alembic/versions/two.py"
    text = two.read_text().replace("from alembic", f"{imports}from alembic", 1)
    two.write_text(text.replace("def upgrade() -> None:\n", f"def upgrade() -> None:\n    {statement}\n", 1))
    for _ in range(3):
        trace(unchecked).write_text("")
        assert check(unchecked).code == (1 if "chance" in name or "clock" in name else 0)
        assert "x" in trace(unchecked).read_text()


def test_revisions_of_a_real_project_are_plain() -> None:
    assert [file.name for file in (ROOT / "alembic/versions").glob("*.py") if not is_plain(file)] == []


ENV_PY = {
    "a program": 'import subprocess\nsubprocess.run([sys.executable, "-c", ""], check=True)\n',
    "a database in a file": 'import sqlite3\nsqlite3.connect(":memory:").close()\n',
    "chance": 'open("/dev/urandom", "rb").read(4)\n',
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", ENV_PY)
def test_such_an_env_py_is_always_run(unchecked: Checkout, name: str) -> None:
    env_py = unchecked.root / "alembic/env.py"
    env_py.write_text(env_py.read_text() + ENV_PY[name])
    assert [replays(unchecked) for _ in range(3)] == [1, 1, 1]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "code", ['os.environ.pop("MODE", "")', 'os.environ["MODE"] = os.environ.get("MODE", "") + "!"']
)
def test_a_variable_that_the_project_changes(unchecked: Checkout, code: str) -> None:
    env_py = unchecked.root / "alembic/env.py"
    env_py.write_text(env_py.read_text() + code + "\n")
    assert [replays(unchecked) for _ in range(3)] == [1, 1, 0]
    unchecked.variables["MODE"] = "b"
    assert [replays(unchecked) for _ in range(3)] == [1, 1, 0]


@pytest.mark.thorough
def test_another_server_is_another_history(checkout: Checkout) -> None:
    other = servers.urls().get("pg15")
    if other is None:
        pytest.skip("PostgreSQL 15 is not on this machine")
    checkout.variables["SHADOW_URL"] = plain(other)
    checkout.url = None
    assert replays(checkout, "--kept", "--only", "models") == 1


@pytest.mark.thorough
def test_cleared(checkout: Checkout) -> None:
    done = checkout.run(sys.executable, "-m", "whisper_migrate", "cache", "clear")
    assert done.code == 0 and done.out.startswith("Deleted 1 kept catalog in "), done.said
    assert kept(checkout) == [] and replays(checkout) == 1


@pytest.mark.thorough
def test_a_folder_that_cannot_be_written_is_no_failure(checkout: Checkout) -> None:
    checkout.variables["XDG_CACHE_HOME"] = "/proc/nowhere"
    assert replays(checkout) == 1 and replays(checkout) == 1
