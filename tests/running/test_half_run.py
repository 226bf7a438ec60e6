"""A revision that was stopped in its middle: every command reports it, and it must be finished first."""

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql
from tests.running.test_offline import psql
from tests.support import servers
from tests.support.little import ROOT, command, plain
from tests.support.projects import Checkout, ask
from whisper_migrate.errors import Failure

FIRST = sql("CREATE TABLE t (n integer)")
# The second index fails on two equal rows.
STOPPED = alone("CREATE INDEX CONCURRENTLY t_n ON t (n)", "CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (n)")
STATE = (
    "SELECT version_num, to_regclass('t_n') IS NOT NULL, (SELECT count(*) FROM whisper_journal) FROM alembic_version"
)

# By command: the exit code, and whether the stopped revision is reported on standard output or as a failure.
COMMANDS: dict[tuple[str, ...], tuple[int, str]] = {
    ("status",): (0, "out"),
    ("check-drift", "--only", "database"): (1, "out"),
    ("check-drift", "--only", "database", "--format", "json"): (1, "out"),
    ("check-drift", "--only", "database", "--format", "github"): (1, "out"),
    ("check-drift", "--only", "database", "--format", "sarif"): (1, "out"),
    ("whereami",): (1, "out"),
    ("upgrade", "--plan"): (0, "out"),
    ("preflight",): (2, "err"),
    ("repair",): (2, "err"),
    ("repair", "--apply"): (2, "err"),
    ("adopt",): (2, "err"),
    ("adopt", "--reconcile"): (2, "err"),
    ("stamp", "r1"): (2, "err"),
    ("stamp", "r2"): (2, "err"),
    ("stamp", "r2", "--unverified"): (2, "err"),
    ("downgrade", "base"): (2, "err"),
    ("downgrade", "base", "--plan"): (2, "err"),
    ("downgrade", "-1", "--allow-data-loss", "whatever:9"): (2, "err"),
}


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_every_command_knows_of_it(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, FIRST, STOPPED, downs=(sql("DROP TABLE t"), sql("DROP INDEX t_n, t_u")))
    run(made, database, "r1")
    ask(database, "INSERT INTO t VALUES (1), (1)")
    with pytest.raises(Failure, match="in the middle of r2"):
        run(made, database)
    for arguments, (code, where) in COMMANDS.items():
        said = command(capsys, made, database, *arguments)
        words = said.out if where == "out" else said.err
        assert said.code == code and "r2 was stopped in " in words, (arguments, said)
        assert "sarif" in arguments or "migrate.py upgrade +1" in words, (arguments, said)
        assert "index t_n" not in said.out and "drop" not in said.out.lower(), arguments
        assert ask(database, STATE) == [("r1", True, 1)], arguments
    listed = tmp_path / "urls"
    listed.write_text(f"one {plain(database)}\n")
    for action in ("status", "check-drift"):
        said = command(capsys, made, None, "fleet", str(listed), action)
        assert said.code == 2 and "one: r2 was stopped in its middle (upgrade, " in said.out, said
    ask(database, "DELETE FROM t")
    assert command(capsys, made, database, "upgrade").code == 0
    assert command(capsys, made, database, "check-drift", "--only", "database").code == 0
    assert ask(database, STATE) == [("r2", True, 0)]


@pytest.mark.servers("pg18")
def test_a_plan_of_the_other_direction_knows_of_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    down = """with op.get_context().autocommit_block():
        op.execute('DROP INDEX t_n')
        op.execute('SELECT 1 / 0')"""
    made = project(tmp_path, FIRST, sql("CREATE INDEX t_n ON t (n)"), downs=(sql("DROP TABLE t"), down))
    run(made, database)
    assert command(capsys, made, database, "downgrade", "-1", "--no-check", "--allow-data-loss", "x:1").code == 2
    said = command(capsys, made, database, "upgrade", "--plan")
    assert "r2 was stopped in its middle (downgrade, " in said.out and "Nothing to do" not in said.out, said


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_repair_and_stamp_wait_for_a_run(tmp_path: Path, database: URL) -> None:
    """Both take a run's lock, and the lock of the connection for revisions, whose process may outlive its client."""
    made = project(tmp_path, FIRST)
    run(made, database)
    ask(database, "CREATE INDEX odd ON t (n)")
    other = Checkout(made.root, database, {"PYTHONPATH": str(ROOT)})
    for number, waits, arguments in (
        (1, "Another run is at work", ("repair", "--apply")),
        (2, "A run that was stopped is not yet gone", ("stamp", "r1")),
    ):
        holder = servers.connect(database)
        holder.cursor().execute(f"SELECT pg_advisory_lock(x'77686973'::int, {number})")
        running = other.start(sys.executable, "-m", "whisper_migrate", *arguments)
        assert running.stderr
        said = next((line for line in running.stderr if line.startswith(waits)), "")
        holder.close()
        _, rest = running.communicate(timeout=600)
        assert said and running.returncode == 0, rest


@pytest.mark.servers("pg18")
def test_a_script_that_stops_in_the_middle_is_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    made = project(tmp_path, FIRST, STOPPED, downs=(sql("DROP TABLE t"), sql("DROP INDEX t_n, t_u")))
    run(made, database, "r1")
    ask(database, "INSERT INTO t VALUES (1), (1)")
    script = command(capsys, made, database, "upgrade", "--sql", "r1:r2").out
    assert "could not create unique index" in psql(database, script).stderr
    for arguments in (("status",), ("upgrade",), ("repair", "--apply"), ("stamp", "r2"), ("downgrade", "base")):
        said = command(capsys, made, database, *arguments)
        text = said.out + said.err
        assert said.code == (0 if arguments == ("status",) else 2)
        assert "a script of upgrade --sql has committed a part of it" in text, said
    assert "Revision r2 was stopped in its middle" in psql(database, script).stderr
    (forget,) = set(re.findall(r"DELETE FROM public.whisper_journal WHERE revision = 'r2';", text))
    ask(database, "DELETE FROM t", "DROP INDEX t_u", *re.findall(r"CREATE UNIQUE .*;", script), forget)
    assert command(capsys, made, database, "stamp", "r2").code == 0
    assert command(capsys, made, database, "check-drift", "--only", "database").code == 0
    assert command(capsys, made, database, "downgrade", "r1").code == 0
    done = psql(database, command(capsys, made, database, "upgrade", "--sql", "r1:r2").out)
    assert done.returncode == 0 and ask(database, STATE) == [("r2", True, 0)], done.stderr


@pytest.mark.servers("pg18")
def test_a_script_of_a_downgrade_names_the_revision_to_stamp(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    down = alone("DROP INDEX t_n", "DROP INDEX nowhere")
    made = project(tmp_path, FIRST, sql("CREATE INDEX t_n ON t (n)"), downs=(sql("DROP TABLE t"), down))
    run(made, database)
    script = command(capsys, made, database, "downgrade", "--sql", "r2:r1").out
    assert 'index "nowhere" does not exist' in psql(database, script).stderr
    said = command(capsys, made, database, "upgrade")
    remedy = re.search(r"; then: (DELETE FROM .*;) and: migrate.py (stamp r1)$", said.err, re.MULTILINE)
    assert said.code == 2 and remedy, said
    ask(database, remedy[1])
    assert command(capsys, made, database, *remedy[2].split()).code == 0
    assert ask(database, "SELECT version_num FROM alembic_version") == [("r1",)]
