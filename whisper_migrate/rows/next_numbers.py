"""Let sequences continue after generated rows, so that a data step that inserts rows gets numbers that no row has."""

from __future__ import annotations

from sqlalchemy import Connection, text

from whisper_migrate.catalog.sql import literal, run

# Each ascending sequence, with the integer columns that it numbers: its owner, and those whose default calls it.
NUMBERED = """
SELECT q.seqrelid::regclass::text, a.attrelid::regclass::text, quote_ident(a.attname), q.seqmin,
       least(q.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END)
FROM pg_catalog.pg_sequence AS q
CROSS JOIN LATERAL (
    SELECT d.refobjid AS relation, d.refobjsubid AS number FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = q.seqrelid AND d.deptype IN ('a', 'i')
    UNION
    SELECT e.adrelid, e.adnum FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_attrdef AS e ON e.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refobjid = q.seqrelid) AS used
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = used.relation AND a.attnum = used.number
WHERE q.seqincrement > 0 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
ORDER BY q.seqrelid, a.attrelid, a.attnum
"""


def continue_numbers(connection: Connection) -> None:
    """Set each sequence of a shadow to the largest value in its columns that leaves it numbers to give.

    Generated rows contain the limits of integers as well. The sequence stays in the lower half of its range, where the
    numbers after the largest value are free.
    """
    for sequence, table, column, least, most in connection.execute(text(NUMBERED)).all():
        last, middle = f"max({column})", least + (most - least) // 2
        run(
            connection,
            f"SELECT setval({literal(sequence)}, {last}) FROM {table} WHERE {column} BETWEEN {least} AND {middle}"
            f" HAVING {last} >= (SELECT last_value FROM {sequence})",
        )
