"""Findings for people: what differs, where, and what to type next."""

from __future__ import annotations

from rich.markup import escape

from whisper_migrate.catalog import Change, Object
from whisper_migrate.drift import Verdict
from whisper_migrate.names import joined, shown
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


def report(verdict: Verdict, database: str | None) -> list[str]:
    """The verdict in lines: each finding with its changes by table, and the remedy."""
    lines = []
    if verdict.unwritten:
        lines.append(f"Unwritten: the models differ from the history ({_count(verdict.unwritten)}).")
        lines += _changes(verdict.unwritten)
        lines.append('  -> make revision msg="..."')
    if verdict.pending:
        lines.append(
            f"Pending: the database stands at {verdict.revision or 'no revision'}, the head is {verdict.head}."
        )
        lines += [f"  {script.revision} {script.doc}" for script in verdict.pending]
        lines.append("  -> make upgrade")
    if verdict.drift:
        at = verdict.revision or "no revision"
        lines.append(
            f"Drift: the database differs from the history at {at}, where it is stamped ({_count(verdict.drift)})."
        )
        lines += _changes(verdict.drift)
    lines += [f"Not readable: {reason}" for reason in verdict.unreadable]
    names = [*(name for name in verdict.compared if name != "database")]
    names += [database] if database and "database" in verdict.compared else []
    lines.append(f"Compared {joined(names)}: {'nothing differs' if verdict.clean else 'they differ'}.")
    return [escape(text) for text in lines]


def _changes(changes: list[Change]) -> list[str]:
    return [f"  {line(change)}" for change in outline(changes)]


def _count(changes: list[Change]) -> str:
    return f"{len(changes)} change{'s' if len(changes) > 1 else ''}"
