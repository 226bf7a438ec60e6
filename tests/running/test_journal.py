"""Revisions with an autocommit block: after any interruption, they resume or are refused with the reason."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import URL

from tests.running.attempts import AUTOCOMMIT, Said, alone, project, run, sql, write
from tests.support.connections import connected
from tests.support.projects import ask
from tests.support.servers import until
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect

FIRST = sql("CREATE TABLE t (id serial PRIMARY KEY, n integer)", "INSERT INTO t (n) SELECT generate_series(1, 100)")
ADD = sql("ALTER TABLE t ADD COLUMN m integer", "UPDATE t SET n = n + 1")
BUILD = alone("CREATE INDEX CONCURRENTLY t_n ON t (n)")
LAST = sql("ALTER TABLE t ALTER COLUMN m SET DEFAULT 5")
FAIL = sql("SELECT 1 / 0")


def journal(url: URL) -> list[tuple[object, ...]]:
    return ask(url, "SELECT revision, direction, statement, done IS NOT NULL FROM whisper_journal ORDER BY 3")


def total(url: URL) -> object:
    return ask(url, "SELECT sum(n) FROM t")[0][0]


def indexes(url: URL) -> dict[object, object]:
    return dict(ask(url, "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 't'::regclass"))  # type: ignore[arg-type]


@contextmanager
def stopping(url: URL, query: str, when: str = "true") -> Iterator[None]:
    """End the server process that runs this query, as soon as it runs and pg_stat_activity says `when` of it."""
    find = f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{query}%' AND {when}"

    def stop() -> None:
        ((pid,),) = until(lambda: ask(url, find))
        ask(url, f"SELECT pg_terminate_backend({pid})")

    thread = Thread(target=stop)
    thread.start()
    yield
    thread.join()


def test_done_statements_are_not_run_again(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, FIRST, "\n".join([ADD, BUILD, LAST, FAIL]))
    with pytest.raises(Failure, match=r"in the middle of r2: division by zero. 3 of its statements are done") as caught:
        run(made, database)
    assert "goes on behind them" in str(caught.value.remedy)
    assert journal(database) == [("r2", "upgrade", number, True) for number in (1, 2, 3)]
    assert total(database) == 5150 and indexes(database)["t_n"] is True

    write(made, 2, "\n".join([ADD, BUILD, LAST]))
    said = Said()
    outcome = run(made, database, said=said)
    assert [applied.revision for applied in outcome.applied] == ["r2"] and outcome.after == ["r2"]
    assert "it goes on behind 3 statements" in said
    assert total(database) == 5150 and journal(database) == []
    with connected(database) as connection:
        assert not [item for item in inspect(connection) if "whisper_journal" in item.identity]


def test_revision_that_is_one_transaction_has_no_journal(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, FIRST, "\n".join([ADD, LAST, FAIL]))
    with pytest.raises(Failure, match="The upgrade stopped and revision r2 was rolled back: division by zero"):
        run(made, database)
    assert ask(database, "SELECT to_regclass('whisper_journal')") == [(None,)] and total(database) == 5050
    write(made, 2, "\n".join([ADD, LAST]))
    assert run(made, database).after == ["r2"]
    assert ask(database, "SELECT to_regclass('whisper_journal')") == [(None,)] and total(database) == 5150


CHANGED = {
    "another statement": (
        [sql("ALTER TABLE t ADD COLUMN m bigint"), BUILD],
        "its statement 1 was `ALTER .* m integer`, and is `.* m bigint`",
    ),
    "fewer of them": (
        [sql("ALTER TABLE t ADD COLUMN m integer")],
        "its statement 3 was `CREATE INDEX .*`, and is gone",
    ),
}


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("now", CHANGED)
def test_revision_that_has_changed_since_is_refused(tmp_path: Path, database: URL, now: str) -> None:
    lines, message = CHANGED[now]
    made = project(tmp_path, FIRST, "\n".join([ADD, BUILD, FAIL]))
    with pytest.raises(Failure, match="division by zero"):
        run(made, database)
    write(made, 2, "\n".join(lines))
    with pytest.raises(Failure, match=f"Revision r2 was stopped in the middle of its upgrade .*: {message}"):
        run(made, database)
    assert len(journal(database)) == 3 and indexes(database)["t_n"] is True
    write(made, 2, "\n".join([ADD, BUILD]))
    assert run(made, database).after == ["r2"]


@pytest.mark.servers("pg18")
def test_nothing_else_runs_before_it_is_finished(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, FIRST, "\n".join([ADD, BUILD, FAIL]), downs=(sql("DROP TABLE t"),))
    with pytest.raises(Failure, match="division by zero"):
        run(made, database)
    with pytest.raises(
        Failure, match=r"r2 was stopped in the middle of its upgrade .* must be finished first"
    ) as caught:
        run(made, database, "-1", "downgrade")
    assert "migrate.py upgrade +1" in str(caught.value.remedy) and total(database) == 5150
    ask(database, "UPDATE alembic_version SET version_num = 'r2'")  # a person has finished the revision and stamped it
    assert run(made, database).applied == [] and journal(database) == []


def test_index_build_that_was_stopped_is_made_again(tmp_path: Path, database: URL) -> None:
    """The build waits for an open transaction; then its server process is ended."""
    made = project(tmp_path, FIRST, "\n".join([sql("UPDATE t SET n = n + 1"), BUILD, sql("ALTER TABLE t ADD m text")]))
    run(made, database, "r1")
    with connected(database) as other:
        other.exec_driver_sql("LOCK TABLE t IN ROW EXCLUSIVE MODE")
        with stopping(database, "CREATE INDEX"), pytest.raises(Failure, match="stopped in r2, since the connection to"):
            run(made, database)
    assert indexes(database)["t_n"] is False
    assert journal(database) == [("r2", "upgrade", 1, True), ("r2", "upgrade", 2, False)]
    said = Said()
    assert run(made, database, said=said).after == ["r2"]
    assert "Dropping index t_n, which is invalid" in said
    assert indexes(database)["t_n"] is True and journal(database) == [] and total(database) == 5150


@pytest.mark.servers("pg18")
def test_index_build_that_fails_leaves_nothing_behind(tmp_path: Path, database: URL) -> None:
    build = alone('CREATE UNIQUE INDEX CONCURRENTLY "T ""n""" ON public.t (n)')
    made = project(tmp_path, FIRST, build)
    run(made, database, "r1")
    ask(database, "UPDATE t SET n = 1 WHERE id < 3")
    with pytest.raises(Failure, match="could not create unique index"):
        run(made, database)
    assert list(indexes(database)) == ["t_pkey"] and journal(database) == []
    # an invalid index of somebody else is not taken for the finished one
    with pytest.raises(Exception, match="could not create"):
        ask(database, 'CREATE UNIQUE INDEX CONCURRENTLY "T ""n""" ON public.t (n)')
    assert False in indexes(database).values()
    ask(database, "UPDATE t SET n = 0 WHERE id = 1")
    said = Said()
    assert run(made, database, said=said).after == ["r2"] and "which is invalid" in said
    assert set(indexes(database).values()) == {True}


def test_batches_go_on_where_they_were(tmp_path: Path, database: URL) -> None:
    """A loop uses the row count of each statement, so a skipped statement must have the same row count as before."""
    loop = f"""
        op.add_column("t", sa.Column("m", sa.Integer))
        {AUTOCOMMIT}
            some = "SELECT id FROM t WHERE m IS NULL LIMIT 30"
            fill = sa.text(f"UPDATE t SET m = coalesce(m, 0) + n WHERE id IN ({{some}})")
            while op.get_bind().execute(fill).rowcount:
                pass
    """
    made = project(tmp_path, FIRST, loop)
    run(made, database, "r1")
    refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
    ask(
        database,
        refuse,
        "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW WHEN (new.id = 70) EXECUTE FUNCTION refuse()",
    )
    with pytest.raises(Failure, match=r"in the middle of r2: no. 3 of its statements are done"):
        run(made, database)
    assert ask(database, "SELECT count(m) FROM t") == [(60,)]
    ask(database, "DROP FUNCTION refuse CASCADE")
    assert run(made, database).after == ["r2"]
    assert ask(database, "SELECT count(m), sum(m - n) FROM t") == [(100, 0)] and journal(database) == []


@pytest.mark.servers("pg18")
def test_commit_as_a_statement_is_no_way_around(tmp_path: Path, database: URL) -> None:
    """The way to commit in a revision before autocommit blocks existed."""
    build = sql("UPDATE t SET n = n + 1", "COMMIT", "CREATE INDEX CONCURRENTLY t_n ON t (n)", "UPDATE t SET n = n + 1")
    made = project(tmp_path, FIRST, "\n".join([build, FAIL]))
    with pytest.raises(Failure, match=r"in the middle of r2: division by zero. 3 of its statements"):
        run(made, database)
    assert total(database) == 5250
    write(made, 2, build)
    assert run(made, database).after == ["r2"]
    assert total(database) == 5250 and journal(database) == []


@pytest.mark.servers("pg18")
def test_statement_of_which_nothing_tells_whether_it_is_done_is_reported(tmp_path: Path, database: URL) -> None:
    body = "BEGIN UPDATE t SET n = n + 1; COMMIT; PERFORM pg_sleep(60); END"
    procedure = sql(f"CREATE PROCEDURE work() LANGUAGE plpgsql AS $${body}$$")
    made = project(tmp_path, f"{FIRST}\n{procedure}", alone("CALL work()"))
    run(made, database, "r1")
    with stopping(database, "CALL", "wait_event = 'PgSleep'"), pytest.raises(Failure, match="was lost"):
        run(made, database)
    with pytest.raises(Failure, match=r"while its statement 1 ran: CALL work\(\). Nothing tells") as caught:
        run(made, database)
    (again, done) = re.findall(r"(?:DELETE|UPDATE)[^;]*;", str(caught.value.remedy))
    assert again.startswith("DELETE")
    ask(database, done)
    assert run(made, database).after == ["r2"] and total(database) == 5150 and journal(database) == []


@pytest.mark.servers("pg18")
def test_downgrade_is_taken_up_again_too(tmp_path: Path, database: URL) -> None:
    down = "\n".join([sql("UPDATE t SET n = n - 1"), alone("DROP INDEX CONCURRENTLY t_n")])
    made = project(tmp_path, FIRST, BUILD, downs=("pass", down + "\n" + FAIL))
    run(made, database)
    with pytest.raises(Failure, match=r"The downgrade stopped in the middle of r2: .* 2 of its statements"):
        run(made, database, "-1", "downgrade")
    with pytest.raises(Failure, match=r"middle of its downgrade .* finished first"):
        write(made, 3, "pass")
        run(made, database)
    write(made, 2, BUILD, down)
    assert run(made, database, "-1", "downgrade").after == ["r1"]
    assert total(database) == 4950 and list(indexes(database)) == ["t_pkey"] and journal(database) == []
