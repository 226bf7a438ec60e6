"""Find the places in a plan where the author of a revision may add steps that move data."""

from __future__ import annotations

from collections.abc import Sequence

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.statement import Does
from whisper_migrate.planning.hazards import narrowing
from whisper_migrate.planning.steps import Step, drops_rows

MARK = "# Data steps go here."


def data_places(steps: Sequence[Step], before: Catalog, after: Catalog) -> set[int]:
    """Return the numbers of the steps before which data can be moved.

    There, new tables and columns exist, old ones still exist, and new constraints do not exist yet. There are two such
    places if an old table or column must be dropped before a new one is created. There is none if a backfill fills what
    is new and nothing is dropped.
    """
    made = [n for n, step in enumerate(steps) if step.verb == "create" and _is_to_fill(step.item)]
    new = {step.item.identity for step in steps if step.verb == "create" and step.item.kind == "table"}
    drops = [n for n, step in enumerate(steps) if drops_rows(step)]
    if not drops and any(step.verb == "fill" for step in steps):
        return set()
    rules = [n for n, step in enumerate(steps) if _is_rule(step, before, after) and step.item.parent not in new]
    ends = sorted([*rules, *drops, len(steps)])
    begins = {max((n for n in made if not drops or n < drops[0]), default=-1), max(made, default=-1)}
    return {next(end for end in ends if end > begin) for begin in begins}


def _is_to_fill(item: Object) -> bool:
    """Whether a new object holds rows or values that steps can put there: PostgreSQL computes generated columns."""
    return item.kind == "table" or (item.kind == "column" and not item["generated"])


def _is_rule(step: Step, before: Catalog, after: Catalog) -> bool:
    """Whether rows can make the step fail."""
    if step.item.kind == "column" and step.verb == "alter" and step.before:
        made_anew = step.before["type"] == step.item["type"]  # such as an enum that is re-created to lose a label
        if Does.SET_TYPE in step.does and (made_anew or narrowing(step.before, step.item, before, after)):
            return True
        return bool(step.item["not_null"] > step.before["not_null"])
    return step.verb == "create" and step.item.kind in ("constraint", "domain_constraint", "index")
