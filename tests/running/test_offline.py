"""`--sql`: a script for psql that leads to the same database as an upgrade."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, sql
from tests.support.little import command, plain
from tests.support.projects import HEAD, ROOT, ask
from whisper_migrate.embedded.installed import binaries
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running.offline import script
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.drift import check

OURS = Project(ROOT)
FIRST = History(OURS).newest_first()[-1].revision


def psql(url: URL, text: str) -> "subprocess.CompletedProcess[str]":
    program = [str(binaries() / "psql"), "-X", "-q", "-d", plain(url)]
    return subprocess.run(program, input=text, capture_output=True, text=True, check=False)


def write(project: Project, direction: str, target: str) -> str:
    return script(project, direction, target, Patience())


@pytest.mark.thorough
def test_script_of_our_revisions_leads_to_the_head_and_back(database: URL, server: URL) -> None:
    done = psql(database, write(OURS, "upgrade", f"base:{FIRST}"))
    assert done.returncode == 0, done.stderr
    # a script refuses a database that is not where it begins
    again = psql(database, write(OURS, "upgrade", "head"))
    assert again.returncode == 3 and f"begins at base, and the database is at {FIRST}" in again.stderr
    done = psql(database, write(OURS, "upgrade", f"{FIRST}:head"))
    assert done.returncode == 0, done.stderr
    verdict = check(OURS, server, database, only="database")
    assert verdict.clean and verdict.revisions == (HEAD,)
    done = psql(database, write(OURS, "downgrade", f"{HEAD}:base"))
    assert done.returncode == 0, done.stderr
    left = ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert left == [("alembic_version",), ("whisper_ledger",)]


@pytest.mark.servers("pg18")
def test_script_stops_at_the_first_error_and_keeps_what_is_whole(tmp_path: Path, database: URL) -> None:
    made = project(
        tmp_path, sql("CREATE TABLE t (n integer)"), sql("CREATE TABLE u ()", "SELECT 1/0"), sql("DROP TABLE t")
    )
    done = psql(database, write(made, "upgrade", "head"))
    assert done.returncode == 3 and "division by zero" in done.stderr
    assert ask(database, "SELECT version_num, to_regclass('t') IS NULL, to_regclass('u') FROM alembic_version") == [
        ("r1", False, None)
    ]


@pytest.mark.servers("pg18")
def test_script_with_an_autocommit_block_runs(tmp_path: Path, database: URL) -> None:
    build = alone("CREATE INDEX CONCURRENTLY t_n ON t (n)")
    made = project(tmp_path, sql("CREATE TABLE t (n integer, x text DEFAULT '100%% \\\\:a')"), build)
    done = psql(database, write(made, "upgrade", "head"))
    assert done.returncode == 0, done.stderr
    assert ask(
        database, "SELECT indisvalid, version_num FROM pg_index, alembic_version WHERE indrelid = 't'::regclass"
    ) == [(True, "r2")]


@pytest.mark.servers("pg18")
def test_script_is_refused_in_one_sentence(tmp_path: Path) -> None:
    made = project(tmp_path, "op.get_bind().execute(sa.text('SELECT 1')).scalar()")
    with pytest.raises(Failure, match=r"cannot be written as a script: .*\(alembic/versions/r1.py:\d+\)"):
        write(made, "upgrade", "head")
    forgotten = project(tmp_path / "forgotten", sql("INSERT INTO t VALUES ('a :b 50%')"))
    with pytest.raises(Failure, match=r"a value is required for bind parameter 'b'"):
        write(forgotten, "upgrade", "head")
    for target, words in (("r9:head", "Can't locate revision"), ("nowhere", "Can't locate revision")):
        with pytest.raises(Failure, match=words):
            write(made, "upgrade", target)
    with pytest.raises(Failure, match="needs the revision where it begins"):
        write(made, "downgrade", "base")


@pytest.mark.servers("pg18")
def test_script_needs_no_database(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (n integer)"))
    nowhere = URL.create("postgresql", host="127.0.0.1", port=9, database="none", username="nobody")
    said = command(capsys, made, nowhere, "upgrade", "--sql")
    assert said.code == 0 and said.err == "" and "CREATE TABLE t (n integer);" in said.out
