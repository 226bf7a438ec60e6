"""A serial column becomes an identity column, and back: no number is generated twice."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import execute, value
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

pytestmark = pytest.mark.thorough

ONE_TO_FIVE = "INSERT INTO {t} SELECT nextval('{seq}') FROM generate_series(1, 5); DELETE FROM {t}"


@dataclass(frozen=True)
class Case:
    """The previous use of a serial column, its identity, and the next numbers after the upgrade and the downgrade."""

    done: str = ""
    identity: str = "sa.Identity()"
    type: str = "sa.Integer"
    up: int = 1
    down: int = 2


CASES = {
    "untouched": Case(),
    "the rows are gone": Case(ONE_TO_FIVE, up=6, down=7),
    "the last rows are gone": Case(f"{ONE_TO_FIVE}; INSERT INTO {{t}} VALUES (2)", up=6, down=7),
    "ahead by hand": Case("SELECT setval('{seq}', 1000, false)", up=1000, down=1001),
    "behind by hand": Case("INSERT INTO {t} VALUES (50)", up=51, down=52),
    'in "Steps"': Case(ONE_TO_FIVE, "sa.Identity(always=True, increment=10)", "sa.BigInteger", up=15, down=16),
    "a start": Case("", "sa.Identity(start=100)", up=100, down=101),
    "rows before a start": Case("INSERT INTO {t} VALUES (50)", "sa.Identity(start=500)", up=500, down=501),
    "a start behind": Case(ONE_TO_FIVE, "sa.Identity(start=3)", up=6, down=7),
}
TABLE = 'sa.Table({name!r}, metadata, sa.Column("id", {type}, {identity}primary_key=True))\n'


def models(*, identities: bool) -> str:
    tables = [
        TABLE.format(name=name, type=case.type, identity=f"{case.identity}, ")
        if identities
        else TABLE.format(name=name, type="sa.Integer", identity="")
        for name, case in CASES.items()
    ]
    return "".join(tables)


def given(database: URL) -> dict[str, object]:
    """Return the next number of each table, by a row that is deleted at once."""
    found = {}
    for name in CASES:
        quoted = '"' + name.replace('"', '""') + '"'
        found[name] = value(database, f"SELECT coalesce(max(id), 0) FROM {quoted}")
        execute(database, f"INSERT INTO {quoted} DEFAULT VALUES")
        found[name] = value(database, f"SELECT max(id) FROM {quoted} WHERE id > {found[name]}")
        execute(database, f"DELETE FROM {quoted} WHERE id = {found[name]}")
    return found


def test_no_number_is_given_twice(tmp_path: Path, server: URL, database: URL) -> None:
    project = edited(tmp_path, models(identities=False))
    draft(project, server, "serial")
    upgrade(project, database, "head", lambda applied: None)
    for name, case in CASES.items():
        quoted = '"' + name.replace('"', '""') + '"'
        sequence = value(database, f"SELECT pg_get_serial_sequence('{quoted}', 'id')")
        for statement in filter(None, case.done.format(t=quoted, seq=sequence).split("; ")):
            execute(database, statement)
    project = edited(tmp_path, models(identities=True))
    assert draft(project, server, "identity").path
    upgrade(project, database, "head", lambda applied: None)
    assert given(database) == {name: case.up for name, case in CASES.items()}
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert given(database) == {name: case.down for name, case in CASES.items()}
    assert not check(edited(tmp_path, models(identities=False)), server, database, "database").drift


@pytest.mark.servers("pg18")
def test_how_it_counts_by_hand_is_named(tmp_path: Path, server: URL) -> None:
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, {}primary_key=True))\n'
    by_hand = 'sa.event.listen(metadata, "after_create", sa.DDL("ALTER SEQUENCE t_id_seq INCREMENT BY 10 CACHE 20"))\n'
    draft(edited(tmp_path, table.format("") + by_hand), server, "first")
    with pytest.raises(Failure, match="drop-sequence t_id_seq: with its INCREMENT BY 10, CACHE 20, which the identity"):
        draft(edited(tmp_path, table.format("sa.Identity(), ")), server, "second")
    same = edited(tmp_path, table.format("sa.Identity(increment=10, cache=20), "))
    assert draft(same, server, "second").path


SERIAL = 'sa.Table({}, metadata, sa.Column({}, primary_key=True), sa.Column("v", sa.Text){})\n'
RENAMED = {  # the columns of a table before and after, and its new name as SQL
    "an odd table": (("'Odd \"T'", '"Id x", sa.Integer', ""), ("'New \"T'", '"Id x", sa.BigInteger'), '"New ""T"'),
    "a column": (("'A'", '"id", sa.Integer', ""), ("'A'", '"No.", sa.BigInteger, info={"renamed_from": "id"}'), '"A"'),
    "to a schema": (("'s'", '"id", sa.SmallInteger', ""), ("'s t'", '"id", sa.Integer', "app"), 'app."s t"'),
    "to an identity": (("'i i'", '"id", sa.Integer', ""), ("'J'", '"id", sa.BigInteger, sa.Identity()'), '"J"'),
    "narrower": (("'n'", '"id", sa.BigInteger', ""), ("'N n'", '"id", sa.Integer'), '"N n"'),
}


def test_a_renamed_and_retyped_serial_is_one_sequence(tmp_path: Path, server: URL, database: URL) -> None:
    before = "".join(SERIAL.format(*old) for old, _, _ in RENAMED.values())
    after = ""
    for (old, _, _), (name, column, *schema), _ in RENAMED.values():
        info = f", info={{'renamed_from': {('public.' if schema else '') + old[1:-1]!r}}}" if name != old else ""
        after += SERIAL.format(name, column, info + "".join(f", schema={one!r}" for one in schema))
    project = edited(tmp_path, before)
    draft(project, server, "first")
    upgrade(project, database, "head", lambda applied: None)
    for (old, _, _), *_ in RENAMED.values():
        table = '"' + old[1:-1].replace('"', '""') + '"'
        execute(database, f"INSERT INTO {table} (v) VALUES ('a'), ('b'), ('c')", f"DELETE FROM {table} WHERE v = 'c'")
    project = edited(tmp_path, after)
    made = draft(project, server, "second", allowed=["change-column N n.id", 'change-column "N n".id'])
    assert sum(line.startswith("- sequence") for line in made.lines) == 1  # that of the identity column
    upgrade(project, database, "head", lambda applied: None)
    for name, (_, _, table) in RENAMED.items():
        execute(database, f"INSERT INTO {table} (v) VALUES ('d')")
        assert value(database, f"SELECT string_agg(v, '' ORDER BY 1) FROM {table}") == "abd", name
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert not check(edited(tmp_path, before), server, database, "database").drift
    assert value(database, 'SELECT max("Id x") FROM "Odd ""T"') == 4


SHARED = """
s = sa.Sequence("{}", metadata=metadata)
for name, type_ in (("one", sa.Integer), ("two", sa.BigInteger), ("words", sa.Text)):
    sa.Table(name, metadata, sa.Column("id", type_, s, server_default=s.next_value(), primary_key=True))
"""


@pytest.mark.servers("pg18")
def test_a_sequence_of_several_tables_goes_on(tmp_path: Path, server: URL, database: URL) -> None:
    """Another sequence takes the place of one that two columns of integers share; their rows have numbers already."""
    project = edited(tmp_path, SHARED.format("ids"))
    draft(project, server, "shared")
    upgrade(project, database, "head", lambda applied: None)
    for name in ("one", "one", "two", "words"):
        execute(database, f"INSERT INTO {name} DEFAULT VALUES")
    project = edited(tmp_path, SHARED.format("all_ids"))
    draft(project, server, "another", allowed=["drop-sequence ids"])
    upgrade(project, database, "head", lambda applied: None)
    assert value(database, "INSERT INTO one DEFAULT VALUES RETURNING id") == 4
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert value(database, "INSERT INTO two DEFAULT VALUES RETURNING id") == 4
