"""Queries of pg_catalog for the inventory of a database, independent of the engine's own queries."""

OURS = """
    {oid} >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = '{catalog}'::regclass AND d.objid = {oid}
                    AND d.deptype = 'e')
"""
RELATION = OURS.format(catalog="pg_class", oid="c.oid") + " AND c.relname <> 'alembic_version'"
COLUMN_NAMES = """
    ARRAY(SELECT a.attname::text FROM unnest({keys}) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute AS a ON a.attrelid = {relation} AND a.attnum = key.number ORDER BY key.place)
"""
ACTION = "CASE {} WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE {}::text END"

RELATIONS = f"""
SELECT c.oid, c.relname AS name, c.relkind::text AS kind, obj_description(c.oid, 'pg_class') IS NOT NULL AS has_comment
FROM pg_class AS c
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't')
ORDER BY c.relname COLLATE "C"
"""

COLUMNS = f"""
SELECT a.attrelid AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
       CASE a.attgenerated WHEN '' THEN pg_get_expr(e.adbin, e.adrelid) END AS default,
       CASE a.attgenerated WHEN 's' THEN pg_get_expr(e.adbin, e.adrelid) END AS generated,
       nullif(a.attidentity::text, '') AS identity,
       (SELECT s.relname FROM pg_depend AS d JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype = 'a') AS owned_sequence,
       nullif(a.attndims, 0) IS NOT NULL AS array,
       col_description(a.attrelid, a.attnum) IS NOT NULL AS has_comment,
       nullif(a.attcollation, t.typcollation) AS other_collation,
       nullif(a.attcompression, '') AS compression
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

# PostgreSQL 18 also lists NOT NULL as a constraint (n); the columns have it already.
CONSTRAINTS = f"""
SELECT k.conrelid AS oid, k.contype::text AS type, k.conname AS name,
       {COLUMN_NAMES.format(keys="k.conkey", relation="k.conrelid")} AS columns,
       f.relname AS ref_table, {COLUMN_NAMES.format(keys="k.confkey", relation="k.confrelid")} AS ref_columns,
       {ACTION.format("k.confdeltype", "k.confdeltype")} AS on_delete,
       {ACTION.format("k.confupdtype", "k.confupdtype")} AS on_update,
       pg_get_expr(k.conbin, k.conrelid) AS expression,
       nullif(k.condeferrable, false) AS deferrable, nullif(NOT k.convalidated, false) AS not_valid,
       nullif(k.connoinherit AND k.contype = 'c', false) AS no_inherit,
       nullif(k.confmatchtype NOT IN ('s', ' '), false) AS other_match,
       obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
LEFT JOIN pg_class AS f ON f.oid = k.confrelid
WHERE {RELATION} AND k.contype <> 'n'
ORDER BY k.conname COLLATE "C"
"""

INDEXES = f"""
SELECT i.indrelid AS oid, x.relname AS name, m.amname AS method, i.indisunique AS unique,
       (SELECT json_agg(json_build_object(
            'column', pg_get_indexdef(i.indexrelid, n, true),
            'order', CASE i.indoption[n - 1] & 1 WHEN 1 THEN 'desc' END,
            'nulls', CASE WHEN (i.indoption[n - 1] & 1) * 2 <> i.indoption[n - 1] & 2 THEN 'not the default' END,
            'opclass', CASE WHEN NOT o.opcdefault THEN o.opcname END,
            'collation', CASE WHEN i.indcollation[n - 1] <> a.attcollation THEN i.indcollation[n - 1]::text END
        ) ORDER BY n)
        FROM generate_series(1, i.indnkeyatts) AS n
        JOIN pg_opclass AS o ON o.oid = i.indclass[n - 1]
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1]) AS keys,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       (SELECT k.conname FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
           AS backs_constraint,
       nullif(i.indnatts, i.indnkeyatts) AS include, nullif(NOT i.indisvalid, false) AS not_valid,
       nullif(to_json(i)::jsonb -> 'indnullsnotdistinct', 'false') AS nulls_not_distinct,
       x.reloptions AS options, obj_description(x.oid, 'pg_class') AS comment
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = x.relam
WHERE {RELATION} AND c.relkind NOT IN ('i', 'S', 't')
ORDER BY x.relname COLLATE "C"
"""

TRIGGERS = f"""
SELECT g.tgrelid AS oid, g.tgname AS name,
       CASE WHEN g.tgtype & 2 > 0 THEN 'BEFORE' WHEN g.tgtype & 64 > 0 THEN 'INSTEAD OF' ELSE 'AFTER' END AS timing,
       array_remove(ARRAY[CASE WHEN g.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN g.tgtype & 8 > 0 THEN 'DELETE' END,
                          CASE WHEN g.tgtype & 16 > 0 THEN 'UPDATE' END,
                          CASE WHEN g.tgtype & 32 > 0 THEN 'TRUNCATE' END], NULL) AS events,
       CASE g.tgtype & 1 WHEN 1 THEN 'ROW' ELSE 'STATEMENT' END AS level, p.proname AS function,
       g.tgqual IS NOT NULL AS has_when, g.tgenabled = 'O' AS enabled,
       nullif(g.tgattr::text, '') AS columns, nullif(g.tgnargs, 0) AS arguments,
       coalesce(g.tgoldtable, g.tgnewtable) AS transition_table, obj_description(g.oid, 'pg_trigger') AS comment
FROM pg_trigger AS g
JOIN pg_class AS c ON c.oid = g.tgrelid
JOIN pg_proc AS p ON p.oid = g.tgfoid
WHERE {RELATION} AND NOT g.tgisinternal
ORDER BY g.tgname COLLATE "C"
"""

SEQUENCES = f"""
SELECT c.relname AS name, format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment,
       s.seqmin AS min, s.seqmax AS max, s.seqcache AS cache, s.seqcycle AS cycle,
       (SELECT t.relname || '.' || a.attname FROM pg_depend AS d JOIN pg_class AS t ON t.oid = d.refobjid
        JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.objid = c.oid AND d.deptype = 'a') AS owned_by
FROM pg_class AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
WHERE {RELATION}
ORDER BY c.relname COLLATE "C"
"""

FUNCTIONS = f"""
SELECT p.proname AS name, CASE p.prokind WHEN 'f' THEN 'function' ELSE p.prokind::text END AS kind,
       coalesce((SELECT json_agg(json_build_object('name', p.proargnames[n], 'type', format_type(t, NULL),
                                                   'default', pg_get_function_arg_default(p.oid, n::int)) ORDER BY n)
                 FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), '[]') AS arguments,
       pg_get_function_result(p.oid) AS returns, l.lanname AS language,
       CASE p.provolatile WHEN 'v' THEN 'volatile' WHEN 's' THEN 'stable' ELSE 'immutable' END AS volatility,
       p.proisstrict AS strict, p.prosecdef AS security_definer,
       obj_description(p.oid, 'pg_proc') IS NOT NULL AS has_comment,
       p.proconfig AS settings, nullif(p.proleakproof, false) AS leakproof, nullif(p.proparallel, 'u') AS parallel
FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE {OURS.format(catalog="pg_proc", oid="p.oid")}
ORDER BY p.proname COLLATE "C", p.oid
"""

SOURCES = f"""
SELECT DISTINCT c.oid, s.relname AS name
FROM pg_class AS c
JOIN pg_rewrite AS r ON r.ev_class = c.oid
JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refobjid <> c.oid
JOIN pg_class AS s ON d.refclassid = 'pg_class'::regclass AND s.oid = d.refobjid
WHERE {RELATION}
ORDER BY s.relname
"""

ENUMS = f"""
SELECT t.typname AS name, ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid
                                ORDER BY e.enumsortorder) AS labels,
       (SELECT count(*) FROM pg_attribute AS a WHERE a.attnum > 0 AND a.atttypid IN (t.oid, t.typarray))
           AS used_by_columns
FROM pg_type AS t WHERE t.typtype = 'e' AND {OURS.format(catalog="pg_type", oid="t.oid")}
ORDER BY t.typname COLLATE "C"
"""

OTHER_TYPES = f"""
SELECT t.typname AS name, t.typtype::text AS kind
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typtype <> 'e' AND t.typcategory <> 'A' AND (c.oid IS NULL OR c.relkind = 'c')
  AND {OURS.format(catalog="pg_type", oid="t.oid")}
"""

EXTENSIONS = """
SELECT e.extname AS name, e.extnamespace::regnamespace::text AS schema FROM pg_extension AS e
ORDER BY e.extname COLLATE "C"
"""
