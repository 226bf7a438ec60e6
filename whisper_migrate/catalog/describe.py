"""Words for people: a change in one line, the differing part of two texts, and the title of a revision."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from whisper_migrate.catalog.model import Change, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.plurals import counted

if TYPE_CHECKING:
    from alembic.runtime.migration import RevisionStep
    from alembic.script import Script

LONG = 200  # characters; of a longer value only the differing part is shown
AROUND = 10  # words and signs of context
WINDOW = 2000  # lines to compare, from the first difference on
MANY = 40  # lines to show; the JSON report has them all


def title(revision: Script | RevisionStep) -> str:
    """Return the first line of a revision's message."""
    return (revision.doc or "").partition("\n")[0]


def line(change: Change) -> str:
    """Return a change in one line: `+ column users.email_verified boolean NOT NULL`."""
    item = change.object
    words = f"{change.sign} {item.kind.replace('_', ' ')} {shown(item.identity)}"
    if change.before and change.after:
        return visible(f"{words}: {'; '.join(_difference(*values) for values in differences(change))}")
    return visible(f"{words} {_detail(item)}".rstrip())


def differences(change: Change) -> list[tuple[str, str, str]]:
    """Return the attributes that differ: name, before, after. Empty unless the object is in both catalogs."""
    if change.before is None or change.after is None:
        return []
    fields = change.fields
    if change.object.kind == "function" and len(fields) > 1:
        fields.remove("definition")  # it repeats the other attributes
    if "identity_kind" in fields and None in (change.before["identity_kind"], change.after["identity_kind"]):
        fields = [name for name in fields if not name.startswith("identity_") or name == "identity_kind"]
    return [
        (name.replace("_", " "), value_text(change.before[name]), value_text(change.after[name])) for name in fields
    ]


def excerpt(before: str, after: str) -> list[str]:
    """Return the differing parts of two long texts, marked `-` and `+`: lines, or words, with some context."""
    if "\n" not in before + after:
        return [visible(f"{mark} {text}") for mark, text in zip("-+", _middles(before, after), strict=True)]
    old, new = before.split("\n"), after.split("\n")
    start = max(alike(old, new) - 1, 0)
    # The time grows with the square of the length, so only a window from the first difference on is compared.
    diff = difflib.unified_diff(old[start : start + WINDOW], new[start : start + WINDOW], n=1, lineterm="")
    lines = [in_lines(text) for text in list(diff)[2:] if not text.startswith("@@")]
    return lines if len(lines) <= MANY + 1 else [*lines[:MANY], f"... and {counted(len(lines) - MANY, 'line')} more"]


def in_lines(text: str) -> str:
    """Return a text with its line breaks and tabs, and every other hidden character made visible."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))


def _middles(before: str, after: str) -> tuple[str, str]:
    """Return both texts without their common start and end, but with a few words of context."""
    old, new = (re.findall(r"\w+|\W", text) for text in (before, after))
    head = alike(old, new)
    tail = alike(old[head:][::-1], new[head:][::-1])
    head, tail = max(head - AROUND, 0), max(tail - AROUND, 0)

    def cut(words: list[str]) -> str:
        middle = "".join(words[head : len(words) - tail])
        return f"{'...' if head else ''}{middle}{'...' if tail else ''}"

    return cut(old), cut(new)


def alike(one: list[str], other: list[str]) -> int:
    """Return the number of words at the start that both lists have in common."""
    return next(
        (number for number, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


def outline(changes: list[Change]) -> list[Change]:
    """Return the changes without those of objects inside or on a new or dropped object, such as a table."""
    whole = {change.object.identity for change in changes if change.sign != "~"}
    return [change for change in changes if change.sign == "~" or change.object.parent not in whole]


def value_text(value: object) -> str:
    """Return an attribute's value for people."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value) or "''"


def _difference(name: str, before: str, after: str) -> str:
    if "\n" in before + after or len(before) + len(after) > LONG:
        return f"{name} differs"
    return f"{name} {shown(before)} -> {shown(after)}"


def _detail(item: Object) -> str:
    """Return the most important facts of a new or dropped object, in a few words."""
    attributes = item.attributes
    if item.kind == "column":
        words = ["(of a view)" if attributes["of_view"] else "", attributes["type"]]
        words += ["NOT NULL"] if attributes["not_null"] else []
        words += [f"DEFAULT {attributes['default']}"] if attributes["default"] is not None else []
        kind = attributes["identity_kind"]
        words += [f"GENERATED {kind} AS IDENTITY"] if kind else []
        if attributes["generated"] is not None:
            body = attributes["generated"]
            body = body if body.startswith("(") else f"({body})"
            words.append(f"GENERATED ALWAYS AS {body} {attributes['generated_kind']}")
        return _joined(shown(" ".join(word for word in words if word)))
    if item.kind == "index":
        definition = str(attributes["definition"])
        start = definition.find(attributes["name"]) if not attributes.get("part_of") else 0
        return _joined(shown(definition[definition.find(" ON ", start) + 1 :]))
    for kinds, name in TELLING.items():
        if item.kind in kinds and attributes[name]:
            return f"({_cut(shown(value_text(attributes[name])))})"
    return _joined(shown(str(attributes["definition"]))) if item.kind == "constraint" else ""


# The most important attribute of each kind.
TELLING = {
    ("grant", "default_privilege"): "privileges",
    ("comment",): "text",
    ("enum",): "labels",
    ("domain",): "type",
    ("policy",): "command",
}


def _joined(text: str) -> str:
    """Join the lines of a definition (PostgreSQL prints CASE in several) into one."""
    parts: list[str] = []
    for part in filter(None, map(str.strip, text.split("\n"))):
        parts += [part] if not parts or parts[-1].endswith("(") else [" ", part]
    return "".join(parts)


def _cut(text: str) -> str:
    """Return a text on one line, cut off if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONG // 2 else f"{line[: LONG // 2]}..."
