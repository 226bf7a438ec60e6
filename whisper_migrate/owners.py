"""Whom what a repair makes belongs to: to whoever had it before, else to the role that runs the revisions.

Owners are not compared. But a sequence must belong to who has its table, a view reads with its owner's rights, and what
belongs to an administrator the next revision cannot alter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from whisper_migrate.catalog import Key, Object
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.steps import Step

# What ALTER ... OWNER TO calls it. All else belongs to its table or schema, or only to superusers.
WORDS = {
    "function": "ROUTINE",
    "aggregate": "ROUTINE",
    "enum": "TYPE",
    "composite_type": "TYPE",
    "range_type": "TYPE",
    "foreign_server": "SERVER",
} | {
    kind: kind.replace("_", " ").upper()
    for kind in (
        *("schema", "table", "foreign_table", "view", "materialized_view", "sequence", "statistics"),
        *("domain", "collation", "operator", "text_search_dictionary", "text_search_configuration"),
    )
}
OWNERS = """
SELECT t.catalog, t.identity, quote_ident(pg_get_userbyid(t.owner)) AS owner FROM (
    SELECT 'pg_class', c.oid::regclass::text, c.relowner FROM pg_catalog.pg_class AS c
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'pg_proc', p.oid::regprocedure::text, p.proowner FROM pg_catalog.pg_proc AS p WHERE p.oid >= 16384
    UNION ALL SELECT 'pg_type', t.oid::regtype::text, t.typowner FROM pg_catalog.pg_type AS t
              WHERE t.oid >= 16384 AND t.typtype IN ('e', 'd', 'c', 'r')
    UNION ALL SELECT 'pg_namespace', quote_ident(n.nspname), n.nspowner FROM pg_catalog.pg_namespace AS n
    UNION ALL SELECT 'pg_collation', c.oid::regcollation::text, c.collowner FROM pg_catalog.pg_collation AS c
              WHERE c.oid >= 16384
    UNION ALL SELECT 'pg_operator', o.oid::regoperator::text, o.oprowner FROM pg_catalog.pg_operator AS o
              WHERE o.oid >= 16384
    UNION ALL SELECT 'pg_statistic_ext', quote_ident(n.nspname) || '.' || quote_ident(s.stxname), s.stxowner
              FROM pg_catalog.pg_statistic_ext AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
    UNION ALL SELECT 'pg_ts_dict', d.oid::regdictionary::text, d.dictowner FROM pg_catalog.pg_ts_dict AS d
              WHERE d.oid >= 16384
    UNION ALL SELECT 'pg_ts_config', c.oid::regconfig::text, c.cfgowner FROM pg_catalog.pg_ts_config AS c
              WHERE c.oid >= 16384
    UNION ALL SELECT 'pg_foreign_server', quote_ident(s.srvname), s.srvowner FROM pg_catalog.pg_foreign_server AS s
) AS t(catalog, identity, owner)"""
# Those whose objects this role may make theirs.
REACHED = """
SELECT quote_ident(r.rolname) FROM pg_catalog.pg_roles AS r
WHERE pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)"""


@dataclass(frozen=True)
class Owners:
    """Who has what in a database, the role that looks, the one that runs the revisions, and whose roles it can take."""

    of: Mapping[tuple[str, str], str]
    me: str
    runner: str
    reached: frozenset[str]

    def wanted(self, item: Object) -> str | None:
        """Who is to have an object that is made, unless that is who makes it."""
        if item.kind not in WORDS:
            return None
        catalog = KINDS[item.kind].CATALOG
        # A sequence goes with its table.
        owner = self.of.get((catalog, item.parent or item.identity)) or self.of.get((catalog, item.identity))
        owner = owner or self.runner
        return None if owner == self.me else owner

    def given(self, steps: Sequence[Step]) -> list[Step]:
        """The steps, each of which gives what it makes to its owner."""
        made = _made(steps)
        return [
            replace(step, statements=(*step.statements, *self._given(step.item))) if step.key in made else step
            for step in steps
        ]

    def lost(self, steps: Sequence[Step]) -> list[str]:
        """Who is to have something that this role cannot give."""
        made = _made(steps)
        owners = {self.wanted(step.item) for step in steps if step.key in made}
        return sorted(owner for owner in owners if owner and owner not in self.reached)

    def _given(self, item: Object) -> list[str]:
        owner = self.wanted(item)
        return [f"ALTER {WORDS[item.kind]} {item.identity} OWNER TO {owner}"] if owner in self.reached else []


def read_owners(connection: Connection) -> Owners:
    """Whom everything in a database belongs to."""
    connection.execute(text("SELECT set_config('search_path', '', true)"))
    rows = connection.execute(text(OWNERS))
    found = {(row.catalog, row.identity): row.owner for row in rows}
    me = str(connection.scalar(text("SELECT quote_ident(current_user)")))
    runner = found.get(("pg_class", "public.alembic_version"), me)
    return Owners(found, me, runner, frozenset(connection.scalars(text(REACHED))))


def _made(steps: Sequence[Step]) -> set[tuple[str, Key]]:
    """The steps that make something; a type that columns have is made under another's name, which that had before."""
    aside = {step.item.key for step in steps if step.verb == "rename"}
    return {step.key for step in steps if step.verb == "create" or (step.verb == "alter" and step.item.key in aside)}
