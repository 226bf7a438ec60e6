"""`make prove` runs each revision's script in psql, down and up, and it has to lead where the revision leads."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.little import command
from tests.running.attempts import project

CREATE, DROP = "op.create_table('t', sa.Column('n', sa.Integer))", "op.drop_table('t')"
OFFLINE = "if op.get_context().as_sql: op.execute({!r})"
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
        "Note: Its upgrade is not tried as a script for psql: A revision cannot be written as a script",
    ),
}


@pytest.mark.servers("pg18")
def test_scripts_are_proved(server: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, (name, (up, down, code, words)) in enumerate(CASES.items()):
        made = project(tmp_path / str(number), up, 'op.execute("SELECT 1")', downs=(down,))
        said = command(capsys, made, server, "prove", "r1")
        assert words in said.out, f"{name}: {said.out} {said.err}"
        assert said.code == code, f"{name}: {said.out}"
