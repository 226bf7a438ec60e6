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
TEXTS = {"text", "character varying", "character", "name", '"char"'}


def cast(expression: str, before: str, after: str) -> str:
    """`expression`, of type `before`, as `after`: by their own cast where there is one, else by way of text."""
    old, new = _base(before), _base(after)
    types = {old, new}
    if old == new or types & TEXTS or any(types <= family for family in FAMILIES):
        return f"{expression}::{after}"
    way = "integer" if "boolean" in types and types & FAMILIES[0] else "text"  # a number that stands for yes or no
    return f"{expression}::{way}::{after}"


def assigned(before: str, after: str) -> bool:
    """Whether PostgreSQL does it unasked: it then refuses a value that is too long, which a cast would cut off."""
    types = {_base(before), _base(after)}
    return len(types) == 1 or types <= TEXTS or types <= {f"{name}[]" for name in TEXTS}


def _base(type_: str) -> str:
    """Without modifiers: `numeric(10,2)` is numeric."""
    return re.sub(r" ?\([^)]*\)", "", type_)
