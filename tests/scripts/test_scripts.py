"""The scripts for operators: from any folder, through a link, and in an almost unusable environment."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.projects import CHECK_DRIFT, HEAD, MIGRATE, SECRET, TABLES, USERS, Checkout, ask, copied, refusal

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

DB_MIGRATE = "scripts/migrations/db-migrate.sh"
SETUP = "scripts/migrations/test_migration_setup.py"
UNSET = ("HOME", "TERM", "PYTHONDONTWRITEBYTECODE")
MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


@pytest.fixture
def checkout(tmp_path: Path, database: URL) -> Checkout:
    return copied(tmp_path / "a project", database)


@cache
def mounting() -> bool:
    """Whether this process may mount file systems."""
    asked = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(asked, capture_output=True, check=False).returncode == 0


def with_venv(checkout: Checkout) -> Checkout:
    """Use the tests' interpreter as the checkout's virtual environment."""
    (checkout.root / ".venv/bin").mkdir(parents=True)
    (checkout.root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (checkout.root / ".venv/bin/python").chmod(0o755)
    return checkout


def test_operator_works_from_any_folder_and_through_a_link(tmp_path: Path, checkout: Checkout, database: URL) -> None:
    """The database comes from `.env`, which no shell reads: a shell would execute parts of the password."""
    password = f"{SECRET} $(touch {tmp_path}/read-by-a-shell) `id`; \"#'"
    lines = [f"POSTGRES_{key}={value}" for key, value in (("HOST", database.query["host"]), ("DB", database.database))]
    lines += [f"POSTGRES_PORT={database.query['port']}", f"POSTGRES_USER={database.username}"]
    lines.append("POSTGRES_PASSWORD='" + password.replace("'", "\\'") + "'")
    (with_venv(checkout).root / ".env").write_text("\n".join(lines))
    checkout.url = None
    link = tmp_path / "links" / "db"
    link.parent.mkdir()
    link.symlink_to(Path("../a project") / DB_MIGRATE)
    said = []
    for arguments in (["upgrade", "+1"], ["downgrade", "-1"], ["current"]):
        run = checkout.run(str(link), *arguments, cwd=Path("/"))
        assert (run.code, run.err) == (0, "") and SECRET not in run.out, run
        said.append(run.out)
    assert "to 20251011_baseline_v106: 1 revision in" in said[0]
    assert "Downgraded from 20251011_baseline_v106 to no revision" in said[1]
    assert said[2] == "none\n"
    assert not (tmp_path / "read-by-a-shell").exists()


def test_without_a_venv_it_is_the_python_on_the_path(tmp_path: Path, checkout: Checkout) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text('#!/bin/sh\necho "python3 $*"\n')
    (tmp_path / "bin/python3").chmod(0o755)
    checkout.variables["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run = checkout.run(str(checkout.root / DB_MIGRATE), "stamp", "a b")
    assert run.out == f"python3 {checkout.root}/scripts/migrations/migrate.py stamp a b\n"


def test_checkout_without_its_packages_says_so(checkout: Checkout) -> None:
    for script in ("scripts/migrations/migrate.py", "scripts/check_drift.py"):
        run = checkout.run(sys.executable, "-S", str(checkout.root / script), "status")
        assert refusal(run) == f"{sys.executable} lacks a package: No module named 'click'."
    run = checkout.run(sys.executable, "-S", str(checkout.root / SETUP))
    assert (run.code, run.err) == (1, "")
    pins = (checkout.root / "requirements-core.txt").read_text().count("==")
    assert run.out.count(" is pinned\n") == pins
    assert run.out.count("unknown while a package is missing\n") == 5
    assert run.out.endswith("make setup, or: pip install -r requirements-core.txt\n")


def lines(checkout: Checkout) -> tuple[int, dict[str, str]]:
    run = checkout.python(SETUP, cwd=Path("/"))
    assert run.err == ""
    found = [line for line in run.out.splitlines() if line.startswith(("ok ", "FAIL "))]
    return run.code, {line[6:25].strip(): line[:6].strip() + " " + line[25:] for line in found} | {"all": run.out}


def test_setup_is_checked_line_by_line(checkout: Checkout, database: URL) -> None:
    code, said = lines(checkout)
    assert code == 0 and "FAIL" not in said["all"] and said["all"].endswith("All is well.\n"), said["all"]
    assert said["alembic"] == "ok 1.20.1" and said["one head"] == f"ok {HEAD}"
    assert said["models"].startswith(f"ok {TABLES} tables") and "answers: PostgreSQL 18" in said["database"]
    assert said["rights"].endswith(" may create tables in public, and databases")


def test_each_thing_that_is_wrong_has_its_line(checkout: Checkout) -> None:
    """A problem does not keep the following ones from being reported."""
    checkout.edit("pyproject.toml", '">=3.11"', '">=3.99"')
    checkout.edit("requirements-core.txt", "click==8.5.1", "click==7.0\nnowhere==1.0")
    (checkout.root / "alembic/env.py").write_text("def x(:\n")
    checkout.write_revision("aaaa", HEAD)
    checkout.write_revision("bbbb", HEAD)
    (checkout.root / USERS).write_text("nowhere\n")
    checkout.url = f"postgresql://me:{SECRET}@127.0.0.1:1/app"
    code, said = lines(checkout)
    expected = {
        "python": "but 3.99 or later is needed",
        "click": "8.5.1, but 7.0 is pinned",
        "nowhere": "not installed; 1.0 is pinned",
        "env.py": "SyntaxError: invalid syntax",
        "one head": "The history has 2 heads: aaaa (alembic/versions/aaaa.py), bbbb (alembic/versions/bbbb.py).",
        "models": f"NameError: name 'nowhere' is not defined ({USERS}:1).",
        "database": "Nothing listens at 127.0.0.1:1.",
        "rights": "Nothing listens at 127.0.0.1:1.",
    }
    wrong = {name for name, line in said.items() if line.startswith("FAIL") and name != "all"}
    assert code == 1 and wrong == expected.keys()
    for name, words in expected.items():
        assert words in said[name]
    assert said["versions"] == f"ok {len(checkout.revisions())} revisions" and "Failed: 8 of these." in said["all"]

    (checkout.root / "alembic.ini").unlink()
    assert "FAIL" in lines(checkout)[1]["alembic.ini"]


def test_role_without_rights_is_seen_before_the_first_revision(checkout: Checkout, database: URL) -> None:
    """Since PostgreSQL 15 only the owner may create in the schema public."""
    name = f"guest_of_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN")
    checkout.url = database.set(username=name)
    code, said = lines(checkout)
    assert code == 1 and f"FAIL {name} may not create tables in public" == said["rights"]
    assert f"GRANT USAGE, CREATE ON SCHEMA public TO {name}" in said["all"]
    ask(database, f"DROP ROLE {name}")


def closed(checkout: Checkout, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run the script without HOME, terminal and standard input, and with a read-only checkout if possible."""
    environ = {name: value for name, value in checkout.environ.items() if name not in UNSET}
    mounted = ["unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(checkout.root)] if mounting() else []
    without = ["sh", "-c", 'exec "$@" <&-', "sh", *mounted, *command]
    return subprocess.run(without, cwd="/", env=environ, capture_output=True, text=True, check=False)


def test_works_from_anywhere_and_writes_nothing(checkout: Checkout) -> None:
    before = {path: path.lstat().st_mtime_ns for path in checkout.root.rglob("*")}
    for script, *arguments in ([MIGRATE, "upgrade"], [MIGRATE, "create", "x"], [CHECK_DRIFT], [SETUP]):
        done = closed(checkout, sys.executable, "-B", str(checkout.root / script), *arguments)
        assert (done.returncode, done.stderr) == (0, ""), done
    assert {path: path.lstat().st_mtime_ns for path in checkout.root.rglob("*")} == before


@pytest.mark.skipif(not mounting(), reason="needs the right to mount a folder read-only")
def test_read_only_checkout_is_named_where_it_should_be_written(checkout: Checkout) -> None:
    migrate = (sys.executable, str(checkout.root / MIGRATE))
    checkout.add_column("motto: Mapped[str | None]")
    done = closed(checkout, *migrate, "create", "let users have a motto")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"Failed: Read-only file system: .*/versions/\S+_let_users_have_a_motto.py\n", done.stderr)
    checkout.url = None
    done = closed(checkout, *migrate, "upgrade")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{checkout.root}/.pgdata cannot be used: Read-only file system." in done.stderr
