"""The rows of every table of a database: their number, and a checksum of each column's values by row."""

from dataclasses import dataclass

from sqlalchemy import URL

from tests.support.projects import ask

COLUMNS = """
SELECT c.relname, array_agg(quote_ident(a.attname) ORDER BY a.attnum), array_agg(a.atttypid::int ORDER BY a.attnum),
       coalesce((SELECT array_agg(quote_ident(k.attname)) FROM pg_index AS i
                 JOIN pg_attribute AS k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary), '{}')
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname !~ '^(alembic|whisper)_'
GROUP BY c.oid"""


@dataclass(frozen=True)
class Rows:
    """The rows of one table: their number, and by column its type and a checksum."""

    count: int
    columns: dict[str, tuple[int, object]]


def rows(url: URL) -> dict[str, Rows]:
    found = {}
    for table, names, types, key in ask(url, COLUMNS):
        assert isinstance(names, list) and isinstance(types, list) and isinstance(key, list)
        sums = [f"sum(hashtextextended(ROW({', '.join([*key, name])})::text, 0))" for name in names]
        ((count, *checks),) = ask(url, f"SELECT count(*), {', '.join(sums)} FROM {table}")
        found[str(table)] = Rows(int(str(count)), dict(zip(names, zip(types, checks, strict=True), strict=True)))
    return found


def changed(before: dict[str, Rows], after: dict[str, Rows]) -> set[str]:
    """Return the tables that are gone or have more or fewer rows, and columns with other values or another type."""
    found = set()
    for table, old in before.items():
        new = after.get(table)
        if new is None:
            found.add(f"{table} is gone")
        elif new.count != old.count:
            found.add(f"{table} has {'more' if new.count > old.count else 'FEWER'}")
        else:
            found |= {f"{table}.{name}" for name, value in old.columns.items() if new.columns.get(name) != value}
    return found
