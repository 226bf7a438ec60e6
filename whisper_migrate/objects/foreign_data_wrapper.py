"""Foreign data wrappers (pg_foreign_data_wrapper)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import foreign_option_changes, foreign_options

FACTS = Facts(
    catalog="pg_foreign_data_wrapper",
    owner=None,
    exists="pg_foreign_data_wrapper",
    after=("schema", "extension", "function"),
)

QUERY = """
SELECT w.oid, quote_ident(w.fdwname) AS identity,
       nullif(w.fdwhandler, 0)::regproc::text AS handler,
       nullif(w.fdwvalidator, 0)::regproc::text AS validator,
       w.fdwoptions AS options
FROM pg_catalog.pg_foreign_data_wrapper AS w
WHERE w.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = "".join(f" {word.upper()} {item[word]}" for word in ("handler", "validator") if item[word])
    return [f"CREATE FOREIGN DATA WRAPPER {item.identity}{words}{foreign_options(item['options'])}"]


def drop(item: Object) -> list[str]:
    return [f"DROP FOREIGN DATA WRAPPER {item.identity}"]


def alter(before: Object, after: Object) -> list[str]:
    wrapper = f"ALTER FOREIGN DATA WRAPPER {after.identity}"
    statements = [
        f"{wrapper} {word.upper()} {after[word]}" if after[word] else f"{wrapper} NO {word.upper()}"
        for word in ("handler", "validator")
        if before[word] != after[word]
    ]
    return statements + foreign_option_changes(wrapper, before["options"], after["options"])
