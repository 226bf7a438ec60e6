"""A change in words: one line that names it, and just the part that differs."""

from __future__ import annotations

import difflib

from whisper_migrate.catalog import Change, Object
from whisper_migrate.names import shown
from whisper_migrate.plan import CONTAINERS

LONG = 200  # characters; what is longer is told by the lines that differ


def line(change: Change) -> str:
    """One change in one line: `+ column users.email_verified boolean NOT NULL`."""
    item = change.object
    words = f"{change.sign} {item.kind.replace('_', ' ')} {shown(item.identity)}"
    if change.before and change.after:
        return f"{words}: {'; '.join(_difference(*values) for values in differences(change))}"
    return f"{words} {_detail(item)}".rstrip()


def differences(change: Change) -> list[tuple[str, str, str]]:
    """The attributes that differ, in words: name, before, after. Empty unless both sides are there."""
    if change.before is None or change.after is None:
        return []
    fields = change.fields
    # A definition tells what the parts it was printed from tell.
    return [
        (name.replace("_", " "), value_text(change.before[name]), value_text(change.after[name])) for name in fields
    ]


def excerpt(before: str, after: str) -> list[str]:
    """The lines of two long texts that differ, marked `-` and `+`, with a line of context."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return [text for text in lines if not text.startswith(("---", "+++", "@@"))]


def outline(changes: list[Change]) -> list[Change]:
    """The changes without those that go without saying: what is inside a new or a lost table, or on it."""
    whole = {change.object.identity for change in changes if change.sign != "~" and change.object.kind in CONTAINERS}
    return [change for change in changes if change.sign == "~" or change.object.parent not in whole]


def value_text(value: object) -> str:
    """An attribute's value as people say it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _difference(name: str, before: str, after: str) -> str:
    if "\n" in before + after or len(before) + len(after) > LONG:
        return f"{name} differs"
    return f"{name} {shown(before)} -> {shown(after)}"


def _detail(item: Object) -> str:
    """What a reader wants to know first of a new or lost object, in a few words."""
    attributes = item.attributes
    if item.kind == "column":
        words = [attributes["type"], "NOT NULL" if attributes["not_null"] else ""]
        words += [f"DEFAULT {attributes['default']}"] if attributes["default"] is not None else []
        return shown(" ".join(word for word in words if word))
    if item.kind == "constraint":
        return shown(str(attributes["definition"]))
    return ""
