"""SQL expressions that convert values of one type to another type."""

import re
from typing import NamedTuple

# PostgreSQL has casts between the types of each family. They round or truncate where a conversion by way of text would
# fail.
FAMILIES = (
    {"smallint", "integer", "bigint", "numeric", "real", "double precision"},
    {"numeric", "money"},
    {"integer", "bigint", "oid"},
    {"date", "timestamp without time zone", "timestamp with time zone"},
    {"time without time zone", "time with time zone", "timestamp without time zone", "timestamp with time zone"},
    {"time without time zone", "interval"},
    {"integer", "bigint", "bit"},
    {"bit", "bit varying"},
    {"json", "jsonb"},
    {"macaddr", "macaddr8"},
)
INTEGERS = frozenset({"smallint", "integer", "bigint"})
ASSIGNED = ({*INTEGERS, "numeric", "real", "double precision"}, {"date", "timestamp without time zone"})
JSONS = {"json", "jsonb"}
NOT_JSON = "not_json"
TEXTS = {"text", "character varying", "character", "name", '"char"'}
# The type by way of which numbers become one of these types, and back.
NUMBERS = {"money": "numeric", "oid": "bigint"}
LOCAL, ZONED = "timestamp without time zone", "timestamp with time zone"

# A text is read as a list if PostgreSQL prints that list exactly so. A list of one item is printed as the item alone,
# unless the item itself would be read as a list.
AS_LIST = """CREATE FUNCTION pg_temp.as_list(value text) RETURNS text[] LANGUAGE plpgsql STRICT AS $$
DECLARE
    items text[];
BEGIN
    items := value::text[];
    IF items::text = value AND (cardinality(items) <> 1 OR items[1] IS NULL
                                OR pg_temp.as_list(items[1]) <> ARRAY[items[1]]) THEN
        RETURN items;
    END IF;
    RETURN ARRAY[value];
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN ARRAY[value]; -- no list: a word, a template such as {greeting} {name}
END
$$"""
AS_TEXT = """CREATE FUNCTION pg_temp.as_text(items text[]) RETURNS text LANGUAGE plpgsql STRICT AS $$
BEGIN
    IF cardinality(items) = 1 AND pg_temp.as_text(items[1]::text[]) <> items[1] THEN
        RETURN items[1];
    END IF;
    RETURN items::text;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN items[1]; -- one item, which is no list
END
$$"""


def cast(expression: str, before: str, after: str) -> str:
    """Return SQL that converts `expression` from type `before` to type `after`.

    The conversion goes by way of text if PostgreSQL has no direct cast.
    """
    old, new = _base(before), _base(after)
    special = _of_times(expression, old, new, after) or _of_json(expression, old, new, after)
    special = special or _of_arrays(expression, old, new, after)
    if special:
        return special
    types = {old, new}
    if old == "boolean" and re.fullmatch(r"character(?: varying)?\([1-4]\)", after):
        return f"left({expression}::text, 1)"  # t or f, which PostgreSQL reads as a boolean again
    if new in TEXTS and old not in TEXTS:
        return f"{expression}::text"  # an assignment refuses a text that is too long, a cast to varchar(n) truncates it
    if old == new or types & TEXTS or any(types <= family for family in FAMILIES):
        return f"{expression}::{after}"
    if new == old.replace("range", "multirange"):
        return f"{expression}::{after}"
    if old == new.replace("range", "multirange"):  # fails if it is more than one range
        return f"CASE WHEN isempty({expression}) THEN 'empty' ELSE trim({expression}::text, '{{}}') END::{after}"
    way = "integer" if "boolean" in types and types & FAMILIES[0] else "text"  # a number that means true or false
    if types & FAMILIES[0]:
        way = next((middle for name, middle in NUMBERS.items() if name in types), way)
    return f"{expression}::{after}" if way in types else f"{expression}::{way}::{after}"


def _of_times(expression: str, old: str, new: str, after: str) -> str | None:
    """Convert between times: in UTC, independent of the session's time zone. Numbers are seconds, or since 1970."""
    if {old, new} == {LOCAL, ZONED}:
        return f"{expression} AT TIME ZONE 'UTC'"
    if {old, new} == {"date", ZONED}:
        moment = f"{expression}::timestamp" if old == "date" else expression
        return f"({moment} AT TIME ZONE 'UTC')" + ("::date" if new == "date" else "")
    if old in INTEGERS and new in (LOCAL, ZONED):
        return f"to_timestamp({expression})" + (" AT TIME ZONE 'UTC'" if new == LOCAL else "")
    if old in (LOCAL, ZONED) and new in INTEGERS:
        return f"extract(epoch FROM {expression})::{after}"
    if old in FAMILIES[0] and new == "interval":
        return f"make_interval(secs => {expression})"
    if old == "interval" and new in FAMILIES[0]:
        return f"extract(epoch FROM {expression})::{after}"
    if (old, new) == (LOCAL, "time with time zone"):
        return f"({expression} AT TIME ZONE 'UTC')::{after}"
    return None


def _of_json(expression: str, old: str, new: str, after: str) -> str | None:
    if new in JSONS and old not in JSONS | TEXTS:
        return f"to_{new}({expression})"
    if reader := _reader(expression, old, new):
        return f"pg_temp.{reader.name}({expression})" + (f"::{after}" if reader.type != new else "")
    if old in JSONS and new not in JSONS | TEXTS:
        return f"({expression} #>> '{{}}')::{after}"
    return None


class _Reader(NamedTuple):
    """A function that reads JSON: its name, the type it returns, and its query, which a change of type may not have."""

    name: str
    type: str
    query: str


def _reader(expression: str, old: str, new: str) -> _Reader | None:
    """Return the function that reads JSON as a type that no cast reaches; it returns an array's items as text."""
    if old not in JSONS:
        return None
    if _is_hstore(new):
        pairs = f"coalesce({new}(array_agg(key), array_agg(item)), '')"
        return _Reader("as_hstore", new, f"(SELECT {pairs} FROM {old}_each_text({expression}) AS one(key, item))")
    if _is_of_a_schema(new):
        record = f"{old}_to_record({old}_build_object('item', {expression}))"
        return _Reader("as_value", new, f"(SELECT item FROM {record} AS one(item {new}))")
    if new.endswith("[]"):
        return _Reader("as_array", "text[]", f"ARRAY(SELECT {old}_array_elements_text({expression}))")
    return None


def queried(expression: str, before: str, after: str) -> str:
    """Return the conversion of `cast` for a query, without a function that has to exist."""
    if reader := _reader(expression, _base(before), _base(after)):
        return f"CASE WHEN {expression} IS NOT NULL THEN {reader.query}::{after} END"
    return cast(expression, before, after)


def _of_arrays(expression: str, old: str, new: str, after: str) -> str | None:
    """Convert a value to an array with one item, and back."""
    if new == f"{old}[]" or _is_array_of_text(old, new):
        return f"CASE WHEN {expression} IS NOT NULL THEN ARRAY[{expression}]::{after} END"
    if old == f"{new}[]":
        return f"{expression}[1]"
    return None


def _is_array_of_text(old: str, new: str) -> bool:
    """Whether a text type becomes an array of texts."""
    return old in TEXTS and new.removesuffix("[]") in TEXTS - {new}


def parsing(before: str, after: str) -> str | None:
    """Return the CREATE FUNCTION that the expressions of `parsed` and `cast` need; None if they call no function.

    The function that turns text into JSON never fails: it stores a text that is not JSON inside an object. The function
    for arrays returns the items of a JSON list, the one for hstore the pairs of a JSON object. The function for a type
    of a schema reads a JSON object as a composite value, a JSON string as an enum's label. The functions between text
    and arrays of text are each other's inverse.
    """
    old, new = _base(before), _base(after)
    if reader := _reader("value", old, new):
        head = f"CREATE FUNCTION pg_temp.{reader.name}(value {old}) RETURNS {reader.type} LANGUAGE sql STRICT"
        return f"{head}\nRETURN {reader.query}"
    if _is_array_of_text(old, new):
        return AS_LIST
    if _is_array_of_text(new, old):
        return AS_TEXT
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
    """Convert `expression` from text to JSON or an array with the function of `parsing`, or back; None for other types.

    On the way back, a text that was not JSON or no list becomes exactly what it was.
    """
    old, new = _base(before), _base(after)
    if _is_array_of_text(old, new):
        return f"pg_temp.as_list({expression})"
    if _is_array_of_text(new, old):
        return f"pg_temp.as_text({expression})"
    if old in TEXTS and new in JSONS:
        return f"pg_temp.as_{new}({expression})"
    if old in JSONS and new in TEXTS:
        kept = f"{expression}::jsonb ->> '{NOT_JSON}'"
        whole = f"{expression}::jsonb = jsonb_build_object('{NOT_JSON}', {kept})"
        return f"CASE WHEN {whole} THEN {kept} ELSE {expression}::text END"
    return None


def loses_nothing(before: str, after: str) -> bool:
    """Whether `parsed` converts between these types, text and JSON, without losing a value."""
    types = {_base(before), _base(after)}
    return bool(types & TEXTS and types & JSONS)


def assigned(before: str, after: str) -> bool:
    """Whether PostgreSQL converts a value on assignment, without USING.

    An assignment refuses a value that is too long; a cast would truncate the value. Only a cast changes the length of a
    bit string.
    """
    if _base(before) == _base(after) == "bit":
        return False
    types = {_base(before), _base(after)}
    return len(types) == 1 or any(types <= family for family in (TEXTS, {f"{name}[]" for name in TEXTS}, *ASSIGNED))


def follows_type(default: str | None, before: str, after: str) -> bool:
    """Whether a column's default is still valid after a change of type: only `nextval(...)` of a sequence is."""
    return (default or "").startswith("nextval(") and assigned(before, after)


def _is_of_a_schema(type_: str) -> bool:
    """Whether a type is no built-in one: `public.mood`, `public.address[]`."""
    return "." in type_


def _is_hstore(type_: str) -> bool:
    return type_.rpartition(".")[2] == "hstore"


def _base(type_: str) -> str:
    """Return a type without its modifiers: `numeric(10,2)` -> `numeric`."""
    return re.sub(r" ?\([^()]*\)", "", type_)
