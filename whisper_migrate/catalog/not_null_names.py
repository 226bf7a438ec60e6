"""Rename NOT NULL constraints, which have names in PostgreSQL 18; two columns may exchange theirs."""

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal


def rename_not_null(after: Object) -> str:
    """Return the statement that renames a column's NOT NULL constraint.

    A primary key forbids to drop the constraint and add it again.
    """
    table, column = literal(str(after.parent)), literal(after["name"])
    name = literal(after["not_null_name"]) if after["not_null_name"] else "NULL"
    return f"""DO $$
DECLARE
    own record;
    holder name;
BEGIN
    SELECT n.conname, coalesce({name}, quote_ident(left(c.relname, 29) || '_' || left(a.attname, 24) || '_not_null'))
        AS wanted INTO own
    FROM pg_catalog.pg_constraint AS n
    JOIN pg_catalog.pg_class AS c ON c.oid = n.conrelid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = n.conrelid AND a.attnum = n.conkey[1]
    WHERE n.contype = 'n' AND n.conrelid = {table}::regclass AND quote_ident(a.attname) = {column};
    -- two columns may exchange names: the other one gets its new name in a later step
    SELECT n.conname INTO holder FROM pg_catalog.pg_constraint AS n
    WHERE n.contype = 'n' AND n.conrelid = {table}::regclass AND quote_ident(n.conname) = {name}
        AND n.conname <> own.conname;
    IF FOUND THEN
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', {table}, holder, 'old_' || md5(holder));
    END IF;
    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %s', {table}, own.conname, own.wanted);
END
$$"""
