"""What a plan would lose, each loss with the word that permits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whisper_migrate.catalog import Object
from whisper_migrate.names import shown
from whisper_migrate.plan import Step

# Dropping one of these loses what people put into it.
HOLDS_DATA = ("table", "column", "sequence", "foreign_table", "schema", "extension")


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
    for step in steps:
        kind = step.item.kind
        word = f"drop-{kind.replace('_', '-')}"
        if step.verb == "drop" and kind in HOLDS_DATA:
            found.append(Hazard(word, step.item, "with everything in it"))
        elif step.verb == "alter" and step.before and (loss := _narrowing(step.before, step.item)):
            found.append(Hazard(f"change-{kind.replace('_', '-')}", step.item, loss))
    return found


def _narrowing(before: Object, after: Object) -> str | None:
    """What a change of type may lose; widening a text or a number loses nothing."""
    if before.kind == "enum" and (gone := [label for label in before["labels"] if label not in after["labels"]]):
        return f"loses the value{'s' if len(gone) > 1 else ''} {', '.join(gone)}"
    if before.kind != "column" or before["type"] == after["type"]:
        return None
    old, new = before["type"], after["type"]
    if (old, new) in WIDER or _length(old, new):
        return None
    return f"values of type {old} that {new} does not hold"


WIDER = frozenset(
    (old, new)
    for chain in (("smallint", "integer", "bigint", "numeric"), ("real", "double precision"))
    for number, old in enumerate(chain)
    for new in chain[number + 1 :]
)


def _length(old: str, new: str) -> bool:
    """`character varying(50)` becomes a longer one, or text."""
    head = "character varying"
    if not old.startswith(head):
        return False
    if new in ("text", head):
        return True
    sizes = [text.removeprefix(head).strip("()") for text in (old, new)]
    return new.startswith(head) and all(size.isdigit() for size in sizes) and int(sizes[1]) >= int(sizes[0])
