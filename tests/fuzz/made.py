"""The objects that a schema has so far, which later statements can use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.fuzz.choices import Choices

T = TypeVar("T")
INTEGERS = ("integer", "bigint", "smallint")
TEXTS = ("text", "character varying(10)", "character varying(20)")
# Column types, each with possible defaults.
PLAIN = {
    "integer": ["0", "7", "length('abc')"],
    "bigint": ["0", "'-1'::integer"],
    "smallint": ["1"],
    "text": ["'x'", "'it''s: %s :x'", "lower('X')", "CURRENT_USER"],
    "character varying(10)": ["'x'", "'a\\b'"],
    "character varying(20)": ["'x'"],
    "numeric(8,2)": ["0", "1.5"],
    "boolean": ["true", "false"],
    "date": ["CURRENT_DATE", "'2020-02-03'"],
    "timestamp with time zone": ["now()", "'2020-02-03 04:05:06+00'"],
    "jsonb": ["'{}'", "'{\"a\": [1, 2]}'"],
    "uuid": ["gen_random_uuid()"],
    "integer[]": ["'{}'", "ARRAY[1, 2]"],
}


@dataclass
class Relation:
    """A table or view, its columns with their types, and properties that limit its use."""

    name: str
    kind: str
    columns: dict[str, str]
    computed: set[str] = field(default_factory=set)  # generated: not for INSERT
    virtual: set[str] = field(default_factory=set)  # virtual: without indexes and constraints
    key: str | None = None  # the partition key
    bound: str = ""  # the form of its partitions' bounds
    unlogged: bool = False
    unique: list[str] = field(default_factory=list)  # columns that foreign keys can reference
    has_primary_key: bool = False
    is_foreign: bool = False  # or a view of one: it cannot be read

    @property
    def is_table(self) -> bool:
        return self.kind in ("table", "partitioned table")

    @property
    def stored(self) -> list[str]:
        """The columns that constraints and indexes can use."""
        return [name for name in self.columns if name not in self.virtual]

    def of(self, *types: str) -> list[str]:
        return [name for name in self.stored if self.columns[name] in types]


@dataclass
class Made:
    """The statements so far, and the objects that later statements can use."""

    choices: Choices
    version: int
    statements: list[str] = field(default_factory=list)
    has_schema: bool = False
    types: dict[str, list[str]] = field(default_factory=lambda: dict(PLAIN))  # column types and their defaults
    composites: dict[str, dict[str, str]] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)  # integer expressions with objects of this schema
    constants: list[str] = field(default_factory=list)  # the immutable ones, for indexes
    queries: list[str] = field(default_factory=list)  # those only allowed in queries
    triggers: list[str] = field(default_factory=list)  # functions
    collations: list[str] = field(default_factory=lambda: ['"C"', '"POSIX"'])
    configurations: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)  # objects for comments
    granted: list[str] = field(default_factory=list)  # privileges with their objects
    taken: set[str] = field(default_factory=set)  # names of constraints and indexes

    def add(self, statement: str, *named: str) -> None:
        """Add a statement, and the objects it creates that can have comments."""
        self.statements.append(statement)
        self.named += named

    def pick(self, name: str, options: Sequence[T]) -> T:
        return self.choices.pick(name, options)

    def some(self, name: str, options: Sequence[T], most: int) -> list[T]:
        return self.choices.some(name, options, most)

    def tables(self, *kinds: str) -> list[Relation]:
        return [item for item in self.relations.values() if item.kind in (kinds or ("table", "partitioned table"))]

    def free(self, name: str, extra: str) -> str:
        """Choose a name for a constraint or index from a small set, so that both schemas use the same ones."""
        pool = ("k1", "k2", "k3", '"K 4"', "k5", "k6", extra)
        chosen = self.pick(f"{name} called", [one for one in pool if one not in self.taken])
        self.taken.add(chosen)
        return chosen


def bare(name: str) -> str:
    """Return a name without dots and quotes, as a part of another name."""
    return name.replace('"', "").replace(" ", "_").replace(".", "_")
