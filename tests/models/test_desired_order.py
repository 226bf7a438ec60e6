"""Building the models: each object once, after its dependencies; else PostgreSQL's reason why the first one fails."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import MakeDatabase
from tests.support.connections import connected
from tests.support.drafting import edited
from whisper_migrate.errors import Failure
from whisper_migrate.models.desired import build

pytestmark = pytest.mark.servers("pg18")

# An entity that needs table `t`, so that types and sequences are created in a step of their own.
NEEDS_TABLE = """
ENTITIES.append(sa.DDL("CREATE VIEW v AS SELECT * FROM t"))
ENTITIES.append(sa.DDL("CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'"))
"""
TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True){})\n'
MADE = "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 't' AND relkind = 'r'"
CASES = {
    "a sequence by itself": ('sa.Sequence("invoice_no", metadata=metadata)\n', ""),
    "a sequence with a schema": ('sa.Sequence("invoice_no", schema="books", metadata=metadata)\n', ""),
    "a sequence of a column": ("", 'sa.Column("n", sa.Integer, sa.Sequence("invoice_no"))'),
    "a default from a sequence": (
        's = sa.Sequence("invoice_no", metadata=metadata)\n',
        'sa.Column("n", sa.Integer, s, server_default=s.next_value())',
    ),
    "an enum by itself": ('sa.Enum("x", name="e", metadata=metadata)\n', ""),
    "an enum with a schema": ('sa.Enum("x", name="e", schema="books", metadata=metadata)\n', ""),
    "an enum of the column's": ("", 'sa.Column("e", sa.Enum("x", name="e", schema="books"))'),
    "an enum in an array": ("", 'sa.Column("e", postgresql.ARRAY(sa.Enum("x", name="e", schema="books")))'),
    "an enum in a domain": (
        'd = postgresql.DOMAIN("d", sa.Enum("x", name="e"), schema="books")\n',
        'sa.Column("e", d)',
    ),
    "a domain by itself": ('postgresql.DOMAIN("d", sa.Text, schema="books", metadata=metadata)\n', ""),
    "a domain over one": (
        'd = postgresql.DOMAIN("d", sa.Text, metadata=metadata)\n',
        'sa.Column("e", postgresql.DOMAIN("dd", d, check="VALUE <> \'\'"))',
    ),
    "a domain in an array": ("", 'sa.Column("e", postgresql.ARRAY(postgresql.DOMAIN("d", sa.Text, schema="books")))'),
    "a domain over one that comes later": (
        'sa.Table("a", metadata, sa.Column("e", postgresql.DOMAIN("dd", postgresql.DOMAIN("d", sa.Text))))\n',
        'sa.Column("e", postgresql.DOMAIN("d", sa.Text))',
    ),
    "one enum, two columns": (
        "",
        'sa.Column("a", sa.Enum("x", name="e")), sa.Column("b", sa.Enum("x", name="e"))',
    ),
    "a type that an entity makes": (
        "ENTITIES.append(sa.DDL(\"CREATE TYPE e AS ENUM ('x')\"))\n",
        'sa.Column("e", postgresql.ENUM("x", name="e", create_type=False))',
    ),
    "a domain and a default's function, behind a trigger of a table": (
        'sa.Table("a", metadata, sa.Column("id", sa.Integer))\n'
        'ENTITIES.append(sa.DDL("CREATE TRIGGER x AFTER INSERT ON a EXECUTE FUNCTION h()"))\n'
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION h() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'\"))\n"
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION k() RETURNS e LANGUAGE sql AS 'SELECT 1'\"))\n"
        'ENTITIES.append(sa.DDL("CREATE DOMAIN e AS integer"))\n',
        'sa.Column("e", postgresql.DOMAIN("e", sa.Integer, create_type=False), server_default=sa.text("k()"))',
    ),
    "a type that an entity makes, of a table's row": (
        'sa.Table("a", metadata, sa.Column("id", sa.Integer))\n'
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION g(a) RETURNS int LANGUAGE sql AS 'SELECT 1'\"))\n"
        "ENTITIES.append(sa.DDL(\"CREATE TYPE e AS ENUM ('x')\"))\n",
        "",
    ),
    "a domain whose check calls an entity": (
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION ok(text) RETURNS bool LANGUAGE sql AS 'SELECT true'\"))\n",
        'sa.Column("e", postgresql.DOMAIN("d", sa.Text, check="ok(VALUE)"))',
    ),
    "a function that takes an array of an enum": (
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION ok(e[]) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'\"))\n",
        'sa.Column("e", postgresql.ARRAY(sa.Enum("x", name="e"))), sa.CheckConstraint("ok(e)", name="k")',
    ),
    "a function that takes a number of a sequence": (
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION nr() RETURNS bigint LANGUAGE sql AS $$SELECT nextval('s')$$\"))\n"
        'sa.Sequence("s", metadata=metadata)\n',
        'sa.Column("n", sa.BigInteger, server_default=sa.text("nr()"))',
    ),
}


@pytest.mark.parametrize("needs_table", [False, True], ids=["", "and a view"])
def test_made_once_and_in_order(make_database: MakeDatabase, tmp_path: Path, needs_table: bool) -> None:
    for number, (name, (models, column)) in enumerate(CASES.items()):
        declared = models + TABLE.format(f", {column}" if column else "") + NEEDS_TABLE * needs_table
        with connected(make_database()) as connection:
            build(connection, edited(tmp_path / str(number), declared))
            assert connection.scalar(text(MADE)) == 1, name


# The models, and the words of the failure on the cause.
MISTAKES = {
    "a domain": (
        'ENTITIES.append(sa.DDL("CREATE DOMAIN d AS txt"))\n' + TABLE.format(", sa.Column('a', Named('d'))"),
        'CREATE DOMAIN d AS txt cannot be created: type "txt" does not exist.',
    ),
    "a domain of SQLAlchemy's": (
        TABLE.format(", sa.Column('a', postgresql.DOMAIN('d', sa.Text, check='nope(VALUE)'))"),
        "nope(text) does not exist. HINT: No function matches the given name",
    ),
    "a publication": (
        'ENTITIES.append(sa.DDL("CREATE TABLE p (id int) PARTITION BY LIST (id)"))\n'
        'ENTITIES.append(sa.DDL("CREATE PUBLICATION pub FOR TABLE p WHERE (id > 0)"))\n',
        'publication WHERE clause for relation "p". DETAIL: WHERE clause cannot be used for a partitioned table when',
    ),
    "a collation": (
        "ENTITIES.append(sa.DDL(\"CREATE COLLATION c (provider = nope, locale = 'de')\"))\n"
        + TABLE.format(", sa.Column('a', sa.Text(collation='c'))"),
        "CREATE COLLATION c (provider = nope, locale = 'de') cannot be created: unrecognized collation provider: nope.",
    ),
    "a language": (
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION ok(int) RETURNS bool LANGUAGE plv8 AS 'x'\"))\n"
        + TABLE.format(", sa.CheckConstraint('ok(id)')"),
        "RETURNS bool LANGUAGE plv8 AS 'x' cannot be created: language \"plv8\" does not exist.",
    ),
    "a language, of a function that a domain calls": (
        'ENTITIES.append(sa.DDL("CREATE DOMAIN d AS int CHECK (ok(VALUE))"))\n'
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION ok(int) RETURNS bool LANGUAGE plv8 AS 'x'\"))\n"
        + TABLE.format(", sa.Column('a', Named('d'))"),
        "LANGUAGE plv8 AS 'x' cannot be created: language \"plv8\" does not exist.",
    ),
    "an extension, for the function of a default": (
        "from alembic_utils.pg_extension import PGExtension\nENTITIES.append(PGExtension('public', 'nowhere'))\n"
        + TABLE.format(", sa.Column('a', sa.Integer, server_default=sa.text('seconds(8)'))"),
        'nowhere cannot be created: extension "nowhere" is not available',
    ),
    "a circle of views": (
        "".join(f'ENTITIES.append(sa.DDL("CREATE VIEW {a} AS SELECT * FROM {b}"))\n' for a, b in ("vw", "wx", "xv")),
        "; these need each other: CREATE VIEW w AS SELECT * FROM x, CREATE VIEW x AS SELECT * FROM v, CREATE VIEW v AS",
    ),
    "a language, and a view before": (
        'ENTITIES.append(sa.DDL("CREATE VIEW v AS SELECT ok(id) FROM t"))\n'
        "ENTITIES.append(sa.DDL(\"CREATE FUNCTION ok(int) RETURNS bool LANGUAGE plv8 AS 'x'\"))\n" + TABLE.format(""),
        "LANGUAGE plv8 AS 'x' cannot be created: language \"plv8\" does not exist.",
    ),
}
NAMED = """
class Named(sa.types.UserDefinedType):
    def __init__(self, name):
        self.name = name
    def get_col_spec(self, **kw):
        return self.name
"""


def test_the_cause_is_named(make_database: MakeDatabase, tmp_path: Path) -> None:
    for number, (name, (models, words)) in enumerate(MISTAKES.items()):
        project = edited(tmp_path / str(number), NAMED + models)
        with connected(make_database()) as connection, pytest.raises(Failure) as failed:
            build(connection, project)
        assert words in failed.value.what, name
