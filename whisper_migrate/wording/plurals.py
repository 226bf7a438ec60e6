"""Numbers with their noun and their verb: `1 row differs`, `2 rows differ`, `1 entry`, `0 indexes`."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 foreign table`, `3 indexes`."""
    return f"{number} {plural(noun, number)}"


def plural(noun: str, number: int) -> str:
    """Return the form of a noun, or of a kind of object, for a number: `foreign_table` and 2 -> `foreign tables`."""
    words = noun.replace("_", " ")
    if number == 1 or words.endswith("statistics"):
        return words
    if words.endswith(("s", "x", "ch", "sh")):
        return f"{words}es"
    if words.endswith("y") and words[-2:-1] not in ("a", "e", "o", "u"):
        return f"{words[:-1]}ies"
    return f"{words}s"


def verb(number: int, one: str, many: str) -> str:
    """Return the form of a verb for a number: `is` or `are`."""
    return one if number == 1 else many
