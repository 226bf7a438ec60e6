"""The locks and the work of statements, as the server itself shows them, each rule with a statement that keeps it."""

import pytest
from sqlalchemy import URL, text

from tests.conftest import MakeDatabase
from tests.preflight.corpus import CASES, MAKE
from tests.support.connections import connected
from tests.support.little import ROOT
from whisper_migrate.databases.batched_update import MARK
from whisper_migrate.preflight.blocking import Tables, blocking
from whisper_migrate.preflight.effects import watching
from whisper_migrate.preflight.rules import RULES
from whisper_migrate.preflight.sizes import Size

SIZES = {
    "public.big": Size(10_000_000, 10**9, 10**8),
    "public.small": Size(10, 8192, 16384),
    "public.parts": Size(10_000_000, 10**9, 10**8),
    "public.part": Size(10_000_000, 10**9, 10**8),
    "public.ready": Size(10_000_000, 10**9, 10**8),
    "public.unready": Size(10_000_000, 10**9, 10**8),
    "public.kept": Size(10_000_000, 10**9, 0),
}
NAMES = (
    "SELECT c.oid::bigint, 'public.' || relname FROM pg_class AS c WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384"
)


@pytest.fixture
def tables(database: URL) -> URL:
    with connected(database) as connection:
        for statement in MAKE:
            connection.execute(text(statement))
        connection.commit()
    return database


def test_each_rule_and_its_harmless_twin(tables: URL) -> None:
    with connected(tables) as connection:
        connection.execute(text("SET search_path = public"))
        connection.commit()
        names = dict(connection.execute(text(NAMES)).all())  # type: ignore[arg-type]
        wrong = []
        for statements, expected in CASES:
            with watching(connection) as effects:
                for statement in statements:
                    connection.exec_driver_sql(statement)
            connection.rollback()
            found = [(one.rule.id, one.what) for one in blocking("r1", effects, Tables(names, SIZES, 10**8))]
            told = [any(one == rule and words in what for one, what in found) for rule, words in expected]
            if len(found) != len(expected) or not all(told):
                wrong.append((statements, found))
        assert wrong == []


def test_concurrently_blocks_nobody(make_database: MakeDatabase, tables: URL) -> None:
    with connected(tables) as connection:
        names = dict(connection.execute(text(NAMES)).all())  # type: ignore[arg-type]
        connection.rollback()
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        with watching(alone) as effects:
            alone.exec_driver_sql("CREATE INDEX CONCURRENTLY i ON public.big (note)")
            alone.exec_driver_sql("ALTER TABLE public.small ADD note text")
            alone.exec_driver_sql("UPDATE public.big SET n = 1")
            alone.exec_driver_sql(f"{MARK} UPDATE public.big SET n = 2")
            alone.exec_driver_sql("CREATE INDEX ON public.big (note, n)")
        assert [one.alone for one in effects] == [True] * 5
        found = [(one.rule.id, one.what) for one in blocking("r1", effects, Tables(names, SIZES, 10**8))]
        assert [rule for rule, _ in found] == ["WM105", "WM102"], found  # small is not kept while big is filled


def test_each_rule_has_a_page() -> None:
    pages = {path.stem: path.read_text().splitlines()[0] for path in (ROOT / "docs/rules").glob("WM*.md")}
    assert pages == {rule.id: f"# {rule}" for rule in RULES}
