"""Aggregate functions, ordinary, ordered-set and hypothetical-set (pg_aggregate, pg_proc)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_proc",
    owner="ROUTINE",
    exists="pg_aggregate WHERE aggfnoid >= 16384",
    after=("function",),
    is_overloaded=True,
    is_replaceable=True,
    names_exactly=True,
    is_unique_in_schema=True,
)

MODIFY = "CASE {} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END"
FUNCTION = "nullif({}::oid, 0)::regproc::text"

QUERY = f"""
SELECT p.oid, p.oid::regprocedure::text AS identity, p.oid::regproc::text AS name,
       CASE a.aggkind WHEN 'n' THEN 'ordinary' WHEN 'o' THEN 'ordered-set' ELSE 'hypothetical-set' END AS type,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       {FUNCTION.format("a.aggtransfn")} AS state_function,
       format_type(a.aggtranstype, NULL) AS state_type,
       a.aggtransspace AS state_size,
       a.agginitval AS initial_value,
       {FUNCTION.format("a.aggfinalfn")} AS final_function,
       a.aggfinalextra AS final_function_extra,
       {MODIFY.format("a.aggfinalmodify")} AS final_function_modify,
       {FUNCTION.format("a.aggcombinefn")} AS combine_function,
       {FUNCTION.format("a.aggserialfn")} AS serial_function,
       {FUNCTION.format("a.aggdeserialfn")} AS deserial_function,
       {FUNCTION.format("a.aggmtransfn")} AS moving_state_function,
       {FUNCTION.format("a.aggminvtransfn")} AS moving_inverse_function,
       CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS moving_state_type,
       a.aggmtransspace AS moving_state_size,
       a.aggminitval AS moving_initial_value,
       {FUNCTION.format("a.aggmfinalfn")} AS moving_final_function,
       a.aggmfinalextra AS moving_final_function_extra,
       {MODIFY.format("a.aggmfinalmodify")} AS moving_final_function_modify,
       'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' AS sort_operator,
       CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END AS parallel
FROM pg_catalog.pg_aggregate AS a
JOIN pg_catalog.pg_proc AS p ON p.oid = a.aggfnoid
LEFT JOIN pg_catalog.pg_operator AS o ON o.oid = a.aggsortop
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
WHERE p.oid >= 16384
"""

WORDS = {
    "state_function": "SFUNC",
    "state_type": "STYPE",
    "state_size": "SSPACE",
    "initial_value": "INITCOND",
    "final_function": "FINALFUNC",
    "final_function_extra": "FINALFUNC_EXTRA",
    "final_function_modify": "FINALFUNC_MODIFY",
    "combine_function": "COMBINEFUNC",
    "serial_function": "SERIALFUNC",
    "deserial_function": "DESERIALFUNC",
    "moving_state_function": "MSFUNC",
    "moving_inverse_function": "MINVFUNC",
    "moving_state_type": "MSTYPE",
    "moving_state_size": "MSSPACE",
    "moving_initial_value": "MINITCOND",
    "moving_final_function": "MFINALFUNC",
    "moving_final_function_extra": "MFINALFUNC_EXTRA",
    "moving_final_function_modify": "MFINALFUNC_MODIFY",
    "sort_operator": "SORTOP",
    "parallel": "PARALLEL",
}
VALUES = ("initial_value", "moving_initial_value")  # SQL strings; all other values are names, numbers or keywords


def create(item: Object) -> list[str]:
    given = [f"{word} = {_value(item, name)}" for name, word in WORDS.items() if item[name] not in (None, False, 0)]
    given += ["HYPOTHETICAL"] if item["type"] == "hypothetical-set" else []
    lines = ",\n    ".join(given)
    return [f"CREATE AGGREGATE {item['name']}({item['arguments'] or '*'}) (\n    {lines}\n)"]


def drop(item: Object) -> list[str]:
    # DROP AGGREGATE would require (*) if there are no arguments.
    return [f"DROP ROUTINE {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return CREATE OR REPLACE; None if the signature changes."""
    if any(before[name] != after[name] for name in ("type", "arguments", "returns")):
        return None
    return [statement.replace("CREATE", "CREATE OR REPLACE", 1) for statement in create(after)]


def _value(item: Object, name: str) -> str:
    return literal(item[name]) if name in VALUES else str(item[name])
