"""Collations (pg_collation). The version of the collation library depends on the server and is not compared."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_collation",
    owner="COLLATION",
    used_by_columns=True,
    exists="pg_collation WHERE oid >= 16384",
    after=("schema", "extension"),
)


def query(version: int) -> str:
    """PostgreSQL 15 added a locale for ICU, 16 its rules, 17 a builtin provider."""
    if version < 15:
        of = "CASE c.collprovider WHEN '{}' THEN c.{} END".format
        locale, collate, ctype = of("i", "collcollate"), of("c", "collcollate"), of("c", "collctype")
    else:
        locale = "c.colllocale" if version >= 17 else "c.colliculocale"
        collate, ctype = "c.collcollate", "c.collctype"
    rules = "c.collicurules" if version >= 16 else "NULL"
    return QUERY.format(locale=locale, collate=collate, ctype=ctype, rules=rules)


QUERY = """
SELECT c.oid, c.oid::regcollation::text AS identity,
       CASE c.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'default' END
           AS provider,
       {locale} AS locale, {collate} AS lc_collate, {ctype} AS lc_ctype, {rules} AS rules,
       c.collisdeterministic AS deterministic
FROM pg_catalog.pg_collation AS c
WHERE c.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = [f"PROVIDER = {item['provider']}"]
    words += [
        f"{name.upper()} = {literal(item[name])}"
        for name in ("locale", "lc_collate", "lc_ctype", "rules")
        if item[name] is not None
    ]
    words += [] if item["deterministic"] else ["DETERMINISTIC = false"]
    return [f"CREATE COLLATION {item.identity} ({', '.join(words)})"]


def drop(item: Object) -> list[str]:
    return [f"DROP COLLATION {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER COLLATION {item.identity} RENAME TO {name}"]
