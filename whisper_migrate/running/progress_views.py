"""How far a statement is, by PostgreSQL's pg_stat_progress_* views.

https://www.postgresql.org/docs/current/progress-reporting.html
"""

from __future__ import annotations

from whisper_migrate.catalog.names import shown
from whisper_migrate.running.lock import Lock

# For each view: the columns of the work that is done and of all of it, in the order in which they are tried.
VIEWS = {
    "create_index": (("tuples_done", "tuples_total"), ("blocks_done", "blocks_total")),
    "vacuum": (("heap_blks_vacuumed + heap_blks_scanned", "2 * heap_blks_total"),),
    "cluster": (("heap_blks_scanned", "heap_blks_total"),),
    "analyze": (("sample_blks_scanned", "sample_blks_total"),),
    "copy": (("bytes_processed", "bytes_total"),),
}
INDEX = {"create_index": "index_relid", "cluster": "cluster_index_relid"}
NAMED = {"create_index": "", "vacuum": "vacuum: ", "cluster": "", "analyze": "analyze: ", "copy": "copy"}


def _select(view: str) -> str:
    cases = " ".join(f"WHEN {whole} > 0 THEN ({part})::numeric / ({whole})" for part, whole in VIEWS[view])
    phase = "''" if view == "copy" else "phase"
    return f"""
SELECT '{view}' AS view, {phase} AS phase, nullif({INDEX.get(view, "0")}, 0)::regclass::text AS index,
       relid::regclass::text AS table_name, round(100.0 * CASE {cases} END)::int AS percent
FROM pg_catalog.pg_stat_progress_{view} WHERE pid = :pid"""


QUERY = "\nUNION ALL".join(map(_select, VIEWS))


def progress(lock: Lock, pid: int) -> str:
    """Return the words for the progress of the statement that process `pid` runs; "" if no view has it."""
    for row in lock.ask(QUERY, pid=pid):
        done = "" if row.percent is None else f" {row.percent} %"
        if not row.table_name:  # hidden from roles that may not see other sessions
            return "builds an index" if row.view == "create_index" else f"runs {row.view}"
        place = f"index {shown(row.index)}" if row.index else f"table {shown(row.table_name)}"
        if row.view == "create_index" and not row.index:
            place = f"index on {shown(row.table_name)}"
        return f"{NAMED[row.view]}{row.phase}{done}, {place}"
    return ""
