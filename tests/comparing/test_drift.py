"""The three verdicts, alone and together: unwritten changes, pending revisions, drift; and uncertain databases."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import little
from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.project.project import Project
from whisper_migrate.state.drift import Verdict, check

MORE = """
class Extra(Base):
    __tablename__ = "extra"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
STAMP = "CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY)"
OTHER = "CREATE TABLE invoices (id serial PRIMARY KEY, total numeric)"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose models equal its history."""
    return little.project(tmp_path_factory.mktemp("written"))


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose models have an object that the history lacks."""
    return little.project(tmp_path_factory.mktemp("ahead"), more=MORE)


@dataclass(frozen=True)
class Case:
    """A database at `revision`, changed, and the expected verdict; `ahead` selects the project with changed models."""

    name: str
    revision: str | None
    change: tuple[str, ...] = ()
    ahead: bool = False
    only: str | None = None
    unwritten: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return self.name


EXTRA = ["+ table extra"]
INDEX = ("DROP INDEX authors_name_idx",)
NO_INDEX = ["- index authors_name_idx ON authors USING btree (name)"]
CASES = (
    Case("nothing differs", "two"),
    Case("unwritten", "two", ahead=True, unwritten=EXTRA),
    Case("pending", "one", pending=["two"]),
    Case("drift", "two", INDEX, drift=NO_INDEX),
    Case("all three", "one", INDEX, ahead=True, unwritten=EXTRA, pending=["two"], drift=NO_INDEX),
    Case(
        "drift is what differs at the stamp, not at the head",
        "one",
        ("ALTER TABLE authors ADD COLUMN email varchar(100) DEFAULT 'none'",),
        pending=["two"],
        drift=["+ column authors.email character varying(100) DEFAULT 'none'::character varying"],
    ),
    Case(
        "a table that only the models have is both",
        "two",
        ("CREATE TABLE extra (id serial PRIMARY KEY)",),
        ahead=True,
        unwritten=EXTRA,
        drift=EXTRA,
    ),
    Case("empty", None, pending=["one", "two"]),
    Case("empty but for a version table", None, (STAMP,), pending=["one", "two"]),
    Case(
        "empty but for an extension",
        None,
        ("CREATE EXTENSION pg_trgm",),
        pending=["one", "two"],
        drift=["+ extension pg_trgm"],
    ),
    Case("only models", "one", INDEX, ahead=True, only="models", unwritten=EXTRA),
    Case("only the database", "one", INDEX, ahead=True, only="database", pending=["two"], drift=NO_INDEX),
)


def words(verdict: Verdict) -> tuple[list[str], list[str], list[str]]:
    return (
        [line(change) for change in outline(verdict.unwritten)],
        [script.revision for script in verdict.pending],
        [line(change) for change in outline(verdict.drift)],
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_findings(case: Case, written: Project, ahead: Project, server: URL, database: URL) -> None:
    little.at(database, case.revision, *case.change)
    verdict = check(ahead if case.ahead else written, server, database, case.only)
    assert words(verdict) == (case.unwritten, case.pending, case.drift)
    assert verdict.clean == (not any(words(verdict)))
    assert verdict.revisions == ((case.revision,) if case.revision and case.only != "models" else ())
    sides = {"models": ("models", "history"), "database": ("history", "database")}
    assert verdict.compared == sides.get(str(case.only), ("models", "history", "database"))


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_exit_codes(
    written: Project, ahead: Project, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    clean, behind = little.at(make_database()), little.at(make_database(), "one")
    assert little.command(capsys, written, clean, "check-drift").code == 0
    assert little.command(capsys, ahead, clean, "check-drift").code == 1
    assert little.command(capsys, written, behind, "check-drift").code == 1
    assert little.command(capsys, written, behind, "check-drift", "--only", "models").code == 0
    assert little.command(capsys, written, clean, "check-drift", "--format", "xml").code == 2
    away = little.command(capsys, written, clean.set(database="nowhere"), "check-drift")
    assert (away.code, away.out) == (2, "") and "has no database nowhere" in away.err


@dataclass(frozen=True)
class Unsure:
    """A database whose state is uncertain, and the words of the message."""

    name: str
    revision: str | None
    change: tuple[str, ...]
    said: tuple[str, ...]
    way_out: bool = False

    def __str__(self) -> str:
        return self.name


@pytest.mark.servers("pg18")
def test_what_is_pending_has_touched_nothing(written: Project, server: URL, database: URL) -> None:
    verdict = check(written, server, little.at(database, "one", "ALTER TABLE authors ADD email integer"))
    (drifted,) = verdict.drift
    assert "email" in little.TWO and verdict.pending and verdict.touched(drifted) is None
    touched = verdict.history.touching(drifted.object)
    assert touched and touched.revision == "two"


def stamps(*revisions: str) -> tuple[str, ...]:
    rows = [f"INSERT INTO public.alembic_version VALUES ('{revision}')" for revision in revisions]
    return ("DELETE FROM public.alembic_version", *rows)


UNSURE = (
    Unsure(
        "no version table",
        "two",
        ("DROP TABLE public.alembic_version",),
        ("has 4 tables and no alembic_version", "right database?", "migrate.py adopt"),
        way_out=True,
    ),
    Unsure("no row", "two", stamps(), ("4 tables and an alembic_version without a row", "stamp"), way_out=True),
    Unsure("an id that no file has", "two", stamps("three"), ("stamped with three", "no file"), way_out=True),
    Unsure("parent and child", "two", stamps("one", "two"), ("2 revisions at once: one, two", "stamp"), way_out=True),
    Unsure("one that is known and one that is not", "two", stamps("three", "two"), ("three", "no file")),
    Unsure("of another application", None, (OTHER,), ("has 1 table and no alembic_version", "right database?")),
    Unsure(
        "of another application with a history",
        None,
        (OTHER, STAMP, "INSERT INTO alembic_version VALUES ('4f1d')"),
        ("stamped with 4f1d", "no file"),
    ),
)


@pytest.mark.parametrize("case", UNSURE, ids=str)
def test_it_cannot_be_told(case: Unsure, written: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    little.at(database, case.revision, *case.change)
    for name in ("check-drift", "repair"):
        said = little.command(capsys, written, database, name)
        assert (said.code, said.out) == (2, ""), name
        assert said.err.startswith("Failed: ") and len(said.err.splitlines()) == 2, said.err
        assert all(part in said.err for part in case.said), said.err
    if case.way_out:
        assert little.command(capsys, written, database, "stamp", "two").code == 0
        assert little.command(capsys, written, database, "check-drift").code == 0


READERS = (
    ("which may create databases", "CREATEDB"),
    ("which may not, so that shadows are made elsewhere", "NOCREATEDB"),
)
# Each row version has an xmin of its own, so every write to these catalogs changes the hash.
FINGERPRINT = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT oid || ' ' || xmin FROM pg_class
    UNION ALL SELECT attrelid || ' ' || attnum || ' ' || xmin FROM pg_attribute
    UNION ALL SELECT oid || ' ' || xmin FROM pg_proc
    UNION ALL SELECT ctid || ' ' || xmin || version_num FROM alembic_version
) AS f(part)
"""


@pytest.fixture
def reader(server: URL, database: URL) -> Iterator[str]:
    """A role that may not write anything."""
    name = f"reader_{os.getpid()}"
    little.execute(
        server,
        f"CREATE ROLE {name} LOGIN PASSWORD 'x'",
        f"ALTER ROLE {name} SET default_transaction_read_only = on",
    )
    yield name
    little.execute(database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "right"), READERS, ids=[name for name, _ in READERS])
def test_the_database_is_only_read(
    name: str,
    right: str,
    written: Project,
    server: URL,
    database: URL,
    reader: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    grants = (f"ALTER ROLE {reader} {right}", f"GRANT SELECT ON alembic_version TO {reader}")
    little.at(database, "one", *INDEX, *grants)
    before = little.value(database, FINGERPRINT)
    as_reader = database.set(username=reader, password="x")
    elsewhere = {"SHADOW_URL": little.plain(server)} if right == "NOCREATEDB" else {}
    said = little.command(capsys, written, as_reader, "check-drift", **elsewhere)
    assert said.code == 1 and NO_INDEX[0] in said.out, said.err
    said = little.command(capsys, written, as_reader, "repair", **elsewhere)
    assert said.code == 0 and "CREATE INDEX authors_name_idx" in said.out, said.err
    assert little.value(database, FINGERPRINT) == before
    said = little.command(capsys, written, as_reader, "repair", "--apply", **elsewhere)
    assert said.code == 2 and "Nothing was repaired" in said.err
    assert little.value(database, FINGERPRINT) == before
