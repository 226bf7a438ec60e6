"""Columns change their type: each value keeps what it says, up and down; what no type can read is noted or refused."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

# Column types before and after; the value before, after and, if different, after the downgrade.
RETYPED = [
    ("sa.Text", "postgresql.ARRAY(sa.Text)", "'one'", "{one}"),
    ("sa.Text", "postgresql.ARRAY(sa.String(5))", "'{a,b}'", "{a,b}"),
    ("sa.Text", "postgresql.ARRAY(sa.Text)", "'{not one'", '{"{not one"}'),
    ("postgresql.ARRAY(sa.Text)", "sa.Text", "'{NULL}'", "{NULL}"),
    *(
        ("sa.Text", "postgresql.ARRAY(sa.Text)", f"'{text}'", items)
        for text, items in {
            "{greeting} {name}": '{"{greeting} {name}"}',
            "{x}": '{"{x}"}',
            '{"x"}': '{"{\\"x\\"}"}',
            "{a, b}": '{"{a, b}"}',
            "{null,b}": '{"{null,b}"}',
            '{"{a,b}"}': '{"{a,b}"}',
            "{}": "{}",
            "{{a},{b}}": "{{a},{b}}",
            "": '{""}',
        }.items()
    ),
    ("postgresql.ARRAY(sa.Text)", "sa.String(20)", "ARRAY['{a,b}']", '{"{a,b}"}'),
    ("postgresql.ARRAY(sa.Text)", "sa.Text", "ARRAY['{x}']", "{x}"),
    ("postgresql.ARRAY(sa.Text)", "sa.Text", "ARRAY['{\"{a,b}\"}']", '{"{\\"{a,b}\\"}"}'),
    ("sa.Integer", "postgresql.ARRAY(sa.Integer)", "5", "{5}"),
    ("postgresql.ARRAY(sa.Text)", "postgresql.JSONB", "'{a,NULL}'", '["a", null]'),
    ("postgresql.JSONB", "postgresql.ARRAY(sa.Text)", '\'["a", "b"]\'', "{a,b}"),
    ("sa.Date", "postgresql.JSONB", "'2020-02-03'", '"2020-02-03"'),
    ("sa.BigInteger", "sa.DateTime(timezone=True)", "1700000000", "2023-11-14 22:13:20+00"),
    ("sa.DateTime", "sa.DateTime(timezone=True)", "'2020-02-03 04:05'", "2020-02-03 04:05:00+00"),
    ("sa.Date", "sa.DateTime(timezone=True)", "'2020-02-03'", "2020-02-03 00:00:00+00"),
    ("sa.Integer", 'sa.Enum("1", "2", name="digit")', "2", "2"),
    ("sa.Boolean", "sa.Text", "true", "true"),
    ("sa.CHAR(5)", "sa.String(5)", "'ab'", "ab"),
    ("postgresql.MONEY", "sa.Integer", "'12'", "12"),
    ("sa.Float", "postgresql.MONEY", "2.5", "$2.50"),
    ("postgresql.OID", "sa.Numeric", "5", "5"),
    ("postgresql.INT4RANGE", "postgresql.INT4MULTIRANGE", "'[1,5)'", "{[1,5)}"),
    ("postgresql.DATEMULTIRANGE", "postgresql.DATERANGE", "'{}'", "empty"),
    ("sa.Integer", "sa.Interval", "90", "00:01:30"),
    ("sa.Interval", "sa.Numeric(8, 1)", "'00:00:01.5'", "1.5"),
    ("postgresql.BIT(4)", "postgresql.BIT(8)", "B'1010'", "10100000"),
    ("postgresql.HSTORE", "postgresql.JSONB", "'a=>1, b=>NULL'", '{"a": "1", "b": null}'),
    ("sa.JSON", "postgresql.HSTORE", """'{"a": "1"}'""", '"a"=>"1"'),
]
HSTORE = 'ENTITIES.append(sa.DDL("CREATE EXTENSION hstore"))\n'


def table(*columns: str) -> str:
    return f'sa.Table("t", metadata, {", ".join(columns)})\n'


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_values_keep_what_they_say(tmp_path: Path, server: URL, database: URL) -> None:
    sides = [
        HSTORE + table(*(f'sa.Column("c{number}", {retyped[side]})' for number, retyped in enumerate(RETYPED)))
        for side in (0, 1)
    ]
    # In every time zone of the session: times without a zone are in UTC.
    ask(database, f"ALTER DATABASE \"{database.database}\" SET TimeZone = 'Asia/Tokyo'")
    names = ", ".join(f"c{number}" for number in range(len(RETYPED)))
    texts = f"SET TimeZone = 'UTC'; SELECT {names.replace(',', '::text,')}::text FROM t"
    draft(edited(tmp_path, sides[0]), server, "first")
    upgrade(edited(tmp_path, sides[0]), database, "head", lambda applied: None)
    ask(database, f"INSERT INTO t ({names}) VALUES ({', '.join(retyped[2] for retyped in RETYPED)})")
    before = ask(database, texts)
    project = edited(tmp_path, sides[1])
    allowed = [f"change-column t.c{number}" for number in range(len(RETYPED))]
    draft(project, server, "second", allowed=allowed)
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, texts) == [tuple(retyped[3] for retyped in RETYPED)]
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, texts) == before
    assert not check(edited(tmp_path, sides[0]), server, database, "database").drift


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_values_that_fit_no_type(tmp_path: Path, server: URL) -> None:
    """Values that cannot be read are a note with PostgreSQL's reason; two types without a cast are refused."""
    level = 'level = sa.Enum({}, name="level")\n'
    columns = 'sa.Column("a", {}), sa.Column("b", {}), sa.Column("c", {}), sa.Column("d", level{})'
    before = columns.format("sa.Text", "postgresql.JSONB", "sa.DateTime", "")
    draft(edited(tmp_path, level.format('"low"') + table(before)), server, "first")
    after = level.format('"low"') + table(
        columns.format("postgresql.TSVECTOR", "postgresql.ARRAY(sa.Integer)", "sa.DateTime", "")
    )
    made = draft(edited(tmp_path, after), server, "second", allowed=["change-column t.a", "change-column t.b"])
    notes = "\n".join(made.notes)
    assert "t.a: the upgrade fails on values such as" in notes and "syntax error in tsvector" in notes
    assert "t.b: the upgrade fails on values such as" in notes and "does not exist" not in notes
    time = after.replace("sa.DateTime", "sa.Time")
    with pytest.raises(Failure, match=r"cannot cast type time (.|\n)*Declare a new column by another name"):
        draft(edited(tmp_path, time), server, "third", allowed=["change-column t.c"])
    filled = level.format('"low", "high"') + after.partition("\n")[2].replace("level)", 'level, server_default="high")')
    filled = filled.replace("))\n", '), sa.Column("e", level))\n')
    with pytest.raises(Failure, match="Convert by way of text"):
        draft(edited(tmp_path, filled), server, "fourth", filling=["t.e=d"])


def test_backfill_of_the_new_type_has_a_way_out(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table('sa.Column("tags", sa.ARRAY(sa.Text))')), server, "first")
    project = edited(tmp_path, table('sa.Column("tags", sa.Text)'))
    with pytest.raises(Failure, match=r"column tags while its type is still text\[\]. To convert its values to text: "):
        draft(project, server, "second", filling=["t.tags=array_to_string(tags, ',')"])
    made = draft(project, server, "second", allowed=["change-column t.tags"])
    assert made.path and "postgresql_using=" in made.path.read_text()
