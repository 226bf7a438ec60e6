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
    {"json", "jsonb"},
)
INTEGERS = {"smallint", "integer", "bigint"}
ASSIGNED = ({*INTEGERS, "numeric", "real", "double precision"}, {"date", "timestamp without time zone"})
JSONS = {"json", "jsonb"}
NOT_JSON = "not_json"
TEXTS = {"text", "character varying", "character", "name", '"char"'}
LOCAL, ZONED = "timestamp without time zone", "timestamp with time zone"


def cast(expression: str, before: str, after: str) -> str:
    """`expression`, of type `before`, as `after`: by their own cast where there is one, else by way of text."""
    old, new = _base(before), _base(after)
    special = _of_times(expression, old, new, after) or _of_json(expression, old, new, after)
    special = special or _of_arrays(expression, old, new, after)
    if special:
        return special
    types = {old, new}
    if new in TEXTS and old not in TEXTS:
        return f"{expression}::text"  # a value that is too long is an error then: a cast would cut it off
    if old == new or types & TEXTS or any(types <= family for family in FAMILIES):
        return f"{expression}::{after}"
    way = "integer" if "boolean" in types and types & FAMILIES[0] else "text"  # a number that stands for yes or no
    return f"{expression}::{after}" if way in types else f"{expression}::{way}::{after}"


def _of_times(expression: str, old: str, new: str, after: str) -> str | None:
    """Times in UTC, whatever zone a session is in; whole numbers are seconds since 1970."""
    if {old, new} == {LOCAL, ZONED}:
        return f"{expression} AT TIME ZONE 'UTC'"
    if {old, new} == {"date", ZONED}:
        moment = f"{expression}::timestamp" if old == "date" else expression
        return f"({moment} AT TIME ZONE 'UTC')" + ("::date" if new == "date" else "")
    if old in INTEGERS and new in (LOCAL, ZONED):
        return f"to_timestamp({expression})" + (" AT TIME ZONE 'UTC'" if new == LOCAL else "")
    if old in (LOCAL, ZONED) and new in INTEGERS:
        return f"extract(epoch FROM {expression})::{after}"
    return None


def _of_json(expression: str, old: str, new: str, after: str) -> str | None:
    if new in JSONS and old not in JSONS | TEXTS:
        return f"to_{new}({expression})"
    if old in JSONS and new.endswith("[]"):
        return f"pg_temp.as_array({expression})::{after}"
    if old in JSONS and new not in JSONS | TEXTS:
        return f"({expression} #>> '{{}}')::{after}"
    return None


def _of_arrays(expression: str, old: str, new: str, after: str) -> str | None:
    """One value is an array of one, and back; of a text that looks like an array, it is the text of one."""
    if old in TEXTS and new.removesuffix("[]") in TEXTS - {new}:
        return (
            f"CASE WHEN {expression} ~ '^{{.*}}$' THEN {expression}::{after} "
            f"WHEN {expression} IS NOT NULL THEN ARRAY[{expression}]::{after} END"
        )
    if new in TEXTS and old.removesuffix("[]") in TEXTS - {old}:
        one = f"cardinality({expression}) = 1 AND {expression}[1] !~ '^{{.*}}$'"
        return f"CASE WHEN {one} THEN {expression}[1] ELSE {expression}::text END"
    if new == f"{old}[]":
        return f"CASE WHEN {expression} IS NOT NULL THEN ARRAY[{expression}]::{after} END"
    if old == f"{new}[]":
        return f"{expression}[1]"
    return None


def parsing(before: str, after: str) -> str | None:
    """The statement that makes the function that `parsed` or `cast` calls, if any.

    For text that becomes JSON no value may stop it, or get lost; and a list in JSON is asked for its items.
    """
    old, new = _base(before), _base(after)
    if old in JSONS and new.endswith("[]"):
        return f"""CREATE FUNCTION pg_temp.as_array(value {old}) RETURNS text[] LANGUAGE sql STRICT
RETURN ARRAY(SELECT {old}_array_elements_text(value))"""
    if new not in JSONS or old not in TEXTS:
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


def loses_nothing(before: str, after: str) -> bool:
    """Whether every value of a text becomes JSON, or comes back from it, as `parsed` does that."""
    return parsed("", before, after) is not None


def assigned(before: str, after: str) -> bool:
    """Whether PostgreSQL does it unasked: it then refuses a value that is too long, which a cast would cut off."""
    types = {_base(before), _base(after)}
    return len(types) == 1 or any(types <= family for family in (TEXTS, {f"{name}[]" for name in TEXTS}, *ASSIGNED))


def follows_type(default: str | None, before: str, after: str) -> bool:
    """Whether a default is one of the new type by itself: the next number of a sequence."""
    return (default or "").startswith("nextval(") and assigned(before, after)


def _base(type_: str) -> str:
    """Without modifiers: `numeric(10,2)` is numeric."""
    return re.sub(r" ?\([^()]*\)", "", type_)
