"""Model shapes that SQLAlchemy users write; each has caused a false alarm in some schema tool."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.sql.elements import quoted_name

convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData()
named = sa.MetaData(naming_convention=convention)
Mood = sa.Enum("sad", "it's ok", "happy", name="mood", metadata=metadata)
LONG = "a_table_whose_name_is_so_long_that_postgresql_has_to_cut_it_off"


def table(name: str, *parts: sa.schema.SchemaItem, **options: object) -> sa.Table:
    return sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *parts, **options)


# Expressions in indexes
indexed = table("indexed", sa.Column("a", sa.String(50)), sa.Column("b", pg.JSONB), sa.Column("c", sa.DateTime))
sa.Index("ix_lower", sa.func.lower(indexed.c.a))
sa.Index("ix_cast", sa.cast(indexed.c.id, sa.Text))
sa.Index("ix_json_path", indexed.c.b["user"]["name"].astext)
sa.Index("ix_search", sa.text("to_tsvector('english'::regconfig, a)"), postgresql_using="gin")
sa.Index("ix_trunc", sa.func.date_trunc("day", indexed.c.c).desc().nulls_last())
sa.Index("ix_case", sa.text("(CASE WHEN a IS NULL THEN 0 ELSE 1 END)"))
sa.Index("ix_where", indexed.c.a, unique=True, postgresql_where=indexed.c.c > sa.text("'2020-01-01'::timestamp"))
sa.Index("ix_include", indexed.c.a, postgresql_include=["c"], postgresql_with={"fillfactor": 70})
sa.Index("ix_gin", indexed.c.b, postgresql_using="gin", postgresql_ops={"b": "jsonb_path_ops"})
sa.Index("ix_percent", sa.text("(a LIKE '%x:y%')"))
sa.Index("ix_collate", sa.text('a COLLATE "C" DESC'))

# Defaults
numbers = sa.Sequence("numbers", start=7, increment=3, metadata=metadata)
table(
    "defaults",
    sa.Column("j", sa.JSON, server_default=sa.text(r"""'{"a": [1, "\:b", "50%"]}'""")),
    sa.Column("jb", pg.JSONB, server_default="{}", nullable=False),
    sa.Column("arr", pg.ARRAY(sa.Text), server_default=sa.text("ARRAY['x'::text, 'y:z'::text]")),
    sa.Column("arr2", pg.ARRAY(sa.Integer), server_default="{1,2}"),
    sa.Column("mood", Mood, server_default="it's ok"),
    sa.Column("moods", pg.ARRAY(Mood)),
    sa.Column("span", sa.Interval, server_default=sa.text("interval '1 day 02:03:04'")),
    sa.Column("uid", sa.Uuid, server_default=sa.text("gen_random_uuid()")),
    sa.Column("n", sa.Integer, server_default=numbers.next_value()),
    sa.Column("r", sa.Float, server_default=sa.text("random()")),
    sa.Column("ts", sa.DateTime(timezone=True), server_default=sa.func.now()),
    sa.Column("tz", sa.DateTime, server_default=sa.text("timezone('utc', now())")),
    sa.Column("d", sa.Date, server_default=sa.text("CURRENT_DATE")),
    sa.Column("fixed", sa.DateTime(timezone=True), server_default="2020-01-02 03:04:05+02"),
    sa.Column("b", sa.Boolean, server_default=sa.true(), nullable=False),
    sa.Column("text", sa.Text, server_default='it\'s 100% \\ "quoted" :name'),
    sa.Column("bytes", sa.LargeBinary, server_default=sa.text("'\\x00ff'::bytea")),
    sa.Column("num", sa.Numeric(12, 4), server_default="0.50"),
    sa.Column("bits", pg.BIT(4), server_default=sa.text("B'0101'")),
    sa.Column("net", pg.INET, server_default="127.0.0.1"),
    sa.Column("range", pg.INT4RANGE, server_default="[1,5)"),
    sa.Column("ident", sa.Integer, sa.Identity(always=True, start=10, increment=5)),
)

# Types
table(
    "types",
    sa.Column("f24", sa.Float(24)),
    sa.Column("f53", sa.Float(53)),
    sa.Column("real", sa.REAL),
    sa.Column("double", sa.Double),
    sa.Column("numeric", sa.Numeric),
    sa.Column("char", sa.CHAR(3)),
    sa.Column("collated", sa.String(20, collation="C")),
    sa.Column("ts3", pg.TIMESTAMP(precision=3)),
    sa.Column("tstz0", pg.TIMESTAMP(timezone=True, precision=0)),
    sa.Column("time", sa.Time(timezone=True)),
    sa.Column("iv", pg.INTERVAL(fields="DAY TO SECOND", precision=2)),
    sa.Column("cube", pg.ARRAY(sa.Integer, dimensions=2)),
    sa.Column("money", pg.MONEY),
    sa.Column("oid", pg.OID),
    sa.Column("vector", pg.TSVECTOR),
    sa.Column("ranges", pg.TSTZMULTIRANGE),
    sa.Column("mac", pg.MACADDR8),
    sa.Column("varbit", pg.BIT(7, varying=True)),
    sa.Column("small", sa.SmallInteger),
    sa.Column("enum2", sa.Enum("a", "b", name="Weird Enum", create_constraint=True, native_enum=False)),
    sa.Column("domain", pg.DOMAIN("email", sa.Text, check="VALUE LIKE '%@%'", metadata=metadata)),
)

# Generated columns
table(
    "computed",
    sa.Column("first", sa.Text),
    sa.Column("last", sa.Text),
    sa.Column("whole", sa.Text, sa.Computed("first || ' ' || last", persisted=True)),
    sa.Column("size", sa.Integer, sa.Computed("length(coalesce(first, '')) * 2", persisted=True)),
)

# Constraints: unnamed, named by a convention, unusual
sa.Table(
    "unnamed",
    metadata,
    sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0"), primary_key=True, unique=True, autoincrement=False),
    sa.Column("b", sa.Integer, sa.ForeignKey("unnamed.a"), unique=True, index=True),
    sa.CheckConstraint("a < b OR b IS NULL"),
    sa.CheckConstraint("a <> 7"),
    sa.UniqueConstraint("a", "b"),
)
sa.Table(
    "conventional",
    named,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("code", sa.String(5), unique=True, index=True),
    sa.Column("kind", sa.Boolean(create_constraint=True, name="is_kind"), nullable=False),
    sa.Column("parent", sa.ForeignKey("conventional.id", ondelete="SET NULL", onupdate="CASCADE"), index=True),
    sa.CheckConstraint("length(code) > 1", name="code_length"),
).to_metadata(metadata)
table(
    "constrained",
    sa.Column("a", sa.Integer, nullable=False),
    sa.Column("b", sa.Integer),
    sa.Column("during", pg.TSRANGE),
    sa.UniqueConstraint("a", "b", name="late", deferrable=True, initially="DEFERRED"),
    sa.CheckConstraint("a IN (1, 2, 3)", name="few"),
    sa.CheckConstraint("b BETWEEN 1 AND 10 AND NOT (a = 2)", name="between"),
    pg.ExcludeConstraint(("during", "&&"), name="no_overlap", using="gist", where=sa.text("a > 0")),
)
table(
    LONG,
    sa.Column("a_column_with_a_name_that_is_long_too", sa.Integer, unique=True),
    sa.Column("self", sa.ForeignKey(f"{LONG}.id"), index=True),
)

# Names
table(
    "select",
    sa.Column("order", sa.Integer, index=True),
    sa.Column("Mixed Case", sa.Text, unique=True),
    sa.Column("naïve_日本", sa.Text, server_default="ö"),
    sa.Column('quo"te', sa.Integer, sa.CheckConstraint('"quo""te" > 0', name='ch"eck')),
    sa.Column("dot.ted", sa.Integer, index=True),
    sa.Column("metadata", sa.Text, comment="a 'comment' with \"quotes\", 50% and :colon\nand two lines"),
    comment="Ünïcode; \\ back",
)
sa.Table("Upper", metadata, sa.Column("Id", sa.Integer, primary_key=True), sa.Column("fk", sa.ForeignKey("select.id")))
sa.Table(quoted_name("user", True), metadata, sa.Column("user", sa.Text, primary_key=True))

# Composite keys, cycles, other schemas
sa.Table("left", metadata, sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.Text, primary_key=True))
table(
    "right",
    sa.Column("a", sa.Integer),
    sa.Column("b", sa.Text),
    sa.ForeignKeyConstraint(["a", "b"], ["left.a", "left.b"], ondelete="CASCADE", match="FULL", name="both"),
)
table("chicken", sa.Column("egg", sa.ForeignKey("egg.id", use_alter=True, name="fk_egg", deferrable=True)))
table("egg", sa.Column("chicken", sa.ForeignKey("chicken.id", use_alter=True, name="fk_chicken")))
table("elsewhere", sa.Column("mood", sa.Enum("a", "b", name="mood", schema="other")), schema="other")
table("far", sa.Column("ref", sa.ForeignKey("other.elsewhere.id", name="fk_far"), index=True), schema="Third One")

# Partitioned tables, whose partitions may be created outside of the models
sa.Table(
    "measures",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("value", sa.Numeric),
    sa.Index("ix_measures_value", "value"),
    postgresql_partition_by="RANGE (day)",
)

# Tables with only a key, or without a key
sa.Table("keyless", metadata, sa.Column("note", sa.Text))
