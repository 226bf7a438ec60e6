"""A fleet of fifty databases, three of them broken in different ways: output and effects of the commands."""

import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection

from tests.conftest import MakeDatabase
from tests.fleet.conftest import Fleet, stamp, summary
from tests.support import little, servers
from tests.support.projects import HEAD, MIGRATE, SECRET, TABLES, ask, copied, migrated, tables
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.connect import connected
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]


@pytest.fixture
def fifty(make_database: MakeDatabase, server: URL) -> dict[str, URL | str]:
    """Fifty databases at `two`; `b07` lacks a column, `b20` has an unknown stamp, `b33` cannot be reached."""
    template = little.at(make_database())
    urls = {f"b{number:02}": make_database(template) for number in range(50)}
    little.execute(urls["b07"], "ALTER TABLE authors DROP COLUMN born")
    little.execute(urls["b20"], "UPDATE alembic_version SET version_num = 'feed'")
    found: dict[str, URL | str] = {**urls}
    found["b33"] = f"postgresql://me:{SECRET}@127.0.0.1:1/b33"
    return found


FAILED = [
    "2 of 50 failed:",
    "  b20: The database is stamped with feed, a revision that no file of this checkout has.",
    "    With the URL of bots.txt:21 as DATABASE_URL: update the checkout, or restore the file; or see which revision"
    " it equals: migrate.py whereami",
    "  b33: Nothing listens at 127.0.0.1:1.",
    "    Check bots.txt:34: is it the right port, and does the server run?",
]


def test_fifty(monkeypatch: pytest.MonkeyPatch, fleet: Fleet, fifty: dict[str, URL | str]) -> None:
    said = fleet(fifty, "status")
    assert (said.code, said.err) == (2, "") and summary(said) == [
        "47 equal (two, 1 pending, fingerprint <f>)",
        "1 differs (two, 1 pending, fingerprint <f>): b07",
        *FAILED,
    ]
    assert sorted(re.findall(r"^\[ *\d+/50\] (b\d\d): ", said.out, re.MULTILINE)) == sorted(fifty)

    replayed: list[str] = []
    replay = History.replay

    def counted(history: History, connection: Connection, target: str = "heads") -> None:
        replayed.append(target)
        replay(history, connection, target)

    monkeypatch.setattr(History, "replay", counted)
    said = fleet(fifty, "check-drift")
    assert said.code == 2 and replayed == ["two"]
    assert summary(said) == [
        "47 equal the history at two",
        "  pending there: 1, up to three",
        "1 differs from the history at two: b07",
        "  authors",
        "    - column authors.born integer  (last in one)",
        "    - constraint authors_born_check on authors CHECK ((born > 1000))  (last in one)",
        "  pending there: 1, up to three",
        *FAILED,
    ]

    said = fleet(fifty, "upgrade")
    assert said.code == 2 and summary(said) == ["48 upgraded, 0 had nothing to do, 2 failed.", *FAILED]
    assert "] b07: two -> three, 1 applied\n" in said.out and stamp(fifty["b49"]) == "three"


def test_again_there_is_nothing_to_do(fleet: Fleet, make_database: MakeDatabase, project: Project) -> None:
    """A second upgrade does nothing; an edited revision is reported once for all members."""
    databases: dict[str, URL | str] = {"a": little.at(make_database()), "b": make_database()}
    said = fleet(databases, "status")
    assert said.code == 1 and len(summary(said)) == 2
    said = fleet(databases, "upgrade", "--jobs", "1")
    assert (said.code, summary(said)) == (0, ["2 upgraded, 0 had nothing to do, 0 failed."])
    said = fleet(databases, "upgrade", "--jobs", "1")
    assert (said.code, summary(said)) == (0, ["0 upgraded, 2 had nothing to do, 0 failed."])
    said = fleet(databases, "status")
    assert (said.code, summary(said)) == (0, ["2 equal (three, nothing pending, fingerprint <f>)"])
    said = fleet(databases, "check-drift")
    assert (said.code, summary(said)) == (0, ["2 equal the history at three"])
    file = project.root / "alembic/versions/three.py"
    file.write_text(file.read_text().replace("op.execute(", "op.execute(sqltext="))
    said = fleet(databases, "check-drift")
    assert said.code == 1 and "\nChanged since it ran on a, b: The code of alembic/versions/three.py was " in said.out


def test_same_drift_is_told_once(fleet: Fleet, make_database: MakeDatabase, project: Project) -> None:
    """Members with equal drift form a group, even with other ignored objects; others may be at another revision."""
    (project.root / "alembic/versions/three.py").unlink()
    with (project.root / "pyproject.toml").open("a") as file:
        file.write(
            '[[tool.whisper_migrate.ignore]]\nkind = "table"\nidentity = "public.tmp_*"\nreason = "a tenant\'s own"\n'
        )
    wider = "ALTER TABLE authors ALTER email TYPE varchar(101)"
    databases: dict[str, URL | str] = {
        "a": little.at(make_database(), "two", wider),
        "b": little.at(make_database(), "two", wider, "CREATE TABLE tmp_b (x integer)"),
        "c": little.at(make_database(), "one"),
        "d": little.at(make_database(), "two", "CREATE TABLE tmp_d (x integer)"),
    }
    said = fleet(databases, "check-drift")
    assert (said.code, summary(said)) == (
        1,
        [
            "1 equal the history at two",
            "1 equal the history at one: c",
            "  pending there: 1, up to two",
            "2 differ from the history at two: a, b",
            "  ~ column authors.email: type character varying(100) -> character varying(101)  (last in two)",
            "Not compared, as pyproject.toml ignores them: 4 objects.",
        ],
    )


@pytest.mark.skipif(len(servers.sorted_ids()) < 2, reason="one server only: several are not tried")
def test_servers_of_two_versions(fleet: Fleet, make_database: MakeDatabase) -> None:
    """Each database is compared with the history on its own version."""
    name, url = list(servers.urls().items())[-1]
    with contextlib.closing(servers.Maker(url)) as other:
        databases: dict[str, URL | str] = {
            "a": little.at(make_database()),
            "b": little.at(other()),
            "c": little.at(other(), "two", "DROP INDEX authors_name_idx"),
        }
        said = fleet(databases, "status")
        groups = [re.sub(r"fingerprint <f>, PostgreSQL \d\d", "", line) for line in summary(said)]
        assert said.code == 1 and sorted(groups) == [
            "1 differs (two, 1 pending, ): b",
            "1 differs (two, 1 pending, ): c",
            "1 equal (two, 1 pending, )",
        ], name
        assert fleet(databases, "upgrade").code == 0
        said = fleet(databases, "check-drift")
        assert (said.code, summary(said)) == (
            1,
            [
                "2 equal the history at three",
                "1 differs from the history at three: c",
                "  - index authors_name_idx ON authors USING btree (name)  (last in one)",
            ],
        )


KILLED = """    import os
    kill = {{"{dies}": lambda: os.kill(os.getpid(), 9), "{leaves}": lambda: exit("enough")}}
    kill.get(op.get_bind().engine.url.database, str)()
    op.execute"""


def test_one_that_takes_its_process_along_stops_no_other(
    fleet: Fleet, make_database: MakeDatabase, project: Project
) -> None:
    urls = {name: little.at(make_database()) for name in "abcd"}
    file = project.root / "alembic/versions/three.py"
    text = KILLED.format(dies=urls["a"].database, leaves=urls["b"].database)
    file.write_text(file.read_text().replace("    op.execute", text, 1))
    said = fleet({**urls}, "upgrade", "--jobs", "2")
    assert said.code == 2 and summary(said)[:2] == [
        "2 upgraded, 0 had nothing to do, 2 failed.",
        "2 of 4 failed:",
    ]
    assert "\n  a: The process that upgraded it was killed.\n" in said.out
    assert "\n  b: The upgrade stopped" in said.out and "SystemExit: enough" in said.out
    assert [stamp(url) for url in urls.values()] == ["two", "two", "three", "three"]


def test_canary_goes_first_and_alone(fleet: Fleet, make_database: MakeDatabase) -> None:
    databases: dict[str, URL | str] = {name: little.at(make_database()) for name in "abc"}
    databases["a"] = f"postgresql://me:{SECRET}@127.0.0.1:1/a"
    said = fleet(databases, "upgrade", "--canary", "1")
    assert said.code == 2 and summary(said)[:2] == [
        "0 upgraded, 0 had nothing to do, 1 failed.",
        "2 were not tried, as the first with something pending failed.",
    ]
    assert stamp(databases["b"]) == "two"
    del databases["a"]
    assert summary(fleet(databases, "upgrade", "--canary", "1", "--jobs", "1")) == [
        "2 upgraded, 0 had nothing to do, 0 failed."
    ]
    assert fleet(databases, "status", "--canary", "1").code == 2


def test_waits_of_an_upgrade_are_those_that_were_given(fleet: Fleet, make_database: MakeDatabase) -> None:
    """A lock that is never free ends the upgrade of its database after the given times, and of no other."""
    locked = little.at(make_database())
    databases: dict[str, URL | str] = {"a": locked, "b": little.at(make_database())}
    with connected(locked) as holder:
        run(holder, "LOCK TABLE public.tags")
        said = fleet(databases, "upgrade", "--lock-timeout", "0.2", "--retry-for", "0")
    assert said.code == 2 and summary(said)[0] == "1 upgraded, 0 had nothing to do, 1 failed.", said
    assert "waited too long for a lock" in said.out, said.out
    assert [stamp(url) for url in databases.values()] == ["two", "three"]
    said = fleet(databases, "check-drift", "--wait", "3")
    assert said.code == 2 and "--wait is for upgrade." in said.err, said.err


def test_failed_history_fails_for_those_it_was_for(fleet: Fleet, make_database: MakeDatabase, project: Project) -> None:
    databases: dict[str, URL | str] = {"a": little.at(make_database(), "one"), "b": little.at(make_database())}
    file = project.root / "alembic/versions/two.py"
    file.write_text(file.read_text().replace("op.execute", "nowhere"))
    said = fleet(databases, "check-drift")
    assert said.code == 2 and summary(said) == [
        "1 equal the history at one",
        "  pending there: 2, up to three",
        "1 of 2 failed:",
        "  b: The history cannot be replayed: NameError: name 'nowhere' is not defined (alembic/versions/two.py:12).",
    ]


def test_stopped_in_the_middle_nothing_is_left_running(
    tmp_path: Path, database: URL, make_database: MakeDatabase
) -> None:
    """The running upgrade is cancelled and rolled back, no process is left, and the next upgrade does not begin."""
    checkout = copied(tmp_path)
    checkout.write_revision("long", HEAD, up="op.execute('CREATE TABLE t (); SELECT pg_sleep(300)')")
    template, pid = migrated(database), "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = "
    urls = [make_database(template), make_database(template)]
    (tmp_path / "bots.txt").write_text("\n".join(map(little.plain, urls)))
    arguments = ["fleet", "bots.txt", "upgrade", "--jobs", "1"]
    process = checkout.start(sys.executable, str(tmp_path / MIGRATE), *arguments)
    servers.until(lambda: ask(urls[0], f"{pid}'{urls[0].database}'"))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 128 + signal.SIGTERM
    assert f"{urls[0].database}: The process that upgraded it was stopped by a signal" in out, out
    assert "1 was not tried, as a signal stopped the command." in out, out
    for url in urls:
        assert stamp(url) == HEAD and tables(url) == TABLES
    others = f"SELECT FROM pg_stat_activity WHERE datname = '{urls[0].database}' AND pid <> pg_backend_pid()"
    servers.until(lambda: not ask(urls[0], others))


def test_from_standard_input_and_on_a_terminal(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, "postgresql://nobody@127.0.0.1:1/nowhere")
    checkout.variables = {"FORCE_COLOR": "1", "TERM": "xterm"}
    process = checkout.start(sys.executable, str(tmp_path / MIGRATE), "fleet", "-", "upgrade", stdin=subprocess.PIPE)
    out, err = process.communicate(f"{little.plain(database)}\n", timeout=600)
    unchecked = "None was compared with the history; this does: migrate.py fleet - check-drift\n"
    assert (process.returncode, err) == (0, unchecked) and f"{database.database}: no revision -> {HEAD}, " in out
    assert "databases" in out and "1 upgraded, 0 had nothing to do, 0 failed." in out
