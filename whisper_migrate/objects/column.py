"""Columns of tables (pg_attribute). Their order is not compared: no statement can change it."""

from whisper_migrate.catalog.casts import assigned, cast, follows_type, parsed, parsing
from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.not_null_names import rename_not_null
from whisper_migrate.catalog.sql import foreign_option_changes, foreign_options, option_changes
from whisper_migrate.catalog.statement import Does, Statement
from whisper_migrate.objects.sequence import go_on

FACTS = Facts(
    catalog="pg_class",
    owner=None,
    in_metadata=True,
    seen=("type", "collation"),
    after=("table", "foreign_table", "domain", "composite_type", "range_type"),
    holds_data=True,
    is_kept=True,
    concerns_rows=True,
    changes_its_table=True,
    evaluates_at_once=True,
    exports=("definition", "qualities", "settings"),
)

NO_IDENTITY = dict.fromkeys(f"identity_{name}" for name in ("kind", "sequence", "options", "type", "persistence"))

# PostgreSQL 18 names NOT NULL constraints after the table and column, and a later rename keeps the name. No model can
# state such a name, so only a name that a person chose is compared. (Before 18 there are none. Before 17, a statistics
# target of -1 meant none.) The rest is for speed: MATERIALIZED parts are not looked up for each column, only identity
# columns have an identity, and a default, which names no column, is printed without opening its table.
QUERY = r"""
WITH relation AS MATERIALIZED (
    SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relkind, c.relispartition,
           c.relpersistence
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384
), expression AS MATERIALIZED (
    SELECT d.adrelid, d.adnum, d.adbin FROM pg_catalog.pg_attrdef AS d
    WHERE d.adrelid >= 16384
), named AS MATERIALIZED (
    SELECT n.conrelid, n.conkey[1] AS number, chosen.name, state.words AS state
    FROM pg_catalog.pg_constraint AS n
    CROSS JOIN LATERAL (SELECT CASE WHEN n.conname NOT LIKE '%\_not\_null' AND n.conname !~ '_not_null\d+$'
                                    THEN quote_ident(n.conname) END) AS chosen(name)
    CROSS JOIN LATERAL (SELECT nullif(concat_ws(' ', CASE WHEN n.connoinherit THEN 'NO INHERIT' END,
                                                CASE WHEN NOT n.convalidated THEN 'NOT VALID' END), '')) AS state(words)
    WHERE n.contype = 'n' AND n.conrelid >= 16384 AND (chosen.name IS NOT NULL OR state.words IS NOT NULL)
)
SELECT a.attrelid AS oid, a.attnum AS subid, c.name AS parent,
       c.name || '.' || quote_ident(a.attname) AS identity,
       quote_ident(a.attname) AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
       a.attnotnull AS not_null,
       named.name AS not_null_name, named.state AS not_null_state,
       CASE a.attgenerated WHEN '' THEN pg_get_expr(e.adbin, 0) END AS default,
       CASE a.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END AS generated_kind,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(e.adbin, e.adrelid) END AS generated,
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_kind,
       ids.name AS identity_sequence, ids.options AS identity_options,
       CASE WHEN ids.type <> a.atttypid THEN format_type(ids.type, NULL) END AS identity_type,
       CASE WHEN ids.persistence <> c.relpersistence AND current_setting('server_version_num')::integer >= 150000
            THEN CASE ids.persistence WHEN 'u' THEN 'UNLOGGED instead of LOGGED' ELSE 'LOGGED instead of UNLOGGED' END
       END AS identity_persistence,
       CASE WHEN a.attstorage <> t.typstorage THEN
           (storage.words)[strpos('pexm', a.attstorage::text)] || ' instead of '
           || (storage.words)[strpos('pexm', t.typstorage::text)]
       END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       nullif(a.attstattarget, -1) AS statistics,
       a.attoptions AS options,
       a.attfdwoptions AS foreign_options,
       a.attinhcount > 0 AS derived, NOT (a.attislocal OR c.relispartition) AS inherited_only,
       c.relkind IN ('v', 'm') AS of_view, c.relkind = 'f' AS of_foreign_table
FROM pg_catalog.pg_attribute AS a
JOIN relation AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN expression AS e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
LEFT JOIN LATERAL (
    SELECT s.seqrelid::regclass::text AS name, s.seqtypid AS type,
           (SELECT x.relpersistence FROM pg_catalog.pg_class AS x WHERE x.oid = s.seqrelid) AS persistence,
           ARRAY['INCREMENT BY ' || s.seqincrement, 'MINVALUE ' || s.seqmin, 'MAXVALUE ' || s.seqmax,
                 'START WITH ' || s.seqstart, 'CACHE ' || s.seqcache,
                 CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END] AS options
    FROM pg_catalog.pg_depend AS own
    JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = own.objid
    WHERE a.attidentity <> '' AND own.refobjid = a.attrelid AND own.refobjsubid = a.attnum AND own.deptype = 'i'
      AND own.classid = 'pg_catalog.pg_class'::regclass AND own.refclassid = 'pg_catalog.pg_class'::regclass
    OFFSET 0
) AS ids ON true
LEFT JOIN named ON named.conrelid = a.attrelid AND named.number = a.attnum AND a.attnotnull
CROSS JOIN (SELECT ARRAY['PLAIN', 'EXTERNAL', 'EXTENDED', 'MAIN']) AS storage(words)
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
  AND (c.relkind IN ('r', 'p', 'f')
       OR c.relkind IN ('v', 'm') AND (a.atthasdef OR nullif(a.attstattarget, -1) IS NOT NULL
                                       OR a.attoptions IS NOT NULL OR a.attcompression <> ''
                                       OR c.relkind = 'm' AND a.attstorage <> t.typstorage))
ORDER BY a.attrelid, a.attnum
"""


def definition(item: Object) -> str:
    """Return the column as CREATE TABLE and ADD COLUMN take it."""
    words = [item["name"], item["type"] + foreign_options(item["foreign_options"])]
    if item["collation"]:
        words.append(f"COLLATE {item['collation']}")
    return " ".join(words + qualities(item))


def qualities(item: Object) -> list[str]:
    """Return the clauses after the type in a column's definition; WITH OPTIONS takes them in a typed table."""
    words = []
    if item["default"] is not None:
        words.append(f"DEFAULT {item['default']}")
    if item["generated"] is not None:
        words.append(f"GENERATED ALWAYS AS ({item['generated']}) {item['generated_kind']}")
    if item["identity_kind"]:
        words.append(_as_identity(item))
    if item["not_null"] and not _not_valid(item):
        words.append(_not_null(item))
    return words


def settings(item: Object) -> list[str]:
    """Return the statements for attributes that CREATE TABLE cannot set, or not on older servers."""
    later = ("storage", "compression", "statistics", "options", "identity_type", "identity_persistence")
    blank = item.but(**dict.fromkeys(later))
    if item["of_view"]:
        blank = blank.but(default=None)
    elif _not_valid(item):
        blank = blank.but(not_null=False, not_null_name=None, not_null_state=None)
    return alter(blank, item) or []


def fits_inside(item: Object) -> bool:
    """Whether CREATE TABLE contains the column: a view's column only has settings."""
    return not item["of_view"]


def create(item: Object) -> list[str]:
    if item["of_view"]:
        return settings(item)
    return [f"ALTER TABLE {item.parent} ADD COLUMN {definition(item)}", *settings(item)]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER TABLE {item.parent} RENAME COLUMN {item['name']} TO {name}"]


def look(item: Object, catalog: Catalog) -> object:
    """Return the column's table and type."""
    return item.parent, item["type"]


def drop(item: Object) -> list[str]:
    if item["of_view"]:
        plain = item.but(default=None, storage=None, compression=None, statistics=None, options=None)
        return alter(item, plain) or []
    return [f"ALTER TABLE {item.parent} DROP COLUMN {item['name']}"]


def without_references(before: Object, after: Object, tied: bool) -> Object:
    """Return the column without an identity that it will lose and, if `tied`, without its default."""
    if before["identity_kind"] and not after["identity_kind"]:
        before = before.but(**NO_IDENTITY)
    return before.but(default=None) if tied else before


def alter(before: Object, after: Object, using: str | None = None) -> list[str] | None:
    """Return None if the column becomes generated, or changes between STORED and VIRTUAL: it has to be re-created.

    `using` is the expression that converts values to the new type, unless a cast does.
    """
    if after["of_view"]:  # the type follows from the view's query
        before = before.but(type=after["type"], collation=after["collation"])
    column = f"ALTER TABLE {after.parent} ALTER COLUMN {after['name']}"
    retype = (before["type"], before["collation"]) != (after["type"], after["collation"])
    generation = _generation(before, after, column)
    if generation is None:
        return None
    statements = []
    # A partition has no identity sequence of its own, but its parent's.
    if before["identity_sequence"] and not after["identity_kind"]:
        statements.append(f"{column} DROP IDENTITY")
    follows = before["default"] == after["default"] and follows_type(after["default"], before["type"], after["type"])
    if before["default"] is not None and (after["default"] is None or (retype and not follows)):
        statements.append(Statement(f"{column} DROP DEFAULT", Does.DROP_DEFAULT))
    statements += generation
    if retype:
        collation = f" COLLATE {after['collation']}" if after["collation"] else ""
        using = _using(before, after, using)
        function = parsing(before["type"], after["type"]) if "pg_temp." in using else None
        statements += [function] if function else []
        retyped = f"{column} TYPE {after['type']}{collation}" + (f" USING {using}" if using else "")
        statements.append(Statement(retyped, Does.SET_TYPE, using))
        statements += [f"DROP FUNCTION {using.partition('(')[0]}"] if function else []
        before = before.but(default=before["default"] if follows else None, storage=None, compression=None)
    if after["default"] is not None and before["default"] != after["default"]:
        statements.append(Statement(f"{column} SET DEFAULT {after['default']}", Does.SET_DEFAULT))
    statements += _nullability(before, after, column)
    statements += _identity(before, after, column)
    former = before if before["identity_sequence"] else before.but(**NO_IDENTITY)
    if after["identity_sequence"] and former["identity_persistence"] != after["identity_persistence"]:
        statements.append(
            f"ALTER SEQUENCE {after['identity_sequence']} SET {_set(former, after, 'identity_persistence')}"
        )
    if before["storage"] != after["storage"]:
        statements.append(f"{column} SET STORAGE {_set(before, after, 'storage')}")
    if before["compression"] != after["compression"]:
        statements.append(f"{column} SET COMPRESSION {after['compression'] or 'default'}")
    if before["statistics"] != after["statistics"]:
        statements.append(f"{column} SET STATISTICS {-1 if after['statistics'] is None else after['statistics']}")
    statements += option_changes(column, before["options"], after["options"])
    return statements + foreign_option_changes(column, before["foreign_options"], after["foreign_options"])


def disturbs(before: Object, after: Object) -> bool:
    """Whether the type changes, which PostgreSQL refuses while a view, a rule or a policy uses the column."""
    return not after["of_view"] and any(before[name] != after[name] for name in ("type", "collation"))


def _generation(before: Object, after: Object, column: str) -> list[str] | None:
    if (before["generated"], before["generated_kind"]) == (after["generated"], after["generated_kind"]):
        return []
    if before["generated_kind"] == "STORED" and after["generated"] is None:
        return [f"{column} DROP EXPRESSION"]
    return None


def _using(before: Object, after: Object, using: str | None) -> str:
    plain = after["generated"] or after["of_foreign_table"] or assigned(before["type"], after["type"])
    if using is None and not plain:
        types = before["type"], after["type"]
        using = parsed(after["name"], *types) or cast(after["name"], *types)
    return using or ""


def _set(before: Object, after: Object, name: str) -> str:
    """Return the word to set, from `EXTERNAL instead of EXTENDED`: SET STORAGE DEFAULT needs PostgreSQL 16."""
    if after[name]:
        return str(after[name]).partition(" instead of ")[0]
    return str(before[name]).partition(" instead of ")[2]


def _nullability(before: Object, after: Object, column: str) -> list[str]:
    old, new = ((item["not_null"], item["not_null_name"], item["not_null_state"]) for item in (before, after))
    if old == new:
        return []
    if not after["not_null"]:
        return [Statement(f"{column} DROP NOT NULL", Does.DROP_NOT_NULL)]
    if before["not_null"] and before["not_null_state"] == after["not_null_state"]:
        return [rename_not_null(after)]
    if new == (True, None, None) and before["not_null_state"] in (None, "NOT VALID") and not before["not_null_name"]:
        return [Statement(f"{column} SET NOT NULL", Does.SET_NOT_NULL)]
    statements: list[str] = [Statement(f"{column} DROP NOT NULL", Does.DROP_NOT_NULL)] if before["not_null"] else []
    constraint = _not_null(after, f" {after['name']}") + (" NOT VALID" if _not_valid(after) else "")
    return [*statements, f"ALTER TABLE {after.parent} ADD {constraint}"]


def _identity(before: Object, after: Object, column: str) -> list[str]:
    if not after["identity_sequence"]:
        return []
    if not before["identity_sequence"]:
        down = _is_downwards(after)
        numbers = [option.rpartition(" ")[2] for option in after["identity_options"]]
        going_on = go_on(after["identity_sequence"], [after], numbers[3], numbers[1 if down else 2], down=down)
        return [f"{column} ADD {_as_identity(after)}", going_on]
    statements = []
    if before["identity_sequence"] != after["identity_sequence"]:
        name = after["identity_sequence"].rpartition(".")[2]
        statements.append(f"ALTER SEQUENCE {before['identity_sequence']} RENAME TO {name}")
    if before["identity_type"] != after["identity_type"]:
        statements.append(f"ALTER SEQUENCE {after['identity_sequence']} AS {after['identity_type'] or after['type']}")
    words = [f"SET GENERATED {after['identity_kind']}"] if before["identity_kind"] != after["identity_kind"] else []
    words += [f"SET {option}" for option in after["identity_options"] if option not in before["identity_options"]]
    if _is_downwards(before) != _is_downwards(after):
        words.append("RESTART")  # the current value of a descending sequence is out of an ascending one's bounds
    if words:
        statements.append(f"{column} {' '.join(words)}")
    return statements


def _as_identity(item: Object) -> str:
    options = " ".join(item["identity_options"])
    return f"GENERATED {item['identity_kind']} AS IDENTITY (SEQUENCE NAME {item['identity_sequence']} {options})"


def _not_null(item: Object, column: str = "") -> str:
    name = f"CONSTRAINT {item['not_null_name']} " if item["not_null_name"] else ""
    return f"{name}NOT NULL{column}{' NO INHERIT' if 'NO INHERIT' in (item['not_null_state'] or '') else ''}"


def _not_valid(item: Object) -> bool:
    return "NOT VALID" in (item["not_null_state"] or "")


def _is_downwards(item: Object) -> bool:
    return any(option.startswith("INCREMENT BY -") for option in item["identity_options"])
