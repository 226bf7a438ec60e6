"""Domains and their constraints (pg_type, pg_constraint)."""

from whisper_migrate.catalog import Object

CATALOG = "pg_type"
AFTER = ("schema", "extension", "enum")

QUERY = r"""
SELECT t.oid, t.oid::regtype::text AS identity,
       format_type(t.typbasetype, t.typtypmod) AS type,
       CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS collation,
       t.typdefault AS default,
       t.typnotnull AS not_null,
       (SELECT array_agg(quote_ident(con.conname) || ' ' || pg_get_constraintdef(con.oid) ORDER BY con.conname)
        FROM pg_catalog.pg_constraint AS con
        WHERE con.contypid = t.oid AND NOT (con.contype = 'n' AND con.conname ~ '_not_null\d*$')) AS constraints
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
WHERE t.typtype = 'd' AND t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = [f"CREATE DOMAIN {item.identity} AS {item['type']}"]
    if item["collation"]:
        words.append(f"COLLATE {item['collation']}")
    if item["default"] is not None:
        words.append(f"DEFAULT {item['default']}")
    if item["not_null"] and not any(" NOT NULL" in text for text in item["constraints"] or ()):
        words.append("NOT NULL")
    ready = [text for text in item["constraints"] or () if not text.endswith(" NOT VALID")]
    later = [text for text in item["constraints"] or () if text.endswith(" NOT VALID")]
    words += [f"CONSTRAINT {text}" for text in ready]
    return ["\n    ".join(words), *(f"ALTER DOMAIN {item.identity} ADD CONSTRAINT {text}" for text in later)]


def drop(item: Object) -> list[str]:
    return [f"DROP DOMAIN {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if (before["type"], before["collation"]) != (after["type"], after["collation"]):
        return None
    domain = f"ALTER DOMAIN {after.identity}"
    statements = []
    if before["default"] != after["default"]:
        default = "DROP DEFAULT" if after["default"] is None else f"SET DEFAULT {after['default']}"
        statements.append(f"{domain} {default}")
    old, new = before["constraints"] or (), after["constraints"] or ()
    statements += [f"{domain} DROP CONSTRAINT {_name(text)}" for text in old if text not in new]
    named = any(" NOT NULL" in text for text in (*old, *new))
    if before["not_null"] != after["not_null"] and not named:
        statements.append(f"{domain} {'SET' if after['not_null'] else 'DROP'} NOT NULL")
    return statements + [f"{domain} ADD CONSTRAINT {text}" for text in new if text not in old]


def _name(constraint: str) -> str:
    """The quoted name that a constraint's text begins with."""
    if constraint.startswith('"'):
        end = constraint.index('" ', 1)
        return constraint[: end + 1]
    return constraint.partition(" ")[0]
