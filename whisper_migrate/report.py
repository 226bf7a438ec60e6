"""Findings for people: what differs, where, and what to type next."""

from __future__ import annotations

from whisper_migrate.catalog import Change, Object
from whisper_migrate.names import shown
from whisper_migrate.plan import CONTAINERS


def line(change: Change) -> str:
    """One change in one line: `+ column users.email_verified boolean NOT NULL`."""
    item = change.object
    words = f"{change.sign} {item.kind.replace('_', ' ')} {shown(item.identity)}"
    if change.sign == "~":
        assert change.before and change.after
        parts = [_difference(name, change.before[name], change.after[name]) for name in change.fields]
        return f"{words}: {'; '.join(parts)}"
    return f"{words} {detail(item)}".rstrip()


def outline(changes: list[Change]) -> list[Change]:
    """The changes without those that go without saying: what is in a new or a dropped table, and comments on it."""
    whole = {change.object.identity for change in changes if change.sign != "~" and change.object.kind in CONTAINERS}
    return [change for change in changes if change.sign == "~" or change.object.parent not in whole]


def detail(item: Object) -> str:
    """What a reader wants to know first of a new or lost object, in a few words."""
    attributes = item.attributes
    if item.kind == "column":
        words = [attributes["type"], "NOT NULL" if attributes["not_null"] else ""]
        words += [f"DEFAULT {attributes['default']}"] if attributes["default"] is not None else []
        return shown(" ".join(word for word in words if word))
    if item.kind == "constraint":
        return shown(attributes["definition"])
    return ""


def _difference(name: str, before: object, after: object) -> str:
    old, new = _text(before), _text(after)
    if "\n" in old or "\n" in new or len(old) + len(new) > 200:
        return f"{name.replace('_', ' ')} differs"
    return f"{name.replace('_', ' ')} {shown(old)} -> {shown(new)}"


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
