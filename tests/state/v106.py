"""Databases as WhisperEngine v1.0.6 created them: the tables of the baseline, but functions and comments reworded."""

import re
from collections.abc import Collection

from sqlalchemy import URL

from tests.support.connections import connected
from tests.support.projects import ROOT, ask
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.project.project import Project
from whisper_migrate.rows.compare import Rows, changed_up, read
from whisper_migrate.rows.fill import fill

BASELINE = "20251011_baseline_v106"
# Their rows move to other tables in later revisions, each of which has a test of that move.
MOVED = ["character_emotional_triggers_v2", "character_roleplay_scenarios_v2", "character_scenario_triggers_v2"]
MOVED += [name.removesuffix("_v2") for name in MOVED[1:]]  # renamed first
FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')"""
VIEWS = """
SELECT c.oid::regclass::text, rtrim(pg_get_viewdef(c.oid), ';') FROM pg_class AS c
WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace"""
REWORD = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'TABLE ' END || c.oid::regclass AS name, d.description
        FROM pg_description AS d JOIN pg_class AS c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
        WHERE d.objsubid = 0 AND c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'COLUMN ' || a.attrelid::regclass || '.' || quote_ident(a.attname), d.description
        FROM pg_description AS d JOIN pg_class AS c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
        JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
        WHERE c.relnamespace = 'public'::regnamespace AND d.objsubid > 0
    LOOP
        EXECUTE format('COMMENT ON %s IS %L', one.name, 'In other words: ' || one.description);
    END LOOP;
END
$$"""


def built(url: URL) -> URL:
    """Return the baseline as the history creates it, without a stamp."""
    with connected(url) as connection:
        History(Project(ROOT)).replay(connection, BASELINE)
    ask(url, "DROP TABLE alembic_version")
    return url


def reworded(url: URL) -> URL:
    """Change the body of every function, the query of every view, and the text of every comment."""
    for (text,) in ask(url, FUNCTIONS):
        ask(url, re.sub(r"\bBEGIN\b", "BEGIN\n    PERFORM 1;", str(text), count=1))
    for name, query in ask(url, VIEWS):
        ask(url, f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM ({query}) AS as_it_was")
    ask(url, REWORD)
    return url


def catalog(url: URL) -> Catalog:
    with connected(url) as connection:
        return inspect(connection)


def with_rows(url: URL) -> URL:
    """Insert rows into every table that accepts some."""
    found = catalog(url)
    with connected(url) as connection:
        assert fill(connection, found, tables(found), found) == []
    return url


def tables(found: Catalog) -> list[str]:
    return [item.identity for item in found if item.kind == "table"]


class Kept:
    """The present rows of a database, to be compared later; `but` excludes tables."""

    def __init__(self, url: URL, but: Collection[str] = ()) -> None:
        self.before = catalog(url)
        moved = {f"public.{table}" for table in MOVED}
        self.tables = [table for table in tables(self.before) if table not in {*but, *moved}]
        self.rows = self._read(url, self.before)
        assert any(table.rows for table in self.rows.values())

    def _read(self, url: URL, found: Catalog) -> Rows:
        with connected(url) as connection:
            return read(connection, found, self.tables)

    def differing(self, url: URL) -> list[str]:
        """Return the differences between these rows and the database's; an empty list if there are none."""
        after = catalog(url)
        now = self._read(url, after)
        lost = [f"{name} is gone" for name in self.rows if name not in now]
        return lost + list(changed_up(self.rows, now))
