"""The data that a plan would lose, each loss with the word that permits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whisper_migrate.catalog.casts import loses_nothing
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.statement import Does
from whisper_migrate.objects import KINDS, TYPES
from whisper_migrate.objects.composite_type import split
from whisper_migrate.planning.capacity import holds_all
from whisper_migrate.planning.numbering import lost_options
from whisper_migrate.planning.steps import Step
from whisper_migrate.wording.plurals import plural


@dataclass(frozen=True)
class Hazard:
    """A loss: the word that permits it (`drop-table`), the object, and a short description of the lost data."""

    word: str
    item: Object
    loss: str

    @property
    def name(self) -> str:
        """The word and the object: `drop-column users.nickname`."""
        return f"{self.word} {shown(self.item.identity)}"

    def __str__(self) -> str:
        return f"{self.name}: {self.loss}"


def hazards(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Hazard]:
    """Return the losses of a plan from `before` to `after`, in the order of its steps."""
    found = []
    numbering = {sequence.key: lost for sequence, lost in _becoming_identities(steps)}
    again = {step.item.key for step in steps if step.verb == "alter"}
    for step in steps:
        kind = step.item.kind
        word = f"drop-{kind.replace('_', '-')}"
        if step.item.key in numbering:
            if step.verb == "drop" and (lost := numbering[step.item.key]):
                found.append(Hazard(word, step.item, f"with its {lost}, which the identity does not have"))
            continue
        if step.verb == "drop" and KINDS[kind].holds_data and not _computed(step.item, after):
            found.append(Hazard(word, step.item, "with everything in it"))
        elif step.verb == "discard" and step.item.key not in again:
            found.append(Hazard(word, step.item, "with values that the new type of this name does not hold"))
        elif loss := _loss(step, before, after):
            found.append(Hazard(f"change-{kind.replace('_', '-')}", step.item, loss))
    return found + list(_relabelled(steps))


def lost_types(steps: Sequence[Step], before: Catalog, after: Catalog) -> Iterator[Hazard]:
    """Yield the types that a plan drops for good, and the losses of types that it creates again.

    Types hold no data, but a draft still asks before it drops one.
    A type is skipped if its columns all change to another type: `hazards` reports each column that loses values.
    """
    made = {step.item.key: step.item for step in steps if step.verb == "create"}
    retyped = {step.before["type"].removesuffix("[]") for step in steps if step.before and Does.SET_TYPE in step.does}
    for step in (step for step in steps if step.verb == "drop" and step.item.kind in TYPES):
        kind = step.item.kind.replace("_", "-")
        if step.item.key not in made and step.item.identity in retyped:
            continue
        if step.item.key not in made:
            yield Hazard(f"drop-{kind}", step.item, "the type itself")
        elif loss := narrowing(step.item, made[step.item.key], before, after):
            yield Hazard(f"change-{kind}", step.item, loss)


def _relabelled(steps: Sequence[Step]) -> Iterator[Hazard]:
    """Yield the enums whose labels are renamed: rows that hold the old label then hold the new one."""
    for step in steps:
        if step.verb == "alter" and step.before and Does.RENAME_LABEL in step.does:
            names = zip(step.before["labels"], step.item["labels"], strict=True)
            meant = ", ".join(f"{old} would say {new}" for old, new in names if old != new)
            yield Hazard("change-enum", step.item, f"rows that say {meant}")


def _becoming_identities(steps: Sequence[Step]) -> Iterator[tuple[Object, str]]:
    """Yield the sequence of each serial column that becomes an identity, with the options that the identity lacks."""
    identities = {
        step.item.identity: step.item
        for step in steps
        if step.before
        and step.item.kind == "column"
        and step.item["identity_sequence"]
        and not step.before["identity_sequence"]
    }
    for step in steps:
        if step.verb == "drop" and step.item.kind == "sequence" and step.item["owned_by"] in identities:
            yield step.item, lost_options(step.item, identities[step.item["owned_by"]])


def _loss(step: Step, before: Catalog, after: Catalog) -> str | None:
    """Describe the loss when a step alters an object; None if nothing is lost, as when only labels are renamed."""
    renamed = all(does in (Does.RENAME_LABEL, Does.RENAME_ATTRIBUTE) for does in step.does)
    if step.verb != "alter" or step.before is None or renamed:
        return None
    return narrowing(step.before, step.item, before, after)


def _computed(item: Object, after: Catalog) -> bool:
    """Whether a column is generated, so that its values can be computed again.

    A STORED column that is dropped to become plain loses them; a VIRTUAL one is filled from its expression.
    """
    if item.kind != "column" or item["generated"] is None:
        return False
    plain = item.key in after and after[item.key]["generated"] is None
    return not (plain and item["generated_kind"] == "STORED")


def narrowing(before: Object, after: Object, old_catalog: Catalog, new_catalog: Catalog) -> str | None:
    """Describe the loss when a type changes; None if the new type holds every value of the old one."""
    if before.kind == "enum" and (gone := [label for label in before["labels"] if label not in after["labels"]]):
        return f"loses the {plural('value', len(gone))} {', '.join(gone)}"
    if before.kind == "composite_type":
        gone = [f"{name} {type_}" for name, type_, _ in lost_attributes(before, after, old_catalog, new_catalog)]
        return f"loses {', '.join(gone)}, with the values that columns of this type hold" if gone else None
    if before.kind != "column" or before["type"] == after["type"]:
        return None
    old, new = before["type"], after["type"]
    if holds_all(old, new, old_catalog, new_catalog) or loses_nothing(old, new):
        return None
    if {old, new} == {"timestamp without time zone", "timestamp with time zone"}:
        return "the time zone: what has none is in UTC"
    return shown(f"values of type {old} that {new} does not hold")


def lost_attributes(
    before: Object, after: Object, old_catalog: Catalog, new_catalog: Catalog
) -> Iterator[tuple[str, str, str | None]]:
    """Yield each attribute of a composite type that loses values: its name, old type and new type.

    The new type is None if no value is kept.
    """
    new_types = dict(split(after))
    for name, type_ in split(before):
        new = new_types.get(name)
        if new in (None, f"{type_}[]"):
            yield name, type_, None
        elif not holds_all(type_, new, old_catalog, new_catalog):
            yield name, type_, new
