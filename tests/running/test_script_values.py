"""A script for psql stores the same values as a run with a connection."""

from pathlib import Path

import pytest
from sqlalchemy import URL, text

from tests.conftest import MakeDatabase
from tests.running.attempts import project
from tests.running.test_offline import psql, write
from tests.support.connections import connected
from tests.support.little import command

# SQLAlchemy's column types, and values of each.
VALUES = {
    "postgresql.ARRAY(sa.Enum('x', \"y'z\", name='mood'))": "['x', \"y'z\"], [], None",
    "postgresql.ARRAY(postgresql.ENUM('x', name='mood', create_type=False))": "['x', None]",
    "postgresql.ARRAY(sa.Text)": r"['a:b', '%s', 'c\\d', 'e\nf\tg', '', None, 'NULL', '{,}', '\"']",
    "postgresql.ARRAY(sa.Integer)": "[[1, 2], [3, 4]], []",
    "postgresql.ARRAY(sa.Date)": "[datetime.date(2024, 2, 29)]",
    "postgresql.ARRAY(sa.Uuid)": "[uuid.UUID(int=7)]",
    "postgresql.ARRAY(postgresql.JSONB)": "[{'a': 1}]",
    "postgresql.ARRAY(sa.LargeBinary)": r"[b'\x00\\']",
    "sa.Enum('x', name='mood')": "'x'",
    "sa.JSON": "{'a': ['b:c', '%s', 'd\\\\e', \"it's\", 'f\\tg']}, None, 'text', 1.5, []",
    "postgresql.JSONB": "{'a': None}, None, sa.null()",
    "sa.Text": r"""'a:b :c %s %% c\\d e\\\'f', 'new\nline', 'tab\there', '\r\n\x07', '', '$$', '-- no', 'größe'""",
    "sa.String(50)": '"it\'s"',
    "sa.Boolean": "True, False, None",
    "sa.Integer": "-3, 0",
    "sa.BigInteger": "2**62",
    "sa.Numeric(20, 5)": "decimal.Decimal('-1.50000'), decimal.Decimal('NaN')",
    "sa.Double": "1.5, float('nan'), float('-inf'), 1e300",
    "sa.Date": "datetime.date(2024, 2, 29)",
    "sa.Time": "datetime.time(1, 2, 3, 4)",
    "sa.DateTime": "datetime.datetime(2024, 2, 29, 1, 2, 3, 4)",
    "sa.DateTime(timezone=True)": "datetime.datetime(2024, 2, 29, 1, 2, tzinfo=datetime.UTC)",
    "sa.Interval": "datetime.timedelta(days=-1, seconds=3, microseconds=4), datetime.timedelta(days=400)",
    "sa.Uuid": "uuid.UUID(int=7)",
    "postgresql.UUID(as_uuid=False)": "'00000000-0000-0000-0000-000000000007'",
    "sa.LargeBinary": r"b'\x00\xff\'\\\\', b''",
    "postgresql.INT4RANGE": "postgresql.Range(1, 5), postgresql.Range(None, 5, bounds='(]')",
    "postgresql.INT8RANGE": "postgresql.Range(empty=True)",
    "postgresql.TSRANGE": "postgresql.Range(datetime.datetime(2024, 1, 1), None)",
    "postgresql.INET": "'10.0.0.1'",
    "postgresql.BIT(3)": "'101'",
    "postgresql.TSVECTOR": "\"a 'b'\"",
    "postgresql.HSTORE": "{'a': 'b', 'c': None}",
}
SETUP = "op.execute(\"CREATE TYPE mood AS ENUM ('x', 'y''z')\")\nop.execute('CREATE EXTENSION hstore')"
FUNCTION = r"""op.execute("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'a\tb \\:c %s'$$")"""
OTHERS = """t2 = sa.table("t2", sa.column("n"), sa.column("v", postgresql.ARRAY(sa.Text)))
op.execute(sa.insert(t2).values(n=90, v=['a']))
op.execute(sa.update(t2).where(t2.c.n.in_([90, 91])).values(v=['x:y']))
op.execute(sa.text("INSERT INTO t2 (n, v) VALUES (:n, ARRAY[:v])").bindparams(sa.bindparam("n", 92), v=["it's"]))"""


def body() -> str:
    lines = ["import datetime, decimal, uuid", "from sqlalchemy.dialects import postgresql", SETUP, FUNCTION]
    for number, (kind, values) in enumerate(VALUES.items()):
        kind = kind.replace("name='mood')", "name='mood', create_type=False)") if "sa.Enum" not in kind else kind
        made = f"sa.column('n', sa.Integer), sa.column('v', {kind})"
        lines += [
            f"t = sa.table('t{number}', {made})",
            "name = postgresql.dialect().type_compiler_instance.process(t.c.v.type)",
            f"op.execute(f'CREATE TABLE t{number} (n int, v {{name}})')",
            f"op.bulk_insert(t, [{{'n': n, 'v': v}} for n, v in enumerate(({values},))])",
        ]
    return "\n".join([*lines, OTHERS])


def rows(url: URL) -> list[object]:
    with connected(url) as connection:
        found: list[object] = [connection.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'f'"))]
        for number, _ in enumerate(VALUES):
            found += connection.execute(text(f"SELECT '{number}', n, v::text FROM t{number} ORDER BY n")).all()
        return found


def test_values_in_a_script(tmp_path: Path, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, body())
    run, scripted = make_database(), make_database()
    said = command(capsys, made, run, "upgrade", "--no-check")
    assert said.code == 0, said.err
    done = psql(scripted, write(made, "upgrade", "head"))
    assert done.returncode == 0, done.stderr
    assert rows(scripted) == rows(run)
    assert len(rows(run)) > len(VALUES)
