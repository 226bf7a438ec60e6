"""Plan the SQL statements that lead from one catalog to another, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from whisper_migrate.catalog.model import Catalog, Change, Key, Object, diff
from whisper_migrate.objects import ATTACHED, KINDS, TABLES, USED_BY_DEFAULTS, column, table
from whisper_migrate.objects.sequence import go_on
from whisper_migrate.planning.containers import container
from whisper_migrate.planning.cycles import Cycle, Relaxed
from whisper_migrate.planning.dependents import dependents, holding_rows, on_rebuilt_keys
from whisper_migrate.planning.generated import becomes_plain, plain_first, refuse_grandchildren, stored
from whisper_migrate.planning.inheritance import (
    above_children,
    depth,
    has_own_default,
    is_key,
    leaving,
    made_again,
    on_their_own,
    own_settings,
    passed_on,
    reached,
)
from whisper_migrate.planning.locality import (
    Kept,
    becomes_own,
    defined_again,
    definition_of_its_own,
    is_defined_again,
)
from whisper_migrate.planning.numbering import continued, numbered, with_values
from whisper_migrate.planning.order import in_order
from whisper_migrate.planning.partition_indexes import (
    is_part,
    kept_apart,
    left_to_attach,
    lost_options,
    mixed_up,
    remade,
    twins_in,
    unlike_first,
)
from whisper_migrate.planning.retype import discarded, move, renamed, renamed_away, taken_over, used_inside
from whisper_migrate.planning.steps import Step, Verb
from whisper_migrate.planning.taken_names import named_again, with_names_free


def plan(before: Catalog, after: Catalog, *, online: bool = False) -> list[Step]:
    """Return the steps that turn `before` into `after`, both read with `requires=True`.

    An object is created after the objects that it depends on. Drops come first, except for tables, columns and
    sequences, which are dropped last. If an object has to be dropped or re-created, its dependents are dropped before
    and created again afterwards. `online`: the steps do not all run in one transaction. Raises Failure if no statements
    lead to `after`.
    """
    if middle := plain_first(before, after):
        return [*plan(before, middle, online=online), *plan(middle, after, online=online)]
    relaxed = Relaxed()
    while True:
        try:
            return _plan(before, after, relaxed, online)
        except Cycle as cycle:
            relaxed.add(cycle)


def _plan(before: Catalog, after: Catalog, relaxed: Relaxed, online: bool) -> list[Step]:
    changes = diff(before, after)
    created = {change.object.key for change in changes if change.sign == "+"}
    dropped = {change.object.key for change in changes if change.sign == "-"}
    altered: set[Key] = set()
    rebuilt: set[Key] = set()
    beside = () if online else changes
    for change in changes:
        if change.before and change.after:
            (altered if _is_alterable(change.before, change.after, beside) else rebuilt).add(change.object.key)
    rebuilt |= relaxed.rebuilt & before.objects.keys() & after.objects.keys()
    keys = {("table", str(before[key].parent)) for key in altered if is_key(before, before[key], after[key])}
    rebuilt |= keys & after.objects.keys()
    made_other = taken_over(dropped, created)
    of_old, of_new, known = before, after, -1
    twins = twins_in(after)
    while len(rebuilt) > known:  # an object that is re-created can force others to be re-created
        known = len(rebuilt)
        altered -= rebuilt
        moved = leaving(of_old, of_new, altered, rebuilt) | becomes_own(of_old, of_new, altered)
        rebuilt |= made_again(of_old, of_new, moved, created | rebuilt)
        rebuilt |= used_inside(of_old, of_new, altered, created | rebuilt)
        mixed = mixed_up(of_new, moved - rebuilt)
        rebuilt |= mixed - created
        altered -= rebuilt
        before, after = (on_their_own(kept_apart(catalog), moved) for catalog in (of_old, of_new))
        after = left_to_attach(after, of_new, mixed)
        disturbed = {key for key in altered if _disturbs(before, after, key, rebuilt)}
        rebuilt |= lost_options(before, after, disturbed)
        rebuilt |= remade(before, after, created | rebuilt, twins)
        rewritten = {key for key in altered if key[0] == "table" and before[key]["unlogged"] != after[key]["unlogged"]}
        rebuilt |= holding_rows(before, after, disturbed | created | rebuilt | rewritten)
        found, held = dependents(before, after, rebuilt | dropped, disturbed, made_other)
        rebuilt |= found
    refuse_grandchildren(before, after, altered)
    leaving_last = {key for key in dropped if key[0] == "column"}  # a person may move their values first
    away = renamed_away(before, rebuilt | made_other, held | leaving_last)
    rebuilt -= away
    dropped -= away
    steps: list[Step] = []
    anew = {key: types for key in held if (types := renamed_away(before, away, {key}))}
    for key in (altered | held | moved | reached(before, after, altered)) - rebuilt - away:
        gone = before.requires.get(key, frozenset()) & (dropped | rebuilt)
        passed = passed_on(before, after, after[key], anew)
        tied = key in moved or any(kind in USED_BY_DEFAULTS for kind, _ in gone)
        tied = tied or ("type" in passed and has_own_default(before, before[key]))
        if key in anew:
            steps += [Step(*part) for part in move(before, after, key, anew[key], passed, tied)]
        else:
            steps += _alterations(before[key], after[key], tied, passed)
    for key in away:
        steps.append(Step("rename", before[key], None, tuple(renamed(before[key]))))
        steps.append(Step("discard", before[key], None, tuple(discarded(before[key]))))
    apart = named_again(before, after, dropped | rebuilt, created | rebuilt)
    apart |= on_rebuilt_keys(before, disturbed, dropped | rebuilt)
    relaxed = replace(relaxed, apart=relaxed.apart | apart)
    steps += _drops(before, after, dropped | rebuilt, away, relaxed)
    made = unlike_first(after, created | rebuilt)
    steps += [_beside(before, step, away) for step in _creates(before, made, created | rebuilt | away, relaxed)]
    ordered = in_order(steps, before, made)
    steps += [_step("finish", after[key]) for key in created | rebuilt]
    steps += _going_on(before, after, created, rebuilt)
    changed = {("table", str(change.object.parent)) for change in changes if change.object.kind == "column"}
    again = (after[key] for key in changed | altered if key[0] == "table" and key in after and key in before)
    steps += [Step("finish", item, item, tuple(table.toasted(item))) for item in again if item.key not in rebuilt]
    first, last = (
        sorted((step for step in steps if step.verb == verb), key=lambda step: _place(after, step.item))
        for verb in ("prepare", "finish")
    )
    parts = _known_names(of_old, before, dropped | rebuilt | altered)
    ordered = list(with_names_free(of_old, of_new, ordered))
    leaving_names = _leaving_names(before, created, dropped)
    kept = Kept(of_old, of_new, moved, created | dropped | rebuilt | held | away)
    merged = (*kept.released(), *kept.inherited_again(), *defined_again(before, after, created | rebuilt))
    planned = [*kept.made(), *parts, *leaving_names, *first, *ordered, *last, *merged]
    return [step for step in continued(planned, of_old, of_new) if step.statements]


def _leaving_names(before: Catalog, created: set[Key], dropped: set[Key]) -> Iterator[Step]:
    """Rename dropped objects whose implied names a new object may need, since they may be dropped late.

    A range type, for example, also has a multirange type and constructor functions.
    """
    kinds = {kind for kind, _ in created}
    for key in sorted(dropped):
        if key[0] in kinds and (made := KINDS[key[0]].make_way(before[key])):
            yield Step("prepare", before[key], before[key], tuple(made))


def _known_names(attached: Catalog, alone: Catalog, changed: set[Key]) -> Iterator[Step]:
    """Rename partition indexes before their tables are detached, if a later step drops or changes them.

    Each database may have other names; the later steps need a known one.
    """
    for key in sorted(changed):
        if key in attached and is_part(attached[key]) and not alone[key].derived:
            item, name = attached[key], str(alone[key].called)
            yield Step("prepare", item, item, tuple(KINDS[item.kind].rename(item, name)))


def statements(steps: Iterable[Step]) -> list[str]:
    """Return the SQL of the steps, in order."""
    return [statement for step in steps for statement in step.statements]


def _disturbs(before: Catalog, after: Catalog, key: Key, rebuilt: set[Key]) -> bool:
    """Whether an object's dependents have to be dropped while it is altered; no if its table is re-created anyway."""
    return not container(before[key], rebuilt) and KINDS[key[0]].disturbs(before[key], after[key])


def _step(verb: Verb, item: Object, inside: Sequence[Object] = ()) -> Step:
    make = getattr(KINDS[item.kind], verb)
    return Step(verb, item, None, tuple(make(item, inside) if inside else make(item)), tuple(inside))


def _place(catalog: Catalog, item: Object) -> tuple[int, int, str]:
    return list(KINDS).index(item.kind), depth(catalog, item), item.identity


def _beside(before: Catalog, step: Step, away: set[Key]) -> Step:
    """Present a re-created type as altered, because columns keep their values of it."""
    return replace(step, verb="alter", before=before[step.item.key]) if step.item.key in away else step


def _is_alterable(before: Object, after: Object, changes: Iterable[Change]) -> bool:
    """Whether ALTER can make the change, in one transaction with all of `changes`."""
    others = [change.after for change in changes if change.after and change.after.key != after.key]
    kind = KINDS[after.kind]
    return kind.alter(before, after) is not None and not kind.too_late(before, after, others)


def _alterations(before: Object, after: Object, tied: bool, passed: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the steps that alter one object: prepare, alter and finish.

    `prepare` removes references to other objects, such as a default, before these are dropped. `finish` adds references
    to new objects when these exist.
    """
    kind = KINDS[after.kind]
    bare = kind.without_references(before, after, tied)
    if bare != before:
        yield Step("prepare", after, before, tuple(kind.alter(before, bare) or ()))
    yield Step("alter", after, before, tuple(kind.alter(bare.but(**passed), after) or ()))
    yield Step("finish", after, before, tuple(kind.finish(after, bare)))


def _drops(before: Catalog, after: Catalog, dropped: set[Key], away: set[Key], relaxed: Relaxed) -> Iterator[Step]:
    """Yield the drops that need a statement: other objects are dropped along with their table or owner."""
    for key in dropped:
        item = before[key]
        if item.kind in ATTACHED:
            owners = before.requires.get(key, ())
            gone = {owner for owner in owners if owner in dropped | away and not _is_setting(before[owner], dropped)}
            along = bool(gone) or any(_loses(item, before, after, owner) for owner in owners)
        else:
            along = container(item, dropped) is not None and key not in relaxed.apart
            # DROP TYPE of a base type drops its input and output functions too.
            types = (of for of in before.requires.get(key, ()) if of[0] == "unknown" and of in dropped)
            along |= any(key in before.requires.get(of, ()) for of in types)
        if along and key in relaxed.untied and not item.derived:
            bare = column.without_references(item, item, True)
            yield Step("prepare", item, item, tuple(column.alter(item, bare) or ()))
        if not along and (not item.derived or is_defined_again(before, item)):
            yield _step("drop", item)


def _going_on(before: Catalog, after: Catalog, created: set[Key], rebuilt: set[Key]) -> Iterator[Step]:
    """Yield steps that set a new sequence behind the values of the existing columns that it will number."""
    for item in (after[key] for key in created if key[0] == "sequence"):
        known = (one for one in numbered(after, item) if one.key in before and one.key not in rebuilt)
        columns = with_values(after, list(known))
        if columns:
            down = item["increment"] < 0
            bound = item["minimum"] if down else item["maximum"]
            statement = go_on(item.identity, columns, str(item["start"]), str(bound), down=down)
            yield Step("finish", item, None, (statement,))


def _is_setting(item: Object, dropped: set[Key]) -> bool:
    """Whether only the settings of a view's column are dropped, while the view stays."""
    return bool(item.kind == "column" and item["of_view"]) and container(item, dropped) is None


def _loses(item: Object, before: Catalog, after: Catalog, column: Key) -> bool:
    """Whether a grant or comment belongs to the sequence of an identity that the column is about to lose."""
    if column[0] != "column" or column not in after or after[column]["identity_sequence"]:
        return False
    return bool(item["name"] == before[column]["identity_sequence"])


def _creates(before: Catalog, after: Catalog, created: set[Key], relaxed: Relaxed) -> list[Step]:
    """Return the steps that create objects. Columns and constraints of a new table are part of its CREATE TABLE.

    A default in `relaxed.untied` is set by a later step.
    """
    inside: dict[Key, list[Object]] = {}
    steps, rests = [], []
    for item in (after[key] for key in after.objects if key in created):
        whole, again = container(item, created), item.kind == "column" and is_defined_again(after, item)
        if item.derived and (whole or not again):
            if item.kind == "column":
                is_new = ("table", str(item.parent)) in created
                rests.append(Step("create", item, None, tuple(own_settings(after, item, is_new))))
            if whole and again:
                inside.setdefault(whole, []).append(definition_of_its_own(item))
            continue
        if whole and KINDS[item.kind].fits_inside(item) and item.key not in relaxed.apart:
            bare = column.without_references(item, item, True) if item.key in relaxed.untied else item
            inside.setdefault(whole, []).append(bare)
            if bare is not item:
                rests.append(Step("alter", item, bare, tuple(column.alter(bare, item) or ())))
        else:
            steps.append(item)
    children = (
        item for item in after if item.kind in TABLES and not item["partition_bound"] and item.key not in created
    )
    above = {parent for child in children for parent in child["parents"] or ()}
    return rests + [
        above_children(item)
        if item.kind == "column" and item["identity_kind"] and item.parent in above
        else stored(before, item)
        if becomes_plain(before, item)
        else _step("create", item, inside.get(item.key, ()))
        for item in steps
    ]
