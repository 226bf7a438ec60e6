"""Find the transactions of other sessions that a run would wait for now, and publications of its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.blockers import SESSION, described
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.rules import LONG_TRANSACTION, PREPARED_TRANSACTION, PUBLISHED_TABLE

OLD = 5  # seconds: a shorter transaction ends while the run waits for its lock

LOCKED = """
SELECT l.pid, l.virtualtransaction, array_agg(DISTINCT one.name ORDER BY one.name) AS tables
FROM unnest(CAST(:names AS text[])) AS one (name)
JOIN pg_catalog.pg_locks AS l ON l.locktype = 'relation' AND l.relation = to_regclass(one.name)::oid AND l.granted
 AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
WHERE l.pid IS DISTINCT FROM pg_backend_pid()
GROUP BY l.pid, l.virtualtransaction"""

SESSIONS = f"""
SELECT {SESSION}, locked.tables
FROM ({LOCKED}) AS locked JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE a.xact_start < clock_timestamp() - make_interval(secs => :old)
ORDER BY a.xact_start"""

PREPARED = f"""
SELECT DISTINCT x.gid, locked.tables
FROM ({LOCKED}) AS locked
JOIN pg_catalog.pg_locks AS own ON own.virtualtransaction = locked.virtualtransaction
 AND own.locktype = 'transactionid' AND own.pid IS NULL
JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = own.transactionid
WHERE locked.pid IS NULL"""

PUBLISHED = """
SELECT p.pubname AS name, array_agg(one.name ORDER BY one.name) AS tables
FROM unnest(CAST(:names AS text[])) AS one (name)
JOIN pg_catalog.pg_publication AS p ON true
JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS published ON published.relid = to_regclass(one.name)::oid
GROUP BY p.pubname ORDER BY p.pubname"""


def circumstances(connection: Connection, locked: Collection[str]) -> Iterator[Finding]:
    """Yield the findings about the present state of a database, in which a run would lock the tables `locked`."""
    values = {"names": sorted(locked), "old": OLD}
    for row in connection.execute(text(SESSIONS), values):
        words, remedy = described(row)
        what = f"{words} uses {_listed(row.tables)}; the run waits for it"
        yield Finding(LONG_TRANSACTION, None, what, remedy=remedy)
    for row in connection.execute(text(PREPARED), values):
        what = f"the prepared transaction {literal(row.gid)} keeps locks on {_listed(row.tables)}; the run waits for it"
        # The remedy is printed on one line, in which another name would be rolled back.
        plain = row.gid.isprintable()
        remedy = f"ROLLBACK PREPARED {literal(row.gid)};" if plain else "SELECT * FROM pg_prepared_xacts;"
        yield Finding(PREPARED_TRANSACTION, None, what, remedy=remedy)
    for row in connection.execute(text(PUBLISHED), values):
        what = f"publication {row.name} has {_listed(row.tables)}: change the subscribers' tables too"
        yield Finding(PUBLISHED_TABLE, None, what, decide=False)


def _listed(tables: list[str]) -> str:
    return joined([shown(table) for table in tables])
