"""Text search configurations: the dictionaries for each type of token (pg_ts_config, pg_ts_config_map)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_ts_config",
    owner="TEXT SEARCH CONFIGURATION",
    exists="pg_ts_config WHERE oid >= 16384",
    after=("text_search_dictionary", "text_search_parser"),
)

QUERY = """
SELECT c.oid, c.oid::regconfig::text AS identity,
       CASE n.nspname WHEN 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(p.prsname)
           AS parser,
       maps.mappings
FROM pg_catalog.pg_ts_config AS c
JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.prsnamespace
LEFT JOIN LATERAL (
    SELECT array_agg(token || ' WITH ' || dictionaries ORDER BY token) AS mappings
    FROM (SELECT quote_ident(t.alias) AS token,
                 string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS dictionaries
          FROM pg_catalog.pg_ts_config_map AS m
          JOIN ts_token_type(c.cfgparser) AS t ON t.tokid = m.maptokentype
          WHERE m.mapcfg = c.oid
          GROUP BY t.alias) AS one
) AS maps ON true
WHERE c.oid >= 16384
"""


def create(item: Object) -> list[str]:
    configuration = f"TEXT SEARCH CONFIGURATION {item.identity}"
    mappings = (f"ALTER {configuration} ADD MAPPING FOR {mapping}" for mapping in item["mappings"] or ())
    return [f"CREATE {configuration} (PARSER = {item['parser']})", *mappings]


def drop(item: Object) -> list[str]:
    return [f"DROP TEXT SEARCH CONFIGURATION {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if before["parser"] != after["parser"]:
        return None
    old, new = (dict(text.split(" WITH ") for text in item["mappings"] or ()) for item in (before, after))
    configuration = f"ALTER TEXT SEARCH CONFIGURATION {after.identity}"
    statements = [f"{configuration} DROP MAPPING FOR {token}" for token in old if token not in new]
    return statements + [
        f"{configuration} {'ALTER' if token in old else 'ADD'} MAPPING FOR {token} WITH {dictionaries}"
        for token, dictionaries in new.items()
        if old.get(token) != dictionaries
    ]
