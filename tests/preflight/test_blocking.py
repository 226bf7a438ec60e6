"""The locks and the work of statements, as the server itself shows them, each rule with a statement that keeps it."""

import pytest
from sqlalchemy import URL, text

from tests.conftest import MakeDatabase
from tests.connections import connected
from tests.little import ROOT
from whisper_migrate.preflight.blocking import Tables, blocking
from whisper_migrate.preflight.effects import watching
from whisper_migrate.preflight.rules import RULES
from whisper_migrate.preflight.sizes import Size

MAKE = (
    "CREATE TABLE big (id int PRIMARY KEY, short varchar(10), at timestamp, note text, n int, CHECK (n > -9))",
    "CREATE TABLE small (id int PRIMARY KEY)",
    "CREATE TABLE parts (id int, n int) PARTITION BY LIST (id)",
    "CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)",
    "ALTER TABLE big ADD CONSTRAINT later CHECK (note <> '') NOT VALID",
    "CREATE INDEX big_n ON big (n)",
)
SIZES = {
    "public.big": Size(10_000_000, 10**9, 10**8, 0),
    "public.small": Size(10, 8192, 16384, 0),
    "public.parts": Size(10_000_000, 10**9, 10**8, 0),
    "public.part": Size(10_000_000, 10**9, 10**8, 0),
}
BLOCKS = "blocks all access to"
STOPS = "blocks writes to"
# Statements in one transaction, and the rule and words of each finding.
CASES = [
    (["ALTER TABLE big ADD plain int"], []),
    (["ALTER TABLE big ADD told int DEFAULT 5 NOT NULL"], []),
    (["ALTER TABLE big ADD made int DEFAULT random() NOT NULL"], [("WM101", f"{BLOCKS} big")]),
    (["ALTER TABLE big ALTER short TYPE varchar(20)"], []),
    (["ALTER TABLE big ALTER short TYPE text"], []),
    (["ALTER TABLE big ALTER short TYPE varchar(5)"], [("WM101", f"{BLOCKS} big")]),
    (["ALTER TABLE big ALTER n TYPE bigint"], [("WM101", f"{BLOCKS} big")]),
    (["SET LOCAL TimeZone = 'UTC'", "ALTER TABLE big ALTER at TYPE timestamptz"], []),
    (
        ["SET LOCAL TimeZone = 'Europe/Berlin'", "ALTER TABLE big ALTER at TYPE timestamptz"],
        [("WM101", f"{BLOCKS} big")],
    ),
    (["ALTER TABLE big ALTER note SET NOT NULL"], [("WM103", f"{BLOCKS} big")]),
    (["ALTER TABLE big ADD CHECK (n > 0)"], [("WM103", f"{BLOCKS} big")]),
    (["ALTER TABLE big ADD CHECK (n > 0) NOT VALID"], []),
    (["ALTER TABLE big VALIDATE CONSTRAINT later"], []),
    (
        ["ALTER TABLE big ADD CONSTRAINT a CHECK (n > 0) NOT VALID", "ALTER TABLE big VALIDATE CONSTRAINT a"],
        [("WM103", f"{BLOCKS} big")],
    ),
    (["CREATE INDEX i ON big (note)"], [("WM102", f"{STOPS} big")]),
    (["CREATE INDEX i ON small (id)"], []),
    (["REINDEX INDEX big_n"], [("WM102", f"{STOPS} big")]),
    (["DROP INDEX big_n"], []),
    (["ALTER TABLE big ADD UNIQUE (note)"], [("WM102", f"{BLOCKS} big")]),
    (["ALTER TABLE small ADD FOREIGN KEY (id) REFERENCES big"], []),
    (
        ["ALTER TABLE big ADD FOREIGN KEY (n) REFERENCES small"],
        [("WM103", f"{STOPS} big"), ("WM104", f"{STOPS} small")],
    ),
    (["ALTER TABLE big ADD FOREIGN KEY (n) REFERENCES small NOT VALID"], []),
    (["ALTER TABLE small ADD COLUMN x int", "UPDATE big SET n = 1"], [("WM104", f"{BLOCKS} small"), ("WM105", "big")]),
    (["UPDATE big SET n = 1", "ALTER TABLE small ADD COLUMN x int"], [("WM105", "big")]),
    (["UPDATE small SET id = 1"], []),
    (["CREATE TABLE fresh (id int)", "CREATE INDEX ON fresh (id)", "ALTER TABLE fresh ALTER id TYPE bigint"], []),
    (["ALTER TABLE parts ALTER n TYPE bigint"], [("WM101", f"{BLOCKS} part"), ("WM104", f"{BLOCKS} parts")]),
    (["CREATE INDEX ON parts (n)"], [("WM102", f"{STOPS} part"), ("WM104", f"{STOPS} parts")]),
    (["CREATE INDEX ON ONLY parts (n)"], []),
    (["ALTER TABLE big RENAME TO large"], []),
    (["ALTER TABLE big RENAME TO large", "ALTER TABLE large ALTER n TYPE bigint"], [("WM101", f"{BLOCKS} big")]),
    (["DROP TABLE big"], []),
    (["DROP TABLE small", "ALTER TABLE big ALTER n TYPE bigint"], [("WM104", f"{BLOCKS} small"), ("WM101", "big")]),
    (["DO $$ BEGIN EXECUTE 'ALTER TABLE big ALTER n TYPE bigint'; END $$"], [("WM101", f"{BLOCKS} big")]),
    (["ALTER TABLE big SET (fillfactor = 70)"], []),
    (["ALTER TABLE big SET UNLOGGED"], [("WM101", f"{BLOCKS} big")]),
    (["CLUSTER big USING big_n"], [("WM101", f"{BLOCKS} big")]),
    (["TRUNCATE small"], []),
    (["COMMENT ON TABLE big IS 'x'"], []),
    (["CREATE TRIGGER t AFTER INSERT ON big FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"], []),
]
NAMES = "SELECT c.oid::bigint, 'public.' || relname FROM pg_class AS c WHERE relkind IN ('r', 'p') AND oid >= 16384"


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
        for statements, expected in CASES:
            with watching(connection) as effects:
                for statement in statements:
                    connection.exec_driver_sql(statement)
            connection.rollback()
            found = sorted((one.rule.id, one.what) for one in blocking("r1", effects, Tables(names, SIZES, 10**8)))
            said = f"{statements}: {found}"
            assert len(found) == len(expected), said
            for rule, words in expected:
                assert any(one == rule and words in what for one, what in found), said


def test_concurrently_blocks_nobody(make_database: MakeDatabase, tables: URL) -> None:
    with connected(tables) as connection:
        names = dict(connection.execute(text(NAMES)).all())  # type: ignore[arg-type]
        connection.rollback()
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        with watching(alone) as effects:
            alone.exec_driver_sql("CREATE INDEX CONCURRENTLY i ON public.big (note)")
            alone.exec_driver_sql("ALTER TABLE public.small ADD note text")
            alone.exec_driver_sql("UPDATE public.big SET n = 1")
            alone.exec_driver_sql("CREATE INDEX ON public.big (note, n)")
        assert [one.alone for one in effects] == [True] * 4
        found = [(one.rule.id, one.what) for one in blocking("r1", effects, Tables(names, SIZES, 10**8))]
        assert [rule for rule, _ in found] == ["WM105", "WM102"], found  # small is not kept while big is filled


def test_each_rule_has_a_page() -> None:
    pages = {path.stem: path.read_text().splitlines()[0] for path in (ROOT / "docs/rules").glob("WM*.md")}
    assert pages == {rule.id: f"# {rule}" for rule in RULES}
