"""A script for psql prints, waits and writes the ledger like a run."""

import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, sql
from tests.running.test_offline import psql, write
from tests.support import little
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.running.concurrently import is_concurrent
from whisper_migrate.running.offline import save


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create unique index\n concurrently if not exists i on t (a)",
        "-- first\n/* then */ DROP INDEX CONCURRENTLY i;",
        "DROP INDEX /* now */ CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX (VERBOSE) INDEX CONCURRENTLY i",
        "REINDEX(VERBOSE, CONCURRENTLY) TABLE t",
        'ALTER TABLE "a b".t DETACH PARTITION public.p CONCURRENTLY',
        "ALTER TABLE IF EXISTS ONLY t DETACH PARTITION p CONCURRENTLY;",
    ],
)
def test_what_works_concurrently(statement: str) -> None:
    assert is_concurrent(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP INDEX CONCURRENTLY i'",
        "ALTER TABLE t ADD COLUMN x text DEFAULT 'CREATE INDEX CONCURRENTLY'",
        "-- CREATE INDEX CONCURRENTLY\nALTER TABLE t ADD COLUMN x text",
        "COMMENT ON INDEX i IS 'made by CREATE INDEX CONCURRENTLY'",
        'CREATE INDEX "CONCURRENTLY" ON t (a)',
        "CREATE TABLE concurrently (a integer)",
        "ALTER TABLE t DETACH PARTITION p",
        "REINDEX (CONCURRENTLY off) TABLE t",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
    ],
)
def test_what_only_speaks_of_it(statement: str) -> None:
    assert not is_concurrent(statement)


@pytest.mark.servers("pg18")
def test_only_what_works_concurrently_waits_for_ever(tmp_path: Path, database: URL) -> None:
    """psql shows the lock_timeout of each statement, by a SHOW that is added before it."""
    made = project(
        tmp_path,
        sql("CREATE TABLE t (n integer)"),
        f"{sql('ALTER TABLE t ADD COLUMN x text')}\n{alone('CREATE INDEX CONCURRENTLY i ON t (n)', 'VACUUM t')}",
        sql("ALTER TABLE t ADD COLUMN y text DEFAULT 'CREATE INDEX CONCURRENTLY'"),
    )
    heard = []
    for line in write(made, "upgrade", "head").splitlines():
        if re.match("CREATE INDEX|ALTER TABLE t|VACUUM", line):
            heard.append(f"\\echo {line.split()[0]} {line.split()[-1].replace(chr(39), '')}\nSHOW lock_timeout;")
        heard.append(line)
    done = psql(database, "\\pset tuples_only\n\\pset format unaligned\n" + "\n".join(heard))
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if re.match(r"ALTER|CREATE|VACUUM|\d+s?$", line)]
    assert list(zip(said[::2], said[1::2], strict=True)) == [
        ("ALTER text;", "3s"),
        ("CREATE (n);", "0"),
        ("VACUUM t;", "3s"),
        ("ALTER CONCURRENTLY;", "3s"),
    ]


ODD = 'it\'s \\\\n :odd `date` \\"quoted\\"'


@pytest.mark.thorough
@pytest.mark.servers("pg18", "pg15")
def test_afterwards_everything_knows_what_ran(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """Upgrade, upgrade again, downgrade to base, and upgrade where the ledger exists already."""
    made = little.project(tmp_path)
    file = made.root / "alembic/versions/two.py"
    text = file.read_text().replace("greet authors by mail", ODD)
    down = 'op.execute("DROP FUNCTION greet(text); ALTER TABLE authors DROP email")'
    file.write_text(text.replace("raise NotImplementedError", down))
    first = made.root / "alembic/versions/one.py"
    gone = 'DROP VIEW author_names; DROP SCHEMA \\"Odd Place\\", elsewhere CASCADE; DROP TABLE authors, tags'
    back = f'op.execute("{gone}")'
    first.write_text(first.read_text().replace("raise NotImplementedError", back))

    def ran(direction: str, target: str) -> str:
        name = f"{target.replace(':', '-')}.sql"
        said = little.command(capsys, made, None, direction, target, "--sql", "-o", str(tmp_path / name))
        assert said.code == 0 and f"Wrote {tmp_path / name}." in said.out.replace("\n", "")
        done = psql(database, (tmp_path / name).read_text())
        assert done.returncode == 0, done.stderr
        return "".join(re.findall(r"^\d/\d .*\n", done.stdout, re.MULTILINE))

    def clean() -> None:
        for command in ("status", "check-drift"):
            said = little.command(capsys, made, database, command)
            assert "Note" not in said.out and said.err == "" and "drift" not in said.out.replace("check-drift", "")
        rows = ask(
            database, "SELECT direction, revision, stands_at, code IS NOT NULL FROM whisper_ledger ORDER BY number"
        )
        assert rows == expected[: len(rows)] and len(rows) == done

    expected = [
        ("upgrade", "one", ["one"], True),
        ("upgrade", "two", ["two"], True),
        ("downgrade", "two", ["one"], True),
        ("downgrade", "one", [], True),
        ("upgrade", "one", ["one"], True),
        ("upgrade", "two", ["two"], True),
    ]
    done = 1
    assert ran("upgrade", "base:one") == "1/1 upgrade one authors [and] their tags\n"
    clean()
    done = 2
    assert ran("upgrade", "one:head") == '1/1 upgrade two it\'s \\n :odd `date` "quoted"\n'
    clean()
    assert little.command(capsys, made, database, "check-drift").code == 0
    said = little.command(capsys, made, database, "history", "--applied")
    assert said.code == 0 and len(re.findall(r"\b(?:one|two)\b", said.out)) >= 2
    done = 4
    ran("downgrade", "two:base")
    clean()
    done = 6
    ran("upgrade", "head")
    clean()
    assert little.command(capsys, made, database, "check-drift").code == 0


HOSTILE = {
    "statement_timeout": "500ms",
    "transaction_timeout": "1s",
    "idle_in_transaction_session_timeout": "500ms",
    "default_transaction_read_only": "on",
    "standard_conforming_strings": "off",
}


def test_script_runs_with_any_settings_of_the_database(tmp_path: Path, database: URL) -> None:
    known = {name for (name,) in ask(database, "SELECT name FROM pg_settings")}
    hostile = (f"SET {name} = '{HOSTILE[name]}'" for name in known & HOSTILE.keys())
    ask(database, *(f'ALTER DATABASE "{database.database}" {one}' for one in hostile))
    two = sql("SET lock_timeout = '1s'", "CREATE TABLE u (a text DEFAULT 'a\\b')", "SELECT pg_sleep(1.5)")
    made = project(tmp_path, sql("CREATE TABLE t ()"), two, sql("DROP TABLE t", "SELECT pg_sleep(1)"))
    done = psql(database, write(made, "upgrade", "head"))
    assert done.returncode == 0, done.stderr
    default = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'u'::regclass"
    assert ask(database, "SELECT version_num FROM alembic_version") == [("r3",)]
    assert "a\\b" in ask(database, "SET standard_conforming_strings = on", default)[0][0]


@pytest.mark.servers("pg18")
def test_what_is_rolled_back_is_not_in_the_ledger(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (n integer)"), sql("CREATE TABLE u ()", "SELECT 1/0"))
    assert psql(database, write(made, "upgrade", "head")).returncode == 3
    assert ask(database, "SELECT revision FROM whisper_ledger") == [("r1",)]


def test_a_file_is_written_whole_and_nothing_else_is_overwritten(tmp_path: Path) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (n integer)"))
    text, file = write(made, "upgrade", "head"), tmp_path / "up.sql"
    save(text, file)
    save(text, file)  # an older script is overwritten
    assert file.read_text() == text and not list(tmp_path.glob(".up.sql*"))
    theirs = tmp_path / "theirs.sql"
    theirs.write_text("SELECT 1;\n")
    for path in (theirs, tmp_path, tmp_path / "nowhere" / "up.sql", Path("/dev/null")):
        with pytest.raises(Failure, match=r"is no script of migrate\.py|cannot be written"):
            save(text, path)
    assert theirs.read_text() == "SELECT 1;\n"


@pytest.mark.servers("pg18")
def test_a_file_is_for_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, sql("CREATE TABLE t (n integer)"))
    said = little.command(capsys, made, None, "upgrade", "-o", str(tmp_path / "up.sql"))
    assert said.code == 2 and "-o is for --sql." in said.err
    said = little.command(capsys, made, None, "upgrade", "--sql", "-o", "-")
    assert said.code == 0 and said.out.startswith("-- whisper-migrate: upgrade base -> r1.")
    said = little.command(capsys, made, None, "upgrade", "--sql", "--plan")
    assert said.code == 2 and "give one of them" in said.err
