"""Text search dictionaries (pg_ts_dict)."""

import re

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_ts_dict",
    owner="TEXT SEARCH DICTIONARY",
    exists="pg_ts_dict WHERE oid >= 16384",
    after=("text_search_template",),
)

QUERY = """
SELECT d.oid, d.oid::regdictionary::text AS identity,
       CASE n.nspname WHEN 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(t.tmplname)
           AS template,
       d.dictinitoption AS options
FROM pg_catalog.pg_ts_dict AS d
JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.tmplnamespace
WHERE d.oid >= 16384
"""

# An option as PostgreSQL stores it: `language = 'german', "stopWords" = 'german'`.
OPTION = re.compile(r"""("(?:[^"]|"")++"|\w+) = (E?'(?:[^']|'')*+'|[^,]+)""")


def create(item: Object) -> list[str]:
    options = f", {item['options']}" if item["options"] else ""
    return [f"CREATE TEXT SEARCH DICTIONARY {item.identity} (TEMPLATE = {item['template']}{options})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TEXT SEARCH DICTIONARY {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the template changes. An option without a value is reset to its default."""
    if before["template"] != after["template"]:
        return None
    old, new = (dict(OPTION.findall(item["options"] or "")) for item in (before, after))
    words = [name for name in old if name not in new]
    words += [f"{name} = {value}" for name, value in new.items() if old.get(name) != value]
    return [f"ALTER TEXT SEARCH DICTIONARY {after.identity} ({', '.join(words)})"]
