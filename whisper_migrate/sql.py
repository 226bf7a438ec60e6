"""Small pieces of SQL text that several kinds of objects need."""

from collections.abc import Iterable

from sqlalchemy import Connection


def literal(value: str) -> str:
    """`value` as a string constant (standard_conforming_strings on, as it is everywhere that we run)."""
    return "'" + value.replace("'", "''") + "'"


def options(pairs: Iterable[str]) -> str:
    """`('fillfactor=70', ...)` as stored in a catalog -> `fillfactor = '70', ...` for a WITH or SET clause."""
    return ", ".join(f"{name} = {literal(value)}" for name, _, value in (pair.partition("=") for pair in pairs))


def option_changes(what: str, before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """`what SET (...)` and `what RESET (...)` that turn one list of stored options into another."""
    old, new = set(before or ()), set(after or ())
    gone = {pair.partition("=")[0] for pair in old} - {pair.partition("=")[0] for pair in new}
    changes = [f"{what} RESET ({', '.join(sorted(gone))})"] if gone else []
    if new - old:
        changes.append(f"{what} SET ({options(sorted(new - old))})")
    return changes


def run(connection: Connection, statement: str) -> None:
    """Execute SQL as it is: no `%` and no `:name` in it means anything to us."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
