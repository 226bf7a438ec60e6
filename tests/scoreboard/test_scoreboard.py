"""The scoreboard counts what is true: with our engine and pg_dump, on a few cases with known results."""

import sys
from dataclasses import replace

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case
from tests.scoreboard import environments, table
from tests.scoreboard.cases import Group, groups
from tests.scoreboard.judge import entries, is_named, names
from tests.scoreboard.measure import Contestant, contestants, measure
from tests.scoreboard.tools import OURS, PG_DUMP, TOOLS
from tests.support.projects import ROOT

BEFORE = "CREATE TABLE t (id int, a text, b text); CREATE INDEX i ON t (id)"
GROUP = Group(
    "index",
    BEFORE,
    (
        Case("added", BEFORE, "CREATE INDEX j ON t (a)", ["+ index j"]),
        Case("a column in the middle dropped", BEFORE, "ALTER TABLE t DROP a", ["- column t.a"]),
        Case("clustered", BEFORE, "ALTER TABLE t CLUSTER ON i", ["~ index i"]),
        Case("nothing", BEFORE, "SELECT 1", ["~ table t"]),
    ),
)


@pytest.fixture(autouse=True)
def _this_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a driver import the engine from here, which `make scoreboard` installs."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.thorough
def test_rows_of_ours_and_of_pg_dump(make_database: MakeDatabase) -> None:
    with contestants({OURS: sys.executable, PG_DUMP: ""}) as both:
        assert measure(GROUP, make_database, both) == []
        ours, dumped = (one.score for one in both)
    counted = (ours.cases, ours.seen, ours.named, ours.repaired, ours.pairs, ours.alarms, ours.failed)
    assert counted == (4, 3, 3, 3, 1, 0, 0), ours.notes
    assert (dumped.cases, dumped.seen, dumped.repaired, dumped.alarms, dumped.failed) == (4, 3, 0, 0, 0)
    assert "index: nothing: not seen" in ours.notes and "index: nothing: not seen" in dumped.notes
    rows = table.rows({OURS: ours, PG_DUMP: dumped}, {TOOLS[2]: "no matching distribution"})
    assert "| whisper-migrate | 3 (75.0%) | 3 (75.0%) | 3 (75.0%) | 0 | 0 |" in rows
    assert "| writes no SQL | 0 | 0 | 1.0 |" in rows
    assert "| results | not installed: no matching distribution |" in rows


class Lying(Contestant):
    """A tool that reports the same of every pair, and whose repair fails after its first statement."""

    def compare(self, wanted, actual):
        return {"words": "index i", "sql": "DROP INDEX i;\nDROP INDEX i;", "seconds": 0}


@pytest.mark.servers("pg18")
def test_a_false_alarm_is_not_seeing(make_database: MakeDatabase) -> None:
    with contestants({OURS: sys.executable}) as (one,):
        measure(GROUP, make_database, [lying := Lying(one.tool, one.process)])
    assert (lying.score.seen, lying.score.repaired, lying.score.alarms) == (0, 0, 1)


@pytest.mark.servers("pg18")
def test_what_a_repair_leaves_is_seen(make_database: MakeDatabase) -> None:
    class Half(Lying):
        def compare(self, wanted, actual):
            return super().compare(wanted, actual) | {"words": f"index i in {actual.database}"}

    with contestants({OURS: sys.executable}) as (one,):
        half = Half(one.tool, one.process)
        measure(replace(GROUP, cases=GROUP.cases[2:3]), make_database, [half])
    assert (half.score.seen, half.score.named, half.score.repaired) == (1, 1, 0)
    assert "not repaired: ERROR" in half.score.notes[-1]


def test_an_error_is_no_answer(make_database: MakeDatabase) -> None:
    broken = replace(OURS, driver="no_such_driver")
    with contestants({broken: sys.executable}) as (one,):
        measure(replace(GROUP, cases=GROUP.cases[:1]), make_database, [one])
    assert (one.score.cases, one.score.pairs, one.score.seen, one.score.alarms, one.score.failed) == (1, 1, 0, 0, 2)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("t.note", ["t", "note"]),
        ('tr on "From"."select"', ["tr", '"From"', '"select"']),
        ("f(integer,text)", ["f"]),
        ("public.f(integer[])", ["f"]),
        ("(text AS public.mood)", ["mood"]),
        ('"My ops".|>(public.mood,public.mood)', ['"My ops"', "|>"]),
        ("in schema app on tables to reader", ["app", "reader"]),
        ("index public.i on pg_trgm", ["i", "pg_trgm"]),
        ('on column public.t."E-Mail" to reader', ["t", '"E-Mail"', "reader"]),
    ],
)
def test_names_of_an_identity(identity: str, expected: list[str]) -> None:
    assert names(identity) == expected


def test_a_name_is_a_word_of_the_output() -> None:
    assert is_named('"A ""b"', "op.drop_index('A \"b')") and is_named("t.a", 'ALTER TABLE "t" DROP "a"')
    assert not is_named("t.a", "ALTER TABLE t2 DROP a")


DUMP = """
SET default_table_access_method = {method};

--
-- Name: t; Type: TABLE; Schema: public; Owner: {owner}
--

CREATE TABLE public.t (
    {first},
    {second}
);


ALTER TABLE public.t OWNER TO {owner};

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: {owner}
--

-- *not* creating schema, since initdb creates it


ALTER SCHEMA public OWNER TO {owner};

--
-- PostgreSQL database dump complete
--
"""


def dumped(first: str = "id integer", second: str = "a text", method: str = "heap", owner: str = "me") -> str:
    return DUMP.format(first=first, second=second, method=method, owner=owner)


def test_the_order_of_columns_and_owners_are_no_difference() -> None:
    one = entries(dumped())
    assert one == entries(dumped("a text", "id integer", owner="you"))
    assert one != entries(dumped(method="tree")) and one != entries(dumped(second="a text NOT NULL"))
    assert len(one) == 1, "an entry without a statement is none"


def test_every_case_is_there_once() -> None:
    cases = [case for group in groups(version=99) for case in group.cases]
    assert len(cases) > 1200 and len(cases) == len({id(case) for case in cases})
    some = groups(every=5, version=99)
    assert [case for case in cases if any(case in group.cases for group in some)] and len(some) < len(groups())
    assert {group.kind for group in groups(["trigger", "enum"])} == {"trigger", "enum"}


def test_packages_are_pinned_and_reasons_name_no_address() -> None:
    assert [one for tool in TOOLS for one in tool.packages if one.count("==") != 1] == []
    said = "WARNING: x\nERROR: Could not fetch https://host/simple\nERROR: No matching distribution found for x==1\n"
    assert environments.reason(said) == "No matching distribution found for x==1"
    assert environments.reason("ERROR: Could not fetch https://host/simple\n") == "the installation failed"
