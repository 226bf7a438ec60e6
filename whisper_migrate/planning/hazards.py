"""What a plan would lose, each loss with the word that permits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whisper_migrate.catalog import Object
from whisper_migrate.names import shown
from whisper_migrate.planning.casts import loses_nothing
from whisper_migrate.planning.steps import Step
from whisper_migrate.plurals import plural
from whisper_migrate.statement import Does

# Dropping one of these loses what people put into it.
HOLDS_DATA = ("table", "column", "sequence", "foreign_table", "schema", "extension")
# These hold none, yet who drops one in a draft should mean it.
TYPES = ("enum", "domain", "composite_type", "range_type")


@dataclass(frozen=True)
class Hazard:
    """A loss: the word that permits it (`drop-table`), the object, and what is lost in a few words."""

    word: str
    item: Object
    loss: str

    @property
    def name(self) -> str:
        """The word and what it is about: `drop-column users.nickname`."""
        return f"{self.word} {shown(self.item.identity)}"

    def __str__(self) -> str:
        return f"{self.name}: {self.loss}"


def hazards(steps: Sequence[Step]) -> list[Hazard]:
    """The losses of a plan, in its order."""
    found = []
    again = {step.item.key for step in steps if step.verb == "alter"}
    for step in steps:
        kind = step.item.kind
        word = f"drop-{kind.replace('_', '-')}"
        if step.verb == "drop" and kind in HOLDS_DATA and not _computed(step.item):
            found.append(Hazard(word, step.item, "with everything in it"))
        elif step.verb == "discard" and step.item.key not in again:
            found.append(Hazard(word, step.item, "with values that the new type of this name does not hold"))
        elif loss := _loss(step):
            found.append(Hazard(f"change-{kind.replace('_', '-')}", step.item, loss))
    return found + list(_relabelled(steps))


def lost_types(steps: Sequence[Step]) -> Iterator[Hazard]:
    """Types that a plan drops, and what those lose that it makes anew."""
    made = {step.item.key: step.item for step in steps if step.verb == "create"}
    for step in (step for step in steps if step.verb == "drop" and step.item.kind in TYPES):
        kind = step.item.kind.replace("_", "-")
        if step.item.key not in made:
            yield Hazard(f"drop-{kind}", step.item, "the type itself")
        elif loss := narrowing(step.item, made[step.item.key]):
            yield Hazard(f"change-{kind}", step.item, loss)


def _relabelled(steps: Sequence[Step]) -> Iterator[Hazard]:
    """Enums of which one value comes in the place of another: unless it is a new name, what rows said is lost."""
    for step in steps:
        if step.verb == "alter" and step.before and Does.RENAME_LABEL in step.does:
            names = zip(step.before["labels"], step.item["labels"], strict=True)
            told = ", ".join(f"{old} would say {new}" for old, new in names if old != new)
            yield Hazard("change-enum", step.item, f"rows that say {told}")


def _loss(step: Step) -> str | None:
    """What altering an object may lose. A new name for a value or an attribute loses nothing."""
    renamed = all(does in (Does.RENAME_LABEL, Does.RENAME_ATTRIBUTE) for does in step.does)
    if step.verb != "alter" or step.before is None or renamed:
        return None
    return narrowing(step.before, step.item)


def _computed(item: Object) -> bool:
    """A generated column's values come from its row: nobody put them in."""
    return item.kind == "column" and item["generated"] is not None


def narrowing(before: Object, after: Object) -> str | None:
    """What a change of type may lose; widening a text or a number loses nothing."""
    if before.kind == "enum" and (gone := [label for label in before["labels"] if label not in after["labels"]]):
        return f"loses the {plural('value', len(gone))} {', '.join(gone)}"
    if before.kind == "composite_type":
        gone = [words for words in before["attributes"] or () if words not in (after["attributes"] or ())]
        return f"loses {', '.join(gone)}, with the values that columns of this type hold" if gone else None
    if before.kind != "column" or before["type"] == after["type"]:
        return None
    old, new = before["type"], after["type"]
    if _is_wider(old, new) or loses_nothing(old, new):
        return None
    if {old, new} == {"timestamp without time zone", "timestamp with time zone"}:
        return "the time zone: what has none is in UTC"
    return shown(f"values of type {old} that {new} does not hold")


def _is_wider(old: str, new: str) -> bool:
    """Whether the new type holds every value of the old one: texts do."""
    if new in ("text", "character varying") or (old, new) in WIDER or _longer(old, new) or new == f"{old}[]":
        return True
    return old.endswith("[]") and new.endswith("[]") and _is_wider(old[:-2], new[:-2])


WIDER = frozenset(
    (old, new)
    for chain in (
        ("smallint", "integer", "bigint", "numeric"),
        ("real", "double precision"),
        ("date", "timestamp without time zone"),
    )
    for number, old in enumerate(chain)
    for new in chain[number + 1 :]
)


def _longer(old: str, new: str) -> bool:
    """`character varying(50)` becomes a longer one, or text; `numeric(8,2)` one with more digits on both sides."""
    (head, sizes), (new_head, new_sizes) = _sizes(old), _sizes(new)
    if (head, new_head) == ("character", "character varying"):
        return new_sizes >= sizes
    if head != new_head:
        return False
    if not new_sizes:
        return head in ("character varying", "numeric")
    if head == "numeric" and len(sizes) == len(new_sizes) == 2:
        return new_sizes[1] >= sizes[1] and new_sizes[0] - new_sizes[1] >= sizes[0] - sizes[1]
    return head in ("character varying", "character") and bool(sizes) and new_sizes >= sizes


def _sizes(type_: str) -> tuple[str, list[int]]:
    """`numeric(8,2)` -> ("numeric", [8, 2])."""
    match = re.fullmatch(r"(.+)\(([\d,]+)\)", type_)
    return (match[1], [int(number) for number in match[2].split(",")]) if match else (type_, [])
