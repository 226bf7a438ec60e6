"""Range types (pg_range). CREATE TYPE also creates a multirange type and the constructors."""

from hashlib import sha256

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_type",
    owner="TYPE",
    used_by_columns=True,
    exists="pg_range WHERE rngtypid >= 16384",
    after=("schema", "extension", "enum", "domain", "composite_type", "collation"),
    is_type=True,
    converts_constants=True,
    is_unique_in_schema=True,
)

QUERY = """
SELECT t.oid, t.oid::regtype::text AS identity,
       format_type(r.rngsubtype, NULL) AS subtype,
       m.oid::regtype::text AS multirange,
       quote_ident(n.nspname) || '.' || quote_ident(opc.opcname) AS operator_class,
       CASE WHEN r.rngcollation <> st.typcollation THEN r.rngcollation::regcollation::text END AS collation,
       nullif(r.rngcanonical::oid, 0)::regproc::text AS canonical,
       nullif(r.rngsubdiff::oid, 0)::regproc::text AS subtype_diff
FROM pg_catalog.pg_range AS r
JOIN pg_catalog.pg_type AS t ON t.oid = r.rngtypid
JOIN pg_catalog.pg_type AS m ON m.oid = r.rngmultitypid
JOIN pg_catalog.pg_type AS st ON st.oid = r.rngsubtype
JOIN pg_catalog.pg_opclass AS opc ON opc.oid = r.rngsubopc
JOIN pg_catalog.pg_namespace AS n ON n.oid = opc.opcnamespace
WHERE t.oid >= 16384
"""

WORDS = {
    "subtype": "SUBTYPE",
    "multirange": "MULTIRANGE_TYPE_NAME",
    "operator_class": "SUBTYPE_OPCLASS",
    "collation": "COLLATION",
    "canonical": "CANONICAL",
    "subtype_diff": "SUBTYPE_DIFF",
}


def create(item: Object) -> list[str]:
    given = ", ".join(f"{word} = {item[name]}" for name, word in WORDS.items() if item[name])
    # The canonical function takes and returns the type, so a shell type has to exist before the function.
    shell = [f"CREATE TYPE {item.identity}"] if item["canonical"] else []
    return [*shell, f"CREATE TYPE {item.identity} AS RANGE ({given})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TYPE {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    """Rename the type with its multirange and constructors, whose names the new type needs.

    The constructors belong to the bootstrap superuser: only a superuser can rename them.
    """
    return [*_names_aside(item, name), f"ALTER TYPE {item.identity} RENAME TO {name}"]


def make_way(item: Object) -> list[str]:
    """Rename the multirange and constructors of a type that is dropped later, to free their names."""
    return _names_aside(item, f"old_{sha256(item.identity.encode()).hexdigest()[:12]}")


def _names_aside(item: Object, name: str) -> list[str]:
    """Rename the multirange and the constructors: a new name of the type does not rename them."""
    multirange = item["multirange"]
    return [
        f"""DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT d.objid::regprocedure AS constructor
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'i'
          AND d.refobjid IN ({literal(item.identity)}::regtype, {literal(multirange)}::regtype)
    LOOP
        EXECUTE format('ALTER FUNCTION %s RENAME TO {name}', own.constructor);
    END LOOP;
END
$$""",
        f"ALTER TYPE {multirange} RENAME TO {name}_many",
    ]
