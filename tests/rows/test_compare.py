"""Rows of a table that another table of its name replaces: values count, and the order of rows does not."""

from whisper_migrate.rows.compare import Name, Table, changed_up, changed_up_and_down


def table(oid: int, rows: list[Name], type_: str = "integer") -> dict[str, Table]:
    """A table with the columns `id`, of this type, and `a`."""
    return {"public.t": Table(oid, {"id": 1, "a": 2}, {"id": type_, "a": "text"}, ("id",), rows)}


BEFORE = table(1, [("1", "x"), ("2", "y"), ("3", None)])
REPLACED = table(2, [("u1", None), ("u2", "y"), ("u3", "x")], "uuid")


def test_a_replaced_table_with_all_values_lacks_nothing() -> None:
    assert list(changed_up(BEFORE, REPLACED)) == []
    assert list(changed_up_and_down(BEFORE, REPLACED, table(3, [("3", "y"), ("1", "x"), ("2", None)]))) == []


def test_values_that_a_replaced_table_lacks_are_named() -> None:
    less = table(2, [("u1", "y"), ("u2", "y")], "uuid")
    assert list(changed_up(BEFORE, less)) == [
        "t.a: the upgrade replaces the table, and 2 of 3 generated test rows had a value that it lacks, such as 'x'."
    ]
    words = "an upgrade and its downgrade replace the table, and"
    assert list(changed_up_and_down(BEFORE, REPLACED, table(3, [("1", "x"), ("2", "x"), ("9", None)]))) == [
        f"t.id: {words} 1 of 3 generated test rows had a value that it lacks, such as '3'.",
        f"t.a: {words} 1 of 3 generated test rows had a value that it lacks, such as 'y'.",
    ]
