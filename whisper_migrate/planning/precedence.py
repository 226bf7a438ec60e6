"""The rules for the order of a plan's steps: one method for each rule, which yields pairs of steps."""

from __future__ import annotations

from collections.abc import Iterator

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.objects import ATTACHED, OVERLOADED, TABLES, TYPES, USED_BY_DEFAULTS
from whisper_migrate.objects.constraint import HAS_INDEX
from whisper_migrate.planning.containers import container
from whisper_migrate.planning.inheritance import above
from whisper_migrate.planning.locality import is_defined_again
from whisper_migrate.planning.steps import Step, both_tables, drops_rows, is_foreign_key
from whisper_migrate.planning.taken_names import names, of_not_null

# The earlier step, the later step, and the dependency behind the edge, if an exception in `Relaxed` may break it.
Edge = tuple[Step, Step, tuple[Key, Key] | None]


class Precedence:
    """The steps by the objects that they create, drop and rename, and the rules for their order."""

    def __init__(self, steps: list[Step], before: Catalog, after: Catalog) -> None:
        self.before, self.after = before, after
        self.prepared = {step.item.key for step in steps if step.verb == "prepare"}
        self.steps = [step for step in steps if step.verb not in ("prepare", "finish")]
        self.place = {step.key: step for step in self.steps}
        self.renames = {(step.before or step.item).key: step for step in self.steps if step.verb == "rename"}
        self.makes = {step.item.key: step for step in self.renames.values() if step.before}
        self.makes |= {step.item.key: step for step in self.steps if step.verb in ("create", "alter")}
        inside = {part.key: step for step in self.steps for part in step.inside}
        # Objects that are created with their table, and whose default is set in a later step.
        self.ties = {key: self.makes[key] for key in inside.keys() & self.makes.keys()}
        self.makes |= inside
        self.drops = {step.item.key: step for step in self.steps if step.verb in ("drop", "alter")}
        self.drops |= {step.item.key: step for step in self.steps if step.verb == "discard"}
        self.gone = {key for key, step in self.drops.items() if step.verb == "drop"}

    def edges(self) -> Iterator[Edge]:
        """Yield the edges of all rules."""
        for rule in (
            self._what_is_needed_comes_first,
            self._what_is_needed_goes_last,
            self._names_are_changed_while_nothing_is_made,
            self._one_object_at_a_time,
            self._one_primary_key_at_a_time,
            self._no_call_is_ambiguous,
            self._foreign_keys_find_their_key,
            self._foreign_keys_come_after_rebuilt_keys,
            self._whole_rows_are_stored_last,
            self._heirs_come_after_columns,
            self._inherited_checks_are_dropped_above_first,
            self._checks_come_before_values,
            self._names_are_free,
            self._partitions_make_room,
            self._nothing_logged_needs_what_is_not,
        ):
            yield from (edge for edge in rule() if edge[0] is not edge[1])

    def _what_is_needed_comes_first(self) -> Iterator[Edge]:
        for key, needed in self.after.requires.items():
            for other in needed:
                step, earlier = self.makes.get(key), self.makes.get(other)
                if step and earlier and step.key == ("create", key) and _is_of_parent(self.after, key, other):
                    step, earlier = earlier, step  # the child's own column exists first; the parent's is merged into it
                if other[0] in USED_BY_DEFAULTS and key in self.ties:
                    step = self.ties[key]
                if step and earlier:
                    yield earlier, step, (key, other)

    def _what_is_needed_goes_last(self) -> Iterator[Edge]:
        for key, needed in self.before.requires.items():
            whole = None if key[0] in ATTACHED else container(self.before[key], self.gone)
            step = self.drops.get(key) or self.drops.get(whole or key)
            for other in needed if step else ():
                for later in self._ends(other):
                    if _is_of_altered_table(step, later):
                        continue
                    if step and {step.verb, later.verb} & {"drop", "discard"} and not _leaves_values(step, later):
                        if step.key == ("drop", key) and _is_of_parent(self.before, key, other):
                            yield later, step, None
                        elif key not in self.prepared or other[0] not in USED_BY_DEFAULTS:
                            yield step, later, (key, other)
                        elif step.verb == "alter":
                            yield later, step, (key, other)

    def _names_are_changed_while_nothing_is_made(self) -> Iterator[Edge]:
        """Drop or rename an object that contains a type's name, such as a function, before the type is renamed."""
        for key, step in self.renames.items():
            if key in self.makes and self.makes[key].verb != "rename":
                yield step, self.makes[key], None
                if ("discard", key) in self.place:
                    yield self.makes[key], self.place["discard", key], None
            if step.before:
                yield step, self.makes[step.item.key], None
            if ("discard", key) in self.place:
                yield step, self.place["discard", key], None
        for key, needed in self.before.requires.items() if self.renames else ():
            whole = None if key[0] in ATTACHED else container(self.before[key], self.gone)
            end = self.drops.get(key) or self.drops.get(whole or key)
            for other in needed & self.renames.keys() if end else ():
                if end and ((end.verb == "drop" and not drops_rows(end)) or key in self.renames):
                    yield self.renames.get(key, end), self.renames[other], None

    def _one_object_at_a_time(self) -> Iterator[Edge]:
        for key, tie in self.ties.items():
            yield self.makes[key], tie, None
        for key in self.gone & self.makes.keys():
            yield self.drops[key], self.makes[key], None

    def _one_primary_key_at_a_time(self) -> Iterator[Edge]:
        """Drop a table's primary key before it gets another one by another name."""
        made = {step.item.parent: step for step in self.makes.values() if _is_primary_key(step.item)}
        for key in self.gone:
            if _is_primary_key(self.before[key]) and self.before[key].parent in made:
                yield self.drops[key], made[self.before[key].parent], None

    def _foreign_keys_find_their_key(self) -> Iterator[Edge]:
        """Drop a key before a foreign key to its table is made: PostgreSQL may choose this key for it."""
        keys: dict[Key, list[Step]] = {}
        for key in self.gone:
            if key[0] == "index" or (key[0] == "constraint" and self.before[key]["type"] in HAS_INDEX):
                keys.setdefault(("table", str(self.before[key].parent)), []).append(self.drops[key])
        for key in self.makes if keys else ():
            if key in self.after and is_foreign_key(self.after[key]) and self.makes[key].verb == "create":
                for table in both_tables(self.after, key) & keys.keys():
                    yield from ((step, self.makes[key], None) for step in keys[table])

    def _foreign_keys_come_after_rebuilt_keys(self) -> Iterator[Edge]:
        """Alter the columns of a key before a foreign key to it is made: PostgreSQL may rebuild the key."""
        for key, step in self.makes.items():
            if key in self.after and is_foreign_key(self.after[key]) and step.verb == "create":
                used = {
                    one for needed in self.after.requires.get(key, ()) for one in self.after.requires.get(needed, ())
                }
                for column in used:
                    if column[0] == "column" and (altered := self.place.get(("alter", column))):
                        yield altered, step, None

    def _no_call_is_ambiguous(self) -> Iterator[Edge]:
        """Drop a function before an object is made that calls another one of its name: PostgreSQL has to choose one."""
        gone: dict[str, list[Step]] = {}
        for kind, identity in self.gone:
            if kind in OVERLOADED:
                gone.setdefault(_own_name(identity), []).append(self.drops[kind, identity])
        for key, needed in self.after.requires.items() if gone else ():
            for kind, identity in needed if key in self.makes else ():
                if kind in OVERLOADED:
                    yield from ((step, self.makes[key], None) for step in gone.get(_own_name(identity), ()))

    def _whole_rows_are_stored_last(self) -> Iterator[Edge]:
        """Change columns before a view stores whole rows of their table: PostgreSQL then refuses to rewrite it."""
        views: dict[Key, list[Step]] = {}
        for key in self.makes.keys() & self.after.requires.keys():
            if key[0] == "materialized_view" and self.makes[key].verb == "create":
                for needed in self.after.requires[key]:
                    views.setdefault(needed, []).append(self.makes[key])
        for (verb, key), step in self.place.items():
            if key[0] == "column" and verb in ("create", "alter"):
                yield from ((step, view, None) for view in views.get(("table", str(step.item.parent)), ()))

    def _heirs_come_after_columns(self) -> Iterator[Edge]:
        """Create a child table after its parents have all their columns."""
        for step in self.steps:
            if step.verb == "create" and step.item.kind in TABLES:
                for parent in step.item["parents"] or ():
                    for column in self.after.children(parent, "column"):
                        if column.key in self.makes:
                            yield self.makes[column.key], step, None

    def _inherited_checks_are_dropped_above_first(self) -> Iterator[Edge]:
        """Drop a parent's check before a child table's own, which PostgreSQL does not drop while it is inherited."""
        for key in self.gone:
            if key[0] == "constraint" and is_defined_again(self.before, self.before[key]):
                for other in above(self.before, self.before[key]) & self.gone:
                    yield self.drops[other], self.drops[key], None

    def _checks_come_before_values(self) -> Iterator[Edge]:
        """Add a domain's check before a new column or type uses the domain.

        PostgreSQL adds no check to a domain whose values are held inside other types.
        """
        for key, needed in self.after.requires.items():
            for domain in needed if key[0] in {"column", *TYPES} and key in self.makes else ():
                for check in self.after.children(domain[1], "domain_constraint") if domain[0] == "domain" else ():
                    if check.key in self.makes and self.makes[check.key].item is check:
                        yield self.makes[check.key], self.makes[key], None

    def _names_are_free(self) -> Iterator[Edge]:
        freed: dict[str, Step] = {}
        for key, item in self.before.objects.items():
            for end in [self.renames[key]] if key in self.renames else self._ends(key):
                if end.verb in ("drop", "rename"):
                    freed |= dict.fromkeys(names(item), end)
                elif end.item.key == key and item.kind == "column":
                    freed |= dict.fromkeys(of_not_null(item) - of_not_null(end.item), end)
        for step in self.steps:
            for item in (step.item, *step.inside) if step.verb in ("create", "rename") else ():
                for name in names(item) & freed.keys():
                    yield freed[name], step, None
            if step.verb == "alter" and step.item.kind == "column" and step.item.key in self.before:
                for name in (of_not_null(step.item) - of_not_null(self.before[step.item.key])) & freed.keys():
                    if freed[name].verb != "alter":  # of two columns that exchange names, neither can be first
                        yield freed[name], step, None

    def _partitions_make_room(self) -> Iterator[Edge]:
        """Drop partitions before new ones are created in the same table: their bounds may overlap."""
        gone: dict[str, list[Step]] = {}
        for step in self.steps:
            if step.verb == "drop" and _is_partition(step.item):
                gone.setdefault(step.item["parents"][0], []).append(step)
        for step in self.steps if gone else ():
            if step.verb == "create" and _is_partition(step.item):
                yield from ((old, step, None) for old in gone.get(step.item["parents"][0], ()))

    def _nothing_logged_needs_what_is_not(self) -> Iterator[Edge]:
        """Let no logged table refer to an unlogged one between two steps, and no publication contain one."""
        before, after = self.before, self.after
        switches = {
            key: step
            for (verb, key), step in self.place.items()
            if verb == "alter" and key[0] == "table" and before[key]["unlogged"] != after[key]["unlogged"]
        }
        for key, needed in before.requires.items() if switches else ():
            if key[0] == "publication" and ("alter", key) in self.place:
                for table in needed & switches.keys():
                    if after[table]["unlogged"]:
                        yield self.place["alter", key], switches[table], (key, table)
            elif is_foreign_key(before[key]):
                for table in both_tables(before, key) & switches.keys():
                    yield from ((end, switches[table], (key, table)) for end in self._ends(key) if end.verb == "drop")
        for key in after.requires if switches else ():
            if not is_foreign_key(after[key]):
                continue
            referring, made = ("table", str(after[key].parent)), self.makes.get(key)
            for table in both_tables(after, key) & switches.keys():
                if made and made.verb == "create":
                    yield switches[table], made, (key, table)
                elif table != referring and referring in switches:
                    pair = switches[referring], switches[table]
                    first, then = pair if after[table]["unlogged"] else reversed(pair)
                    yield first, then, (key, then.item.key)

    def _ends(self, key: Key) -> list[Step]:
        """Return the steps that drop or alter an object: its own, its table's, or those of the objects above it.

        The objects above are those of parent tables that it is inherited from.
        """
        own = key if key in self.drops else container(self.before[key], self.gone)
        return [self.drops[one] for one in (own, *above(self.before, self.before[key])) if one in self.drops]


def _own_name(function: str) -> str:
    """Return a function's name with its schema, without its arguments."""
    return function.partition("(")[0]


def _is_of_altered_table(step: Step | None, later: Step) -> bool:
    """Whether a column is dropped from a table that is altered otherwise: neither has to wait for the other."""
    if step is None or step.verb != "drop" or step.item.kind != "column":
        return False
    return later.verb == "alter" and later.item.key == ("table", step.item.parent)


def _is_primary_key(item: Object) -> bool:
    return item.kind == "constraint" and bool(item["type"] == "primary key")


def _is_of_parent(catalog: Catalog, key: Key, other: Key) -> bool:
    """Whether `other` is a parent's column that a child table defines again as `key`."""
    return other in above(catalog, catalog[key]) and is_defined_again(catalog, catalog[key])


def _leaves_values(step: Step, later: Step) -> bool:
    """Whether a column or table can be dropped after the enum that it uses was altered in place."""
    return drops_rows(step) and later.verb == "alter" and later.item.kind == "enum"


def _is_partition(item: Object) -> bool:
    return item.kind in TABLES and item["partition_bound"] is not None
