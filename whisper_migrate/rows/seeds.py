"""Initial rows: those that the history itself inserts into an empty database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import shown, split_name
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.version_table import BOOKKEEPING
from whisper_migrate.errors import Failure
from whisper_migrate.wording.plurals import counted

Row = tuple[str | None, ...]

# All sequences but temporary ones and those of extensions.
SEQUENCES = """
SELECT c.oid::regclass::text FROM pg_catalog.pg_class AS c WHERE c.relkind = 'S' AND c.relpersistence <> 't'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""


@dataclass(frozen=True)
class Seeds:
    """The rows of every table that is not empty, as text, and the positions of sequences that were used.

    `columns`: the columns of each such table, without generated ones. `made`: columns, as (table, column), whose
    default computes another value at each run; `rows` have "" in their place. `sequences`: (last value, is_called) by
    name.
    """

    columns: dict[str, list[Object]]
    rows: dict[str, list[Row]]
    sequences: dict[str, tuple[int, bool]]
    made: frozenset[tuple[str, str]] = frozenset()

    def inserts(self, table: str) -> list[str]:
        """Return the statements that insert a table's rows: one INSERT, since a row may refer to a later row."""
        if table not in self.rows:
            return []
        kept = [(n, c) for n, c in enumerate(self.columns[table]) if (table, c["name"]) not in self.made]
        if not kept:
            return [f"INSERT INTO {table} DEFAULT VALUES"] * len(self.rows[table])
        names = ", ".join(column["name"] for _, column in kept)
        always = any(column["identity_kind"] == "ALWAYS" for _, column in kept)
        rows = ",\n".join(f"({', '.join(_value(row[n]) for n, _ in kept)})" for row in self.rows[table])
        return [f"INSERT INTO {table} ({names}){' OVERRIDING SYSTEM VALUE' if always else ''} VALUES\n{rows}"]

    def settings(self) -> list[str]:
        """Return the statements that set the sequences to their positions."""
        return [
            f"SELECT setval({literal(name)}, {value}, {str(called).lower()})"
            for name, (value, called) in sorted(self.sequences.items())
        ]

    def counts(self) -> list[str]:
        """Return the number of rows of each table: `3 rows of authors`."""
        numbers = {shown(table): len(rows) for table, rows in sorted(self.rows.items())}
        return [f"{counted(count, 'row')} of {table}" for table, count in numbers.items()]

    def differences(self, other: Seeds) -> list[str]:
        """Describe how another database differs, one line for each table or sequence."""
        unequal = []
        for table in sorted(self.rows.keys() | other.rows.keys()):
            mine, theirs = (sorted(self._comparable(table, seeds), key=repr) for seeds in (self, other))
            if mine != theirs:
                unequal.append(f"rows of {shown(table)}: {len(mine)} and {len(theirs)}, not the same")
        for name in sorted(self.sequences.keys() | other.sequences.keys()):
            if self.sequences.get(name) != other.sequences.get(name):
                unequal.append(f"sequence {shown(name)} stands elsewhere")
        return unequal

    def _comparable(self, table: str, seeds: Seeds) -> list[Row]:
        made = [(table, column["name"]) in self.made for column in seeds.columns.get(table, ())]
        return [
            tuple("" if is_made else value for value, is_made in zip(row, made, strict=True))
            for row in seeds.rows.get(table, ())
        ]


def read(connection: Connection, catalog: Catalog) -> Seeds:
    """Read the rows and sequences of a shadow with this catalog."""
    columns: dict[str, list[Object]] = {}
    rows: dict[str, list[Row]] = {}
    for table in (item.identity for item in catalog if item.kind == "table"):
        if not run(connection, f"SELECT EXISTS (SELECT FROM ONLY {table})").scalar():
            continue
        own = [column for column in catalog.children(table, "column") if column["generated"] is None]
        values = ", ".join([f"{column['name']}::text" for column in own] or ["NULL"])
        found = run(connection, f"SELECT {values} FROM ONLY {table} ORDER BY ctid")
        columns[table], rows[table] = own, [tuple(row)[: len(own)] for row in found]
    return Seeds(columns, rows, _sequences(connection))


def _sequences(connection: Connection) -> dict[str, tuple[int, bool]]:
    found = {}
    for name in connection.scalars(text(SEQUENCES)).all():
        if split_name(name)[1].startswith(tuple(BOOKKEEPING)):
            continue
        query = f"SELECT last_value, is_called, seqstart FROM {name}, pg_catalog.pg_sequence"
        state = run(connection, f"{query} WHERE seqrelid = {literal(name)}::regclass").one()
        if state.is_called or state.last_value != state.seqstart:
            found[name] = (state.last_value, state.is_called)
    return found


def repeatable(first: Seeds, second: Seeds) -> Seeds:
    """Return the rows that two runs of one history inserted; values that differ are left to the columns' defaults.

    Raises Failure for a differing value that no default computes, and for a table whose number of rows differs.
    """
    made = set()
    for table in sorted(first.rows.keys() | second.rows.keys()):
        one, other = first.rows.get(table, []), second.rows.get(table, [])
        if len(one) != len(other):
            raise Failure(
                f"The history puts {counted(len(one), 'row')} into {shown(table)} at one run"
                f" and {len(other)} at another, so they cannot be carried over."
            )
        for number, column in enumerate(first.columns[table]):
            pairs = [(a[number], b[number]) for a, b in zip(one, other, strict=True)]
            if all(a == b for a, b in pairs):
                continue
            # A constant default would give every row the same value.
            if any(a == b for a, b in pairs) or not _computes(column):
                raise Failure(
                    f"The history puts values into {shown(column.identity)} that are others at each run"
                    f" ({pairs[0][0]}, {pairs[0][1]}), so they cannot be carried over."
                )
            made.add((table, column["name"]))
    return Seeds(first.columns, first.rows, first.sequences, frozenset(made))


def _computes(column: Object) -> bool:
    default = column["default"]
    return default is not None and ("(" in default or default.startswith(("CURRENT_", "LOCALTIME")))


def _value(value: str | None) -> str:
    return "NULL" if value is None else literal(value)
