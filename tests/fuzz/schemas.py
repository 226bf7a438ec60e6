"""Random schemas with all kinds of objects, as SQL in which each object comes after its dependencies."""

from collections.abc import Callable

from tests.fuzz import parts, tables, types
from tests.fuzz.choices import Choices
from tests.fuzz.made import Made

# Names that any relation or type can have, so that objects swap names. Functions are created in between.
NAMES = ("a", "b", "c", "d", '"D d"', '"order"', "s.a", "s.e")
FUNCTIONS = ("fa", "fb", '"F c"', "s.fa", "g", "h")
ORDERS = (
    (*FUNCTIONS[:2], *NAMES[:4], *FUNCTIONS[2:4], *NAMES[4:], *FUNCTIONS[4:]),
    (*NAMES[:2], *FUNCTIONS[:3], *NAMES[:1:-1], *FUNCTIONS[3:]),
    (*FUNCTIONS[4:], *NAMES[::-1], *FUNCTIONS[:4]),
    (*FUNCTIONS[::-1], *NAMES[4:], *NAMES[:4]),
)
KINDS: dict[str, Callable[[Made, str], None]] = {
    "nothing": lambda made, name: None,
    "enum": types.enum,
    "domain": types.domain,
    "composite": types.composite,
    "range": types.range_type,
    "sequence": types.sequence,
    "table": tables.table,
    "partitioned table": tables.partitioned,
    "partition": tables.partition,
    "heir": tables.heir,
    "typed table": tables.typed,
    "foreign table": tables.foreign,
    "view": parts.view,
    "materialized view": parts.materialized_view,
}
# Tables are the most frequent, since most other objects are on tables.
RELATIONS = [*KINDS, "table", "table", "table", "partitioned table", "partition", "view", "view", "heir"]


def schema(choices: Choices, version: int) -> list[str]:
    """Return the statements that create a schema."""
    made = Made(choices, version)
    parts.surroundings(made)
    for name in made.pick("order", ORDERS):
        if name.startswith("s.") and not made.has_schema:
            continue
        if name in FUNCTIONS:
            types.function(made, name)
        else:
            KINDS[made.pick(f"{name} is", RELATIONS)](made, name)
    tables.foreign_keys(made)
    parts.on_relations(made)
    parts.others(made)
    return made.statements
