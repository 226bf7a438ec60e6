"""Tablespaces of tables, indexes and constraints: each changes, is reported, and is reverted."""

from contextlib import closing

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip
from tests.support import servers

BEFORE = """
CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, a int);
CREATE INDEX i ON t (a);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE INDEX p_id ON p (id);
"""


def case(name: str, change: str, *named: str, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named)


CASES = [
    case("table", "ALTER TABLE t SET TABLESPACE elsewhere", "~ table t: tablespace none -> elsewhere"),
    case(
        "table moved back",
        "ALTER TABLE t SET TABLESPACE pg_default",
        "~ table t: tablespace elsewhere -> none",
        before="ALTER TABLE t SET TABLESPACE elsewhere",
    ),
    case(
        "table added",
        "CREATE TABLE n (id int PRIMARY KEY USING INDEX TABLESPACE elsewhere) TABLESPACE elsewhere",
        "+ table n",
    ),
    case("index", "ALTER INDEX i SET TABLESPACE elsewhere", "~ index i: tablespace none -> elsewhere"),
    case(
        "index moved back",
        "ALTER INDEX i SET TABLESPACE pg_default",
        "~ index i: tablespace elsewhere -> none",
        before="ALTER INDEX i SET TABLESPACE elsewhere",
    ),
    case(
        "index added",
        "CREATE INDEX n ON t (a, id) WITH (fillfactor = 70) TABLESPACE elsewhere WHERE a > 1",
        "+ index n",
    ),
    case("constraint", "ALTER INDEX t_pkey SET TABLESPACE elsewhere", "~ constraint t_pkey on t: tablespace"),
    case(
        "constraint added",
        "ALTER TABLE t ADD CONSTRAINT n UNIQUE (a) USING INDEX TABLESPACE elsewhere",
        "+ constraint n on t",
    ),
    case(
        "materialized view", "ALTER MATERIALIZED VIEW m SET TABLESPACE elsewhere", "~ materialized view m: tablespace"
    ),
    case("partitioned table", "ALTER TABLE p SET TABLESPACE elsewhere", "~ table p: tablespace none -> elsewhere"),
    case("partition", "ALTER TABLE p1 SET TABLESPACE elsewhere", "~ table p1: tablespace none -> elsewhere"),
    case(
        "partition added to a partitioned table",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)",
        "+ table p2",
        before="ALTER TABLE p SET TABLESPACE elsewhere",
    ),
    case(
        "index of a partition",
        "ALTER INDEX p1_id_idx SET TABLESPACE elsewhere",
        "~ index p_id on partition p1: tablespace",
    ),
    case("index of a partitioned table", "ALTER INDEX p_id SET TABLESPACE elsewhere", "~ index p_id: tablespace"),
]


@pytest.fixture(scope="session")
def elsewhere(server: URL) -> None:
    """A tablespace that exists during the test."""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1)")  # other processes run tests on the same server
        cursor.execute("SELECT FROM pg_tablespace WHERE spcname = 'elsewhere'")
        if cursor.fetchone() is None:
            cursor.execute("SET allow_in_place_tablespaces = on")
            cursor.execute("CREATE TABLESPACE elsewhere LOCATION ''")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_tablespace(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
