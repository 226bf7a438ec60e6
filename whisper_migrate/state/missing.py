"""Find the revisions whose changes a database lacks, although it has the changes of later ones.

Another tool may have led a database to much of this history's schema, in another order. No revision equals it then, but
one does once the missing revisions before it have run, with their steps on rows. Whether a revision is missing can be
seen in the objects that it creates, alters or drops: each is in the form of before the revision, or in a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from whisper_migrate.catalog.describe import outline
from whisper_migrate.catalog.model import Catalog, Change, Key, Object, diff
from whisper_migrate.history.history import History
from whisper_migrate.objects import REPLACEABLE
from whisper_migrate.project.ignore import split
from whisper_migrate.state.nearest import Candidate, distance

# What a missing revision counts, beside the differences that are left after it.
COST = 2


@dataclass(frozen=True)
class Approach:
    """A revision, earlier ones to run on the database first, and the catalog and the differences after these.

    `needed` are objects without rows that the database lacks and that a missing revision drops or alters.
    """

    revision: str
    missing: tuple[str, ...]
    catalog: Catalog = field(repr=False)
    changes: list[Change] = field(repr=False)
    needed: tuple[Object, ...] = ()


def approach(history: History, candidates: Sequence[Candidate], actual: Catalog) -> Approach:
    """Return the revision that is reached with the fewest differences and missing revisions."""
    found = nearest_as_it_is(candidates, actual)
    least = distance(found.changes)
    for one in _approaches(history, _in_order(history, candidates), actual):
        cost = distance(one.changes) + COST * len(one.missing)
        if cost <= least:  # a change of a later revision would block an upgrade from an earlier one
            found, least = one, cost
    return found


def nearest_as_it_is(candidates: Sequence[Candidate], actual: Catalog) -> Approach:
    """Return the nearest revision, with no revision to run before."""
    return Approach(candidates[0].revision, (), actual, candidates[0].changes)


def _in_order(history: History, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates from the first revision to the head; none if the history branches."""
    known = {one.revision: one for one in candidates}
    scripts = history.newest_first()[::-1]
    if any(isinstance(script.down_revision, tuple) for script in scripts) or len(history.heads) > 1:
        return []
    return [known[script.revision] for script in scripts]


def _approaches(history: History, states: Sequence[Candidate], actual: Catalog) -> Iterator[Approach]:
    """Yield each revision whose changes the database has, if some before it are missing, with these."""
    differing = [{change.object.key for change in state.changes} for state in states]
    expected, touched = actual, set[Key]()
    missing: list[str] = []
    needed: list[Object] = []
    for place, state in enumerate(states[1:], 1):
        before = states[place - 1].catalog
        made, _ = split(diff(before, state.catalog), history.project.ignored, before, state.catalog)
        lacks = _lacks(made, place, states, differing, actual)
        if missing and lacks is False:
            left = list(_left(state, expected, touched))
            yield Approach(state.revision, tuple(missing), expected, left, tuple(needed))
        transactional = "autocommit_block" not in history.source(state.revision)
        if lacks and transactional and (more := _required(made, expected)) is not None:
            expected = _after(expected, made, state.catalog)
            touched |= {change.object.key for change in made}
            missing.append(state.revision)
            needed += more


def _left(state: Candidate, expected: Catalog, touched: set[Key]) -> Iterator[Change]:
    """Yield the differences between a revision and the expected catalog."""
    yield from (change for change in state.changes if change.object.key not in touched)
    for key in touched:
        wanted, found = state.catalog.objects.get(key), expected.objects.get(key)
        if wanted != found:
            yield Change(wanted, found)


def _lacks(
    made: list[Change], place: int, states: Sequence[Candidate], differing: Sequence[set[Key]], actual: Catalog
) -> bool | None:
    """Whether the database lacks a revision's changes `made`; None if that cannot be seen.

    It has them if one object with rows shows it. Only if none of these shows anything, the majority of the other
    objects decides.
    """
    votes: dict[bool, list[bool]] = {True: [], False: []}
    for change in outline(made):
        key, here = change.object.key, change.object.key in actual
        if change.sign == "~":
            places = [p for p, keys in enumerate(differing) if here and key not in keys]
        else:
            places = [p for p, state in enumerate(states) if (key in state.catalog) == here]
        if places and (places[-1] < place or places[0] >= place):
            votes[key[0] in REPLACEABLE].append(places[-1] < place)
    if votes[False]:
        return all(votes[False])
    return sum(votes[True]) * 2 > len(votes[True]) if votes[True] else None


def _required(made: list[Change], expected: Catalog) -> list[Object] | None:
    """Return the objects to create before a revision can run; None if it cannot run."""
    more = []
    for change in outline(made):
        item = change.object
        if change.sign == "+":
            if item.key in expected and item.kind != "comment":
                return None
        elif item.key not in expected:
            if item.kind not in REPLACEABLE or change.before is None:
                return None
            more.append(change.before)
    return more


def _after(catalog: Catalog, made: list[Change], state: Catalog) -> Catalog:
    """Return the catalog with the changes that a revision has `made`; `state` is the revision's own catalog."""
    objects, requires = dict(catalog.objects), dict(catalog.requires)
    for change in made:
        key = change.object.key
        if change.after is None:
            objects.pop(key, None)
            if key[0] == "table":
                objects = {k: item for k, item in objects.items() if item.parent != key[1]}
        else:
            objects[key] = change.after
            requires[key] = state.requires.get(key, frozenset())
    requires = {key: needed & objects.keys() for key, needed in requires.items() if key in objects}
    return replace(catalog, objects=objects, requires=requires)
