"""PostgreSQL's column types as SQLAlchemy expressions for a revision."""

import re

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import split_name, unquoted
from whisper_migrate.revisions.python_sql import quoted

PLAIN = {
    "smallint": "sa.SmallInteger()",
    "integer": "sa.Integer()",
    "bigint": "sa.BigInteger()",
    "boolean": "sa.Boolean()",
    "real": "sa.REAL()",
    "double precision": "sa.Double()",
    "numeric": "sa.Numeric()",
    "date": "sa.Date()",
    "time without time zone": "sa.Time()",
    "time with time zone": "sa.Time(timezone=True)",
    "timestamp without time zone": "sa.DateTime()",
    "timestamp with time zone": "sa.DateTime(timezone=True)",
    "interval": "sa.Interval()",
    "uuid": "sa.Uuid()",
    "bytea": "sa.LargeBinary()",
    "json": "sa.JSON()",
    "jsonb": "postgresql.JSONB()",
    "tsvector": "postgresql.TSVECTOR()",
    "tsquery": "postgresql.TSQUERY()",
    "inet": "postgresql.INET()",
    "cidr": "postgresql.CIDR()",
    "macaddr": "postgresql.MACADDR()",
    "macaddr8": "postgresql.MACADDR8()",
    "money": "postgresql.MONEY()",
    "oid": "postgresql.OID()",
    "regclass": "postgresql.REGCLASS()",
    "regconfig": "postgresql.REGCONFIG()",
    "jsonpath": "postgresql.JSONPATH()",
    "bit varying": "postgresql.BIT(varying=True)",
    "public.citext": "postgresql.CITEXT()",
    "public.hstore": "postgresql.HSTORE()",
    "int4multirange": "postgresql.INT4MULTIRANGE()",
    "int8multirange": "postgresql.INT8MULTIRANGE()",
    "nummultirange": "postgresql.NUMMULTIRANGE()",
    "datemultirange": "postgresql.DATEMULTIRANGE()",
    "tsmultirange": "postgresql.TSMULTIRANGE()",
    "tstzmultirange": "postgresql.TSTZMULTIRANGE()",
    "int4range": "postgresql.INT4RANGE()",
    "int8range": "postgresql.INT8RANGE()",
    "numrange": "postgresql.NUMRANGE()",
    "daterange": "postgresql.DATERANGE()",
    "tsrange": "postgresql.TSRANGE()",
    "tstzrange": "postgresql.TSTZRANGE()",
}
# Types with an optional length, precision or collation. The matched group goes into the parentheses.
PATTERNS = (
    (re.compile(r"character varying(?:\((\d+)\))?"), "sa.String"),
    (re.compile(r"character\((\d+)\)"), "sa.CHAR"),
    (re.compile(r"(?:text)()"), "sa.Text"),
    (re.compile(r"numeric\((\d+,\d+)\)"), "sa.Numeric"),
)
# Types whose precision or length is a keyword argument, or that have no collation.
SIZED = (
    (re.compile(r"timestamp\((\d)\) without time zone"), "postgresql.TIMESTAMP(precision={})"),
    (re.compile(r"timestamp\((\d)\) with time zone"), "postgresql.TIMESTAMP(timezone=True, precision={})"),
    (re.compile(r"time\((\d)\) without time zone"), "postgresql.TIME(precision={})"),
    (re.compile(r"time\((\d)\) with time zone"), "postgresql.TIME(timezone=True, precision={})"),
    (re.compile(r"interval\((\d)\)"), "postgresql.INTERVAL(precision={})"),
    (re.compile(r"interval ([a-z ]+)"), 'postgresql.INTERVAL(fields="{}")'),
    (re.compile(r"bit\((\d+)\)"), "postgresql.BIT({})"),
    (re.compile(r"bit varying\((\d+)\)"), "postgresql.BIT({}, varying=True)"),
)


def expression(type_: str, collation: str | None, catalog: Catalog) -> str | None:
    """Return the SQLAlchemy expression for exactly this column type; None if SQLAlchemy has no such type."""
    if type_.endswith("[]"):
        item = expression(type_[:-2], None, catalog)
        return f"postgresql.ARRAY({item})" if item and not collation else None
    for pattern, name in PATTERNS:
        if match := pattern.fullmatch(type_):
            words = [match[1].replace(",", ", ")] if match[1] else []
            if collation and name != "sa.Numeric":
                if "." in collation:
                    return None
                words.append(f"collation={quoted(unquoted(collation))}")
            return f"{name}({', '.join(words)})"
    if collation:
        return None
    schema, name = split_name(type_)
    where = f"schema={quoted(schema)}, " if schema != "public" else ""
    if ("enum", type_) in catalog:
        return f"postgresql.ENUM(name={quoted(name)}, {where}create_type=False)"
    if domain := catalog.objects.get(("domain", type_)):
        base = expression(domain["type"], None, catalog)
        return f"postgresql.DOMAIN({quoted(name)}, {base}, {where}create_type=False)" if base else None
    sized = (form.format(match[1]) for pattern, form in SIZED if (match := pattern.fullmatch(type_)))
    return next(sized, PLAIN.get(type_))


def is_serial(column: Object, sequence: Object, key: Object) -> bool:
    """Whether SQLAlchemy's SERIAL creates this column and its sequence: an integer that is the whole primary key."""
    maximum = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}.get(column["type"])
    settings = [
        sequence[name] for name in ("type", "start", "increment", "minimum", "maximum", "cache", "cycle", "unlogged")
    ]
    return (
        key["definition"] == f"PRIMARY KEY ({column['name']})"
        and split_name(sequence.identity) == _usual_sequence(column)
        and column["default"] == f"nextval('{sequence.identity}'::regclass)"
        and settings == [column["type"], 1, 1, 1, maximum, 1, False, False]
    )


def identity(column: Object) -> str | None:
    """Return `sa.Identity(...)` for an identity column; None if its sequence has another name, type or persistence."""
    if column["identity_type"] or column["identity_persistence"]:
        return None
    if split_name(column["identity_sequence"]) != _usual_sequence(column):
        return None
    maximum = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}.get(column["type"])
    usual = ("INCREMENT BY 1", "MINVALUE 1", f"MAXVALUE {maximum}", "START WITH 1", "CACHE 1", "NO CYCLE")
    words = ["always=True"] if column["identity_kind"] == "ALWAYS" else []
    for option in column["identity_options"]:
        if option not in usual:
            name, _, number = option.partition(" ")
            words.append(f"{name.lower()}={number.split()[-1] if number else True}")
    return f"sa.Identity({', '.join(words)})"


def _usual_sequence(column: Object) -> tuple[str, str]:
    """Return the schema and name that PostgreSQL gives to a column's sequence: `users_id_seq`.

    PostgreSQL shortens the longer of the two parts, table and column, until the name has at most 63 bytes.
    """
    schema, table = split_name(str(column.parent))
    parts = [table.encode(), unquoted(column["name"]).encode()]
    while len(parts[0]) + len(parts[1]) > 63 - len("__seq"):
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    return schema, "_".join([*(part.decode(errors="ignore") for part in parts), "seq"])
