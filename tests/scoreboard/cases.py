"""The cases of tests/objects in a fixed order, in groups of those that begin with the same database."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, count
from pathlib import Path

from tests.objects.harness import Case

TABLES = Path(__file__).parents[1] / "objects"


@dataclass(frozen=True)
class Group:
    """Cases of one kind with the same SQL before the change."""

    kind: str
    before: str
    cases: tuple[Case, ...]


def groups(words: Sequence[str] = (), version: int = 18, every: int = 1) -> list[Group]:
    """Return the cases that this major version of PostgreSQL supports, of the kinds with these names or of all.

    `every=5` leaves only the first of each five.
    """
    found: dict[tuple[str, str], list[Case]] = {}
    numbers = count()
    for path in sorted(TABLES.glob("test_*.py")):
        kind = path.stem.removeprefix("test_")
        if words and kind not in words:
            continue
        lists = (value for value in vars(import_module(f"tests.objects.{path.stem}")).values() if _is_table(value))
        for case in chain.from_iterable(lists):
            if case.since <= version and next(numbers) % every == 0:
                found.setdefault((kind, case.before), []).append(case)
    return [Group(*key, tuple(cases)) for key, cases in found.items()]


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Case) for one in value)
