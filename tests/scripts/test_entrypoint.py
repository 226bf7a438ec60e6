"""The container's entrypoint as a program on real servers: when it starts the command, and how it stops."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.embedded.users import start
from tests.scripts.test_scripts import with_venv
from tests.support import servers
from tests.support.projects import HEAD, MIGRATE, SECRET, TABLES, Checkout, Run, ask, copied, migrated, tables
from whisper_migrate import embedded

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

ENTRYPOINT = "scripts/docker-entrypoint.sh"
STARTED = ("sh", "-c", 'echo "started $*"; exit 7', "sh", "an argument")


@pytest.fixture
def image(tmp_path: Path, database: URL) -> Checkout:
    """A checkout with the files of the image, and a database."""
    return with_venv(copied(tmp_path, database))


def enter(image: Checkout, mode: str | None = None) -> Run:
    image.variables |= {} if mode is None else {"MIGRATE": mode}
    run = image.run(str(image.root / ENTRYPOINT), *STARTED, cwd=Path("/"))
    assert "Traceback" not in run.said and SECRET not in run.said and "\x1b" not in run.said, run.said
    return run


def test_command_starts_on_a_database_that_was_brought_to_the_head(image: Checkout, database: URL) -> None:
    for words in ("Upgraded from no revision to", "Nothing to do"):
        run = enter(image)
        assert (run.code, run.err) == (7, "") and words in run.out and run.out.endswith("started an argument\n")
    assert ask(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_check_starts_the_command_on_the_head_only(image: Checkout, database: URL) -> None:
    run = enter(image, "check")
    assert run.code == 1 and "started" not in run.out and "pending" in run.err
    assert ask(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    migrated(database)
    run = enter(image, "check")
    assert run.code == 7 and run.out == f"{HEAD}\nstarted an argument\n"


def test_database_ahead_of_the_image_is_not_started_on(image: Checkout, database: URL) -> None:
    """The image was rolled back to an older version, the database was not."""
    ask(migrated(database), "UPDATE alembic_version SET version_num = 'feed'")
    run = enter(image)
    assert run.code == 2 and "started" not in run.out
    assert "is stamped with feed, a revision that no file of this checkout has." in run.err


def test_drift_is_told_and_does_not_keep_the_command_from_starting(image: Checkout, database: URL) -> None:
    """An index that was added by hand must not keep a container from starting."""
    ask(migrated(database), "CREATE INDEX made_by_night ON users (username)")
    image.write_revision("aaaa", HEAD, up="op.execute('CREATE TABLE later ()')")
    run = enter(image)
    assert run.code == 7 and run.out.endswith("started an argument\n"), run
    assert "  + index made_by_night" in run.out and "-> make repair" in run.out


def test_off_asks_no_database(image: Checkout) -> None:
    image.url = "nonsense"
    run = enter(image, "off")
    assert (run.code, run.out, run.err) == (7, "started an argument\n", "")


def test_unknown_mode_is_refused(image: Checkout) -> None:
    run = enter(image, "on")
    assert (run.code, run.out) == (2, "") and run.err.startswith("Failed: MIGRATE is on, but only upgrade, check and")


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("value", ["$(touch {0})", "1; touch {0}", "`touch {0}`", "-", "upgrade --no-check", "*"])
@pytest.mark.parametrize("name", ["MIGRATE", "WHISPER_WAIT", "WHISPER_LOCK_TIMEOUT", "DATABASE_URL"])
def test_no_variable_is_run_by_the_shell(image: Checkout, tmp_path: Path, name: str, value: str) -> None:
    planted = tmp_path / "planted"
    image.variables[name] = value.format(planted)
    run = enter(image)
    assert not planted.exists() and "started" not in run.out and run.code == 2, run


def test_command_is_started_as_it_was_given(image: Checkout) -> None:
    words = ("$(touch x)", "a  b", "*", "", "--no-check", "'", '"', "\\")
    image.variables["MIGRATE"] = "off"
    run = image.run(str(image.root / ENTRYPOINT), sys.executable, "-c", "import sys; print(sys.argv[1:])", *words)
    assert (run.code, run.out) == (0, f"{list(words)}\n"), run


def test_failing_revision_leaves_the_database_as_it_was(image: Checkout, database: URL) -> None:
    migrated(database)
    image.write_revision("aaaa", HEAD, up="op.execute('CREATE TABLE half ()'); op.execute('SELECT nowhere()')")
    run = enter(image)
    assert run.code == 2 and "started" not in run.out and "nowhere() does not exist" in run.err
    assert ask(database, "SELECT version_num, to_regclass('half') FROM alembic_version") == [(HEAD, None)]


def test_many_start_together_on_an_empty_database(image: Checkout, database: URL) -> None:
    started = [image.start(str(image.root / ENTRYPOINT), *STARTED) for _ in range(8)]
    runs = [(*process.communicate(timeout=600), process.returncode) for process in started]
    assert [code for *_, code in runs] == [7] * 8, runs
    assert sum("Upgraded from no revision" in out for out, *_ in runs) == 1
    assert ask(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def waiting(entered: "subprocess.Popen[str]") -> str:
    """Return the line that says what the process waits for; "" if the process ended without it."""
    assert entered.stdout
    return next((line for line in entered.stdout if line.startswith("Waiting for the database, ")), "")


def test_database_that_comes_up_late_is_waited_for(image: Checkout, place: Path) -> None:
    image.url = start(place / "pg")
    embedded.stop(place / "pg")
    entered = image.start(str(image.root / ENTRYPOINT), *STARTED)
    assert "60 s at most: No PostgreSQL listens on a socket in " in waiting(entered)
    start(place / "pg")
    out, err = entered.communicate(timeout=600)
    assert entered.returncode == 7 and out.endswith("started an argument\n"), err
    assert tables(image.url) == TABLES


@pytest.mark.parametrize("mode", ["upgrade", "check"])
def test_database_that_never_comes_up_is_given_up(image: Checkout, mode: str) -> None:
    image.url = f"postgresql://me:{SECRET}@127.0.0.1:1/app"
    image.variables["WHISPER_WAIT"] = "0.3"
    run = enter(image, mode)
    assert run.code == 2 and run.out.count("started") == 0
    assert "No answer within 0.3 s. Nothing listens at 127.0.0.1:1." in run.err


def test_stopped_while_it_waits(image: Checkout) -> None:
    image.url = "postgresql://me@127.0.0.1:1/app"
    entered = image.start(str(image.root / ENTRYPOINT), *STARTED)
    assert waiting(entered)
    entered.terminate()
    out, _ = entered.communicate(timeout=600)
    assert entered.returncode == 143 and "started" not in out


@pytest.mark.parametrize(
    ("command", "sent", "code"),
    [
        ([ENTRYPOINT, *STARTED], signal.SIGTERM, 143),
        ([sys.executable, MIGRATE, "upgrade"], signal.SIGTERM, 143),
        ([sys.executable, MIGRATE, "upgrade"], signal.SIGINT, 130),
    ],
)
def test_stopped_in_the_middle_of_a_statement(
    image: Checkout, database: URL, command: list[str], sent: signal.Signals, code: int
) -> None:
    """The statement is cancelled at once; Python alone would handle the signal only after it."""
    migrated(database)
    sleep = "SELECT pg_sleep(600) WHERE current_database() NOT LIKE 'whisper_shadow%'"
    image.write_revision("aaaa", HEAD, up=f'op.execute("CREATE TABLE half ()"); op.execute("{sleep}")')
    entered = image.start(*command)
    asleep = f"SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '{database.database}'"
    servers.until(lambda: ask(database, asleep))
    entered.send_signal(sent)
    out, err = entered.communicate(timeout=600)
    assert entered.returncode == code and "started" not in out and "Traceback" not in err, err
    assert ask(database, asleep) == []
    assert ask(database, "SELECT version_num, to_regclass('half') FROM alembic_version") == [(HEAD, None)]


def test_command_takes_the_signals_itself(image: Checkout, database: URL) -> None:
    migrated(database)
    command = ("sh", "-c", "trap 'echo ended; exit 9' TERM; echo ready; while :; do sleep 0.1; done")
    entered = image.start(str(image.root / ENTRYPOINT), *command)
    assert entered.stdout and any(line == "ready\n" for line in entered.stdout)
    entered.terminate()
    assert entered.communicate(timeout=600)[0] == "ended\n" and entered.returncode == 9
