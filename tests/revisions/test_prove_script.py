"""`make prove` runs each revision's script in psql, down and up; the result must equal the revision's."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project
from tests.support.little import command

pytestmark = pytest.mark.thorough

CREATE, DROP = "op.create_table('t', sa.Column('n', sa.Integer))", "op.drop_table('t')"
OFFLINE = "if op.get_context().as_sql: op.execute({!r})"
BIND = "op.get_bind()"
READS = (
    "Note: r1 cannot be written as a script: its upgrade needs a connection to the database (alembic/versions/r1.py:"
)
READS_DOWN = READS.replace("upgrade", "downgrade")
CASES = {
    "rows in arrays of an enum": (
        "op.execute(\"CREATE TYPE mood AS ENUM ('x')\")\n"
        "from sqlalchemy.dialects import postgresql\n"
        "mood = postgresql.ENUM('x', name='mood', create_type=False)\n"
        "t = op.create_table('t', sa.Column('v', postgresql.ARRAY(mood)))\n"
        "op.bulk_insert(t, [{'v': ['x']}, {'v': []}])",
        DROP + "\nop.execute('DROP TYPE mood')",
        0,
        "r1 up, down, up: nothing differs",
    ),
    "tabs in a function": (
        'op.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT\\t1$$")',
        "op.execute('DROP FUNCTION f()')",
        0,
        "nothing differs",
    ),
    "rejected": (f"{CREATE}\n{OFFLINE.format('SELEC 1')}", DROP, 1, "script of the upgrade is rejected by psql"),
    "rejected on the way down": (CREATE, f"{DROP}\n{OFFLINE.format('SELEC 1')}", 1, 'at or near "SELEC"'),
    "elsewhere": (f"{CREATE}\n{OFFLINE.format('CREATE TABLE more ()')}", DROP, 1, "leaves 1 difference"),
    "reads": (
        f"{CREATE}\nn = op.get_bind().execute(sa.text('SELECT 1')).scalar()",
        DROP,
        0,
        READS,
    ),
    "reads rows": (f"{CREATE}\nrows = {BIND}.execute(sa.text('SELECT 1')).fetchall()", DROP, 0, READS),
    "reads in a loop": (f"{CREATE}\nfor row in {BIND}.execute(sa.text('SELECT 1')): pass", DROP, 0, READS),
    "reads through the driver": (f"{CREATE}\n{BIND}.exec_driver_sql('SELECT 1')", DROP, 0, READS),
    "inspects": (f"{CREATE}\nassert sa.inspect({BIND}).has_table('t')", DROP, 0, READS),
    "asks the dialect": (f"{CREATE}\nassert {BIND}.dialect.has_table({BIND}, 't')", DROP, 0, READS),
    "reads in a session": (
        f"{CREATE}\nfrom sqlalchemy.orm import Session\nSession({BIND}).execute(sa.text('SELECT 1')).all()",
        DROP,
        0,
        READS,
    ),
    "gives parameters": (f"{CREATE}\n{BIND}.execute(sa.text('SELECT :n'), {{'n': 1}})", DROP, 0, READS),
    "reads on the way down": (CREATE, f"{DROP}\n{BIND}.execute(sa.text('SELECT 1')).scalar()", 0, READS_DOWN),
    "writes through a connection": (f"{CREATE}\n{BIND}.execute(sa.text('SELECT 1'))", DROP, 0, "nothing differs"),
}


@pytest.mark.servers("pg18")
def test_scripts_are_proved(server: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, (name, (up, down, code, words)) in enumerate(CASES.items()):
        made = project(tmp_path / str(number), up, 'op.execute("SELECT 1")', downs=(down,))
        said = command(capsys, made, server, "prove", "r1")
        assert words in said.out, f"{name}: {said.out} {said.err}"
        assert said.code == code, f"{name}: {said.out}"
        assert said.out.count("Note:") == (READS in said.out) + (READS_DOWN in said.out), f"{name}: {said.out}"
