"""The checks of a run: drift that blocks it, the data it loses, and the comparison with the history after it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql, write
from tests.support.little import Said, command
from tests.support.projects import TABLES, ask, copied, migrated, role, tables
from whisper_migrate.project.project import Project

ONE = sql("CREATE TABLE t (id integer PRIMARY KEY, n integer, extra text)", "CREATE VIEW v AS SELECT id FROM t")
TWO = sql("ALTER TABLE t ADD COLUMN m integer DEFAULT 5", "ALTER TABLE t ALTER COLUMN n TYPE bigint")
THREE = sql("CREATE TABLE u (id integer PRIMARY KEY)")
DOWNS = (
    sql("DROP VIEW v", "DROP TABLE t"),
    sql("ALTER TABLE t DROP COLUMN m", "ALTER TABLE t ALTER COLUMN n TYPE integer"),
    sql("DROP TABLE u"),
)
ROWS = "INSERT INTO t VALUES (1, 1, 'x'), (2, 2, NULL)"

Migrate = Callable[..., Said]

pytestmark = pytest.mark.servers("pg18")


@pytest.fixture
def made(tmp_path: Path) -> Project:
    return project(tmp_path, ONE, TWO, THREE, downs=DOWNS)


@pytest.fixture
def migrate(capsys: pytest.CaptureFixture[str], made: Project, database: URL) -> Migrate:
    """Run a command on the project and its database, in this process."""

    def command_of_ours(*arguments: str, url: URL = database) -> Said:
        return command(capsys, made, url, *arguments)

    return command_of_ours


def test_log_says_where_it_stood_what_ran_and_what_it_is_then(migrate: Migrate) -> None:
    said = migrate("upgrade", "+1")
    assert said.code == 0 and said.err == ""
    _, standing, ran, end, checked = said.out.splitlines()
    assert standing == "It is at no revision; head r3; 1 pending."
    assert ran.startswith("  1/1 r1 does number 1 (") and end.startswith(
        "Upgraded from no revision to r1: 1 revision in"
    )
    assert checked == "Checked: the database is what the history says."
    assert "It is at r1; head r3; 2 pending." in migrate("upgrade").out
    nothing, compared = migrate("upgrade").out.splitlines()[1:]
    assert nothing == "Nothing to do: the database is at r3." and compared.startswith("Not compared with the hist")
    assert migrate("downgrade", "-2").out.splitlines()[1:3] == [
        "It is at r3; head r3; 2 to revert.",
        "  drops 2 tables and columns, which loses no row",
    ]


# Drift at r1, and the part of it that a pending revision touches.
IN_THE_WAY = {
    ("ALTER TABLE t ADD COLUMN m text", "CREATE TABLE u (x text)", "CREATE VIEW w AS SELECT n FROM t"): (
        "+ column t.m text (r2 touches it)",
        "+ table u (r3 touches it)",
        "+ view w (r2 touches it)",
    ),
    ("ALTER TABLE t DROP COLUMN n",): ("- column t.n integer (r2 touches it)",),
    ("DROP TABLE t CASCADE", "CREATE TABLE other ()"): ("- table t (r2 touches it)",),
    ("ALTER TABLE t ALTER COLUMN n TYPE text",): ("~ column t.n: type integer -> text (r2 touches it)",),
}
ELSEWHERE = {
    "CREATE TABLE other (x text)": "+ table other",
    "ALTER TABLE t ADD COLUMN mine text": "+ column t.mine text",
    "CREATE INDEX mine ON t (extra)": "+ index mine",
    "DROP VIEW v": "- view v",
    "COMMENT ON TABLE t IS 'ours'": "+ comment table t",
}


@pytest.mark.parametrize("changes", IN_THE_WAY, ids=str)
def test_drift_in_the_way_is_named_before_anything_runs(
    migrate: Migrate, made: Project, database: URL, changes: tuple[str, ...]
) -> None:
    run(made, database, "r1")
    ask(database, ROWS, *changes)
    said = migrate("upgrade")
    assert said.code == 2 and "Failed: Nothing was run: the database differs from the history at r1" in said.err
    assert sorted(line.strip() for line in said.err.splitlines()[1:-1]) == sorted(IN_THE_WAY[changes])
    assert "migrate.py repair" in said.err and "1/2 r2" not in said.out
    assert ask(database, "SELECT version_num FROM alembic_version") == [("r1",)]


def test_other_drift_is_told_before_and_after(migrate: Migrate, made: Project, database: URL) -> None:
    run(made, database, "r1")
    ask(database, ROWS, *ELSEWHERE)
    said = migrate("upgrade")
    before, _, after = said.out.partition("Upgraded from r1 to r3")
    assert said.code == 1, said
    assert "The database differs from the history at r1 (the revisions to run do not touch it):" in before
    assert "The database differs from the history at r3:" in after and "-> make repair" in after
    for line in ELSEWHERE.values():
        assert f"\n  {line}" in before and f"\n  {line}" in after
    assert ask(database, "SELECT version_num, count(m) FROM alembic_version, t GROUP BY 1") == [("r3", 2)]


def test_drift_is_run_over_only_when_that_is_said(migrate: Migrate, made: Project, database: URL) -> None:
    run(made, database, "r1")
    ask(database, "ALTER TABLE t ALTER COLUMN n TYPE bigint")
    assert migrate("upgrade").code == 2
    said = migrate("upgrade", "--despite-drift")
    assert said.code == 0 and said.out.endswith("Checked: the database is what the history says.\n")


@pytest.mark.thorough
def test_objects_that_a_downgrade_leaves_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    more = sql("CREATE TABLE u (x integer)", "CREATE TABLE kept (x integer)")
    made = project(tmp_path, ONE, more, downs=(sql("DROP VIEW v", "DROP TABLE t"), sql("DROP TABLE u")))
    run(made, database, "r2")
    said = command(capsys, made, database, "downgrade", "r1")
    assert said.code == 1 and "The database differs from the history at r1:\n  + table kept" in said.out
    assert command(capsys, made, database, "downgrade", "base", "--no-check").code == 0
    ask(database, "DROP TABLE kept")
    run(made, database, "r2")
    assert "+ table kept" in command(capsys, made, database, "downgrade", "base").out


def test_half_of_a_revision_is_no_drift(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL) -> None:
    two = f"{TWO}\n{alone('CREATE INDEX CONCURRENTLY t_n ON t (n)')}"
    made = project(tmp_path, ONE, two + "\n" + sql("SELECT 1/0"))
    assert "in the middle of r2" in command(capsys, made, database, "upgrade", "--no-check").err
    write(made, 2, two)
    said = command(capsys, made, database, "upgrade")
    assert said.code == 0 and said.out.endswith("Checked: the database is what the history says.\n")


def test_what_cannot_be_checked_is_said(migrate: Migrate, database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    with role(database) as url:
        ask(database, f"GRANT ALL ON SCHEMA public TO {url.username}")
        monkeypatch.setattr("whisper_migrate.databases.shadow_server._scratch_server", _none)
        said = migrate("upgrade", url=url)
        assert said.code == 2 and "Not checked: no server here.\n" in said.out and "Checked: " not in said.out
        assert "The database is upgraded, to r3; whether it is what the history says was not checked: no s" in said.err
        ask(database, ROWS)
        said = migrate("downgrade", "-1", url=url)
        assert said.code == 2 and "The losses of the downgrade are unknown. no server here." in said.err
        word = f"{database.database}:2"  # the number of all rows
        assert f"--allow-data-loss {word}" in said.err
        said = migrate("downgrade", "-1", "--allow-data-loss", word, url=url)
        assert said.code == 2 and "The database is downgraded, to r2; whether" in said.err
        for command, variables in ((("upgrade", "--no-check"), {}), (("upgrade",), {"WHISPER_NO_CHECK": "1"})):
            with pytest.MonkeyPatch.context() as patch:
                for name, value in variables.items():
                    patch.setenv(name, value)
                said = migrate(*command, url=url)
            who = "WHISPER_NO_CHECK" if variables else "--no-check"
            assert said.code == 0 and f"Not checked: nothing was compared, as {who} says." in said.out
            assert "Checked: " not in said.out
            assert migrate("downgrade", "-1", "--no-check", "--allow-data-loss", word, url=url).code == 0


def _none() -> None:
    from whisper_migrate.errors import Failure

    raise Failure("no server here.")


@pytest.mark.thorough
def test_downgrade_that_would_lose_rows_needs_a_word(migrate: Migrate, made: Project, database: URL) -> None:
    run(made, database)
    ask(database, ROWS)
    assert migrate("downgrade", "-1").code == 0  # u is empty
    ask(database, "UPDATE t SET m = id, n = 3000000000 + id")  # no default, and too large for integer
    said = migrate("downgrade", "-1")
    assert said.code == 2 and "Failed: Nothing was reverted, since that would lose data." in said.err
    assert "  loses column t.m: 2 rows\n" in said.err
    assert "  loses column t.n: values of type bigint that integer does not hold: 2 rows\n" in said.err
    name = str(database.database)
    assert said.err.endswith(f"If that is meant: migrate.py downgrade r1 --allow-data-loss {name}:4\n")
    for word in ("", name, f"{name}:", f"{name}:3", "other:4", ":4", f"{name}:-4", f"{name}:four", "4"):
        said = migrate("downgrade", "-1", f"--allow-data-loss={word}")
        assert said.code == 2 and f"--allow-data-loss {name}:4\n" in said.err, word
    assert migrate("downgrade", "-1", "--allow-data-loss").code == 2
    assert ask(database, "SELECT version_num, sum(m) FROM alembic_version, t GROUP BY 1") == [("r2", 3)]
    ask(database, "UPDATE t SET m = DEFAULT, n = NULL WHERE id = 2")
    plan = migrate("downgrade", "base", "--plan")
    assert "      loses column t.m: 1 row\n" in plan.out and "      loses table t: 2 rows\n" in plan.out
    (word,) = re.findall(r"--allow-data-loss (\S+)", plan.out)
    ask(database, "INSERT INTO t VALUES (3, 3000000003, NULL, 1)")
    said = migrate("downgrade", "base", "--allow-data-loss", word)
    assert said.code == 2 and f"The word that was given is {word}, and it is {name}:7 now." in said.err
    ask(database, "UPDATE t SET n = 1; UPDATE t SET m = DEFAULT WHERE id <> 1")  # a permit for more rows is enough
    said = migrate("downgrade", "base", "--allow-data-loss", f"{name}:999999")  # but not for more than there are
    assert said.code == 2 and f"The word that was given is {name}:999999, and it is {name}:" in said.err
    said = migrate("downgrade", "base", "--allow-data-loss", f"{name}:6")
    assert (
        said.code == 0 and "  loses table t: 3 rows\n" in said.out and "Downgraded from r2 to no revision" in said.out
    )
    assert migrate("downgrade").code == 2  # without a target there is no downgrade


# Ways for a downgrade to empty tables, and the number of rows in the permit.
BY_HAND = {
    sql("DELETE FROM t WHERE id = 1"): 2,
    sql("TRUNCATE t"): 2,
    sql("TRUNCATE t, s"): 5,
    sql("DELETE FROM s USING t WHERE s.x = t.extra"): 3,
    sql("WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone"): 2,
    sql("SET LOCAL lock_timeout = '5s'; DELETE FROM t"): 2,
    sql("DO $$BEGIN DELETE FROM s; END$$"): 3,
    sql("INSERT INTO t VALUES (9)", "DELETE FROM t"): 2,
    sql("DELETE FROM t", "DELETE FROM t", "DROP TABLE s"): 5,
    sql("ALTER TABLE t RENAME TO t2", "DELETE FROM t2", "ALTER TABLE t2 RENAME TO t"): 2,
    sql("CREATE TEMP TABLE x (n integer)", "DELETE FROM x"): 0,
    sql("UPDATE t SET extra = 'y'"): 0,
    sql("COMMENT ON TABLE t IS 'DELETE FROM t'"): 0,
}


@pytest.mark.thorough
def test_what_a_downgrade_deletes_by_hand_is_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    one = ONE + "\n" + sql("CREATE TABLE s (x text)")
    run(project(tmp_path / "first", one), database)
    ask(database, ROWS, "INSERT INTO s VALUES (1), (2), (3)")
    for number, (down, rows) in enumerate(BY_HAND.items()):
        ask(database, "UPDATE alembic_version SET version_num = 'r2'")
        made = project(tmp_path / str(number), one, "pass", downs=("pass", down))
        plan = command(capsys, made, database, "downgrade", "-1", "--plan").out
        assert (f"{database.database}:{rows}" in plan) == bool(rows), (down, plan)
        if rows:
            assert command(capsys, made, database, "downgrade", "-1").code == 2
    assert ask(database, "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM s)") == [(2, 3)]


@pytest.mark.thorough
def test_plain_alembic_has_the_same_guard(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    migrated(database)
    ask(database, "INSERT INTO users (user_id, username) VALUES ('1', 'one')")
    end = checkout.alembic("downgrade", "base")
    assert end.code != 0 and "Traceback" not in end.said and "  loses table users: 1 row" in end.said, end
    (word,) = re.findall(r"alembic -x (allow_data_loss=\S+)", end.said)
    assert word.startswith(f"allow_data_loss={database.database}:") and tables(database) == TABLES
    assert checkout.alembic("-x", word.replace(":", ":0"), "current").code == 0
    assert checkout.alembic("-x", f"allow_data_loss={database.database}:0", "downgrade", "base").code != 0
    end = checkout.make("downgrade", "to=base", f"allow={word.partition('=')[2]}x")
    assert end.code == 2 and "The word that was given is" in end.err and tables(database) == TABLES
    end = checkout.alembic("-x", word, "downgrade", "base")
    assert end.code == 0 and tables(database) == 0, end
    end = checkout.alembic("upgrade", "head")
    assert end.code == 0 and "Not checked: plain alembic compares nothing." in end.said


def test_plan_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL) -> None:
    loss = sql(
        "ALTER TABLE t RENAME COLUMN n TO m",
        "DELETE FROM t WHERE id > 1",
        "UPDATE t SET id = 3",
        "DROP VIEW v",
        "ALTER TABLE t ALTER m TYPE bigint USING NULL",
        "ALTER TABLE t ALTER m TYPE numeric USING m::numeric",
    )
    made = project(tmp_path, ONE, loss, sql("ALTER TABLE t RENAME TO s", "ALTER TABLE s DROP COLUMN extra"))
    run(made, database, "r1")
    ask(database, ROWS)
    said = command(capsys, made, database, "upgrade", "--plan")
    assert said.code == 0 and said.out.splitlines()[1:] == [
        "  1/2 r2 does number 2",
        "      loses rows, by: DELETE FROM t WHERE id > 1   (t, which has 2 rows)",
        "      changes rows, by: UPDATE t SET id = 3",
        "      changes rows, by: ALTER TABLE t ALTER m TYPE bigint USING NULL",
        "  2/2 r3 does number 3",
        "      loses column t.extra: 1 row",
        "Nothing was run.",
        "  -> migrate.py preflight   (which tables it would block, on which rows it would fail)",
    ]
    assert ask(database, "SELECT version_num, count(*) FROM alembic_version, t GROUP BY 1") == [("r1", 2)]
    assert command(capsys, made, database, "upgrade", "r1", "--plan").out.endswith("is at r1.\n")
