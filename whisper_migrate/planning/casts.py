"""How values of one type become values of another."""

import re

# Between the types of one of these there are casts of their own, which round or truncate where text would not.
FAMILIES = (
    {"smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "oid"},
    {"date", "timestamp without time zone", "timestamp with time zone"},
    {"time without time zone", "time with time zone", "timestamp without time zone", "timestamp with time zone"},
    {"time without time zone", "interval"},
    {"integer", "bigint", "bit"},
    {"bit", "bit varying"},
)
JSONS = {"json", "jsonb"}
NOT_JSON = "not_json"
TEXTS = {"text", "character varying", "character", "name", '"char"'}


def cast(expression: str, before: str, after: str) -> str:
    """`expression`, of type `before`, as `after`: by their own cast where there is one, else by way of text."""
    old, new = _base(before), _base(after)
    types = {old, new}
    if old == new or types & TEXTS or any(types <= family for family in FAMILIES):
        return f"{expression}::{after}"
    way = "integer" if "boolean" in types and types & FAMILIES[0] else "text"  # a number that stands for yes or no
    return f"{expression}::{way}::{after}"


def parsing(before: str, after: str) -> str | None:
    """The statement that makes `pg_temp.as_json(b)`, for text that becomes JSON: no value may stop it, or get lost."""
    new = _base(after)
    if new not in JSONS or _base(before) not in TEXTS:
        return None
    return f"""CREATE FUNCTION pg_temp.as_{new}(value text) RETURNS {new} LANGUAGE plpgsql AS $$
BEGIN
    RETURN value::{new};
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    -- Not JSON: an empty string, prose, what Python prints of a dict, a character that {new} cannot hold.
    RETURN {new}_build_object('{NOT_JSON}', value);
END
$$"""


def parsed(expression: str, before: str, after: str) -> str | None:
    """`expression` by the function of `parsing`, or back: what was no JSON is the text again that it was."""
    old, new = _base(before), _base(after)
    if old in TEXTS and new in JSONS:
        return f"pg_temp.as_{new}({expression})"
    if old in JSONS and new in TEXTS:
        kept = f"{expression}::jsonb ->> '{NOT_JSON}'"
        whole = f"{expression}::jsonb = jsonb_build_object('{NOT_JSON}', {kept})"
        return f"CASE WHEN {whole} THEN {kept} ELSE {expression}::text END"
    return None


def assigned(before: str, after: str) -> bool:
    """Whether PostgreSQL does it unasked: it then refuses a value that is too long, which a cast would cut off."""
    types = {_base(before), _base(after)}
    return len(types) == 1 or types <= TEXTS or types <= {f"{name}[]" for name in TEXTS}


def _base(type_: str) -> str:
    """Without modifiers: `numeric(10,2)` is numeric."""
    return re.sub(r" ?\([^)]*\)", "", type_)
