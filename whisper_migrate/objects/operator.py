"""Operators (pg_operator). One that is only named as another's commutator or negator exists without a function."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import NOT_AN_EXTENSIONS

FACTS = Facts(
    catalog="pg_operator",
    owner="OPERATOR",
    exists=f"pg_operator AS x WHERE x.oid >= 16384 AND {NOT_AN_EXTENSIONS}",
    after=("function", "domain", "composite_type", "range_type"),
    is_overloaded=True,
    used_by_defaults=True,
    names_exactly=True,
)

# Only one of two operators may name the other, depending on which was created first, also in a dump.
QUERY = """
SELECT o.oid, o.oid::regoperator::text AS identity,
       quote_ident(n.nspname) || '.' || o.oprname AS name,
       nullif(o.oprleft, 0)::regtype::text AS left, o.oprright::regtype::text AS right,
       nullif(o.oprcode, 0)::regproc::text AS function,
       coalesce(nullif(o.oprcom, 0), (SELECT min(x.oid) FROM pg_catalog.pg_operator AS x WHERE x.oprcom = o.oid)
               )::regoperator::text AS commutator,
       coalesce(nullif(o.oprnegate, 0), (SELECT min(x.oid) FROM pg_catalog.pg_operator AS x WHERE x.oprnegate = o.oid)
               )::regoperator::text AS negator,
       nullif(o.oprrest, 0)::regproc::text AS restrict, nullif(o.oprjoin, 0)::regproc::text AS join,
       o.oprcanhash AS hashes, o.oprcanmerge AS merges
FROM pg_catalog.pg_operator AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384
"""


def create(item: Object) -> list[str]:
    if item["function"] is None:
        return []  # created by the operator that names it
    words = [f"FUNCTION = {item['function']}"]
    words += [f"{side.upper()}ARG = {item[side]}" for side in ("left", "right") if item[side]]
    words += [f"{link.upper()} = {_operator(item[link])}" for link in ("commutator", "negator") if item[link]]
    words += [f"{word.upper()} = {item[word]}" for word in ("restrict", "join") if item[word]]
    words += [word.upper() for word in ("hashes", "merges") if item[word]]
    return [f"CREATE OPERATOR {item['name']} ({', '.join(words)})"]


def drop(item: Object) -> list[str]:
    return [f"DROP OPERATOR {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None unless only the functions that estimate selectivity change."""
    estimates = ("restrict", "join")
    if any(before[name] != after[name] for name in after.fields if name not in estimates):
        return None
    words = [f"{name.upper()} = {after[name] or 'NONE'}" for name in estimates if before[name] != after[name]]
    return [f"ALTER OPERATOR {after.identity} SET ({', '.join(words)})"]


def _operator(identity: str) -> str:
    """Return an operator as CREATE OPERATOR takes it: `public.===(integer,integer)` -> `OPERATOR(public.===)`."""
    return f"OPERATOR({identity.partition('(')[0]})"
