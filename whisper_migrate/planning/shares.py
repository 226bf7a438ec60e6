"""The share that each partition has in an index or a key of its parent: it comes and goes with that."""

from __future__ import annotations

import re
from dataclasses import replace

from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.names import in_parentheses, split_name, unquoted
from whisper_migrate.objects import KINDS
from whisper_migrate.objects.constraint import HAS_INDEX
from whisper_migrate.planning.steps import Step, is_foreign_key
from whisper_migrate.sql import literal, sibling

LONGEST = 63  # bytes of a name


def is_share(item: Object) -> bool:
    """A check is none: it has its parents' name, and is what they have."""
    return item.derived and (item.kind == "index" or (item.kind == "constraint" and item["type"] != "check"))


def on_its_own(catalog: Catalog, key: Key) -> Key:
    """The index or constraint, of the table above all others, that this is a share of."""
    whole = _whole(catalog, catalog[key])
    return on_its_own(catalog, whole.key) if whole else key


def remade(before: Catalog, after: Catalog, made: set[Key]) -> set[Key]:
    """Indexes to make again so that shares are what they are to be.

    When the parent's is `made`, PostgreSQL takes any of a partition that is like it, or else makes a share.
    """
    old = _places(before, made)
    found = set()
    for (top, table), item in _places(after, made).items():
        if (top, table) in old and _definition(old[top, table]) != _definition(item):
            found.add(top)
        if item.key in before and not before[item.key].derived:
            found.add(item.key)
    for own, share in _twins(after).items():
        if own in before and (share in made | found or own in found or share not in before):
            found.add(own)
    return found


def kept_apart(catalog: Catalog) -> Catalog:
    """The catalog in which an index of a partition that is like a share needs it: it must not be there before that."""
    twins = _twins(catalog)
    requires = {own: catalog.requires.get(own, frozenset()) | {share} for own, share in twins.items()}
    return replace(catalog, requires={**catalog.requires, **requires}) if twins else catalog


def lost_names(before: Catalog, after: Catalog, retyped: set[Key]) -> set[Key]:
    """Indexes and keys to make again when these columns change type, which PostgreSQL does under names of its own."""
    found = set()
    for item in before if retyped else ():
        if is_share(item) and not is_foreign_key(item) and before.requires[item.key] & retyped:
            top = on_its_own(before, item.key)
            if top in after and _is_unlike(before, before, item, {top}):
                found.add(top)
    return found


def renamings(before: Catalog, after: Catalog, made: set[Key]) -> list[Step]:
    """The shares that get another name, while what they are shares of stays."""
    old, new = _places(before, made), _places(after, made)
    coming = [table for top, table in new if (top, table) not in old]
    changing = [place for place in old.keys() & new.keys() if old[place]["name"] != new[place]["name"]]
    busy = [*coming, *(table for _, table in changing)]
    steps = []
    for top, table in sorted(changing):
        share, goal = old[top, table], new[top, table]
        sure = busy.count(table) == 1 or is_foreign_key(share)
        sql = KINDS[share.kind].renamed(share, goal["name"]) if sure else [_called(goal, after[top])]
        steps.append(Step("rename", goal, share, tuple(sql)))
    return steps


def unlike_first(before: Catalog, after: Catalog, made: set[Key]) -> Catalog:
    """The catalog in which shares that are not what PostgreSQL would make of an index that is `made` come before it.

    It then takes these.
    """
    objects, requires = dict(after.objects), dict(after.requires)
    for item in after if made else ():
        whole = _whole(after, item) if item.kind == "index" else None
        if whole and on_its_own(after, item.key) in made and _is_unlike(before, after, item, made):
            objects[item.key] = replace(item, derived=False)
            requires[item.key] = requires[item.key] - {whole.key}
            requires[whole.key] = requires.get(whole.key, frozenset()) | {item.key}
    return replace(after, objects=objects, requires=requires)


def named(before: Catalog, after: Catalog, item: Object, made: set[Key]) -> list[str]:
    """What gives a new share its name, where that is not sure to be the one that PostgreSQL chooses."""
    has_index = item.kind == "index" or item["type"] in HAS_INDEX
    if not has_index or _is_usual(before, after, item, made):
        return []
    return [_called(item, after[on_its_own(after, item.key)])]


def _whole(catalog: Catalog, item: Object) -> Object | None:
    """What a share is directly of."""
    if not is_share(item):
        return None
    above = (catalog[key] for key in catalog.requires.get(item.key, ()) if key[0] == item.kind)
    return next((one for one in above if is_foreign_key(one) == is_foreign_key(item)), None)


def _places(catalog: Catalog, made: set[Key]) -> dict[tuple[Key, str], Object]:
    """The shares that stay as they are, but perhaps for their names: each by what it is of, and its table."""
    found = {}
    for item in catalog:
        if is_share(item) and ("table", str(item.parent)) not in made:
            top = on_its_own(catalog, item.key)
            if top not in made:
                found[top, str(item.parent)] = item
    return found


def _twins(catalog: Catalog) -> dict[Key, Key]:
    """Indexes of partitions, with the share that each is like."""
    shares = {_likeness(item): item.key for item in catalog if item.kind == "index" and item.derived}
    if not shares:
        return {}
    alike = {item.key: shares.get(_likeness(item)) for item in catalog if item.kind == "index" and not item.derived}
    return {key: share for key, share in alike.items() if share}


def _likeness(item: Object) -> tuple[str | None, str]:
    """What PostgreSQL compares: neither options nor directions."""
    return item.parent, re.sub(r" WITH \(.*?\)| DESC| NULLS (FIRST|LAST)", "", _definition(item))


def _is_unlike(before: Catalog, after: Catalog, item: Object, made: set[Key]) -> bool:
    """Whether a share is another, or has another name, than PostgreSQL would give its table."""
    whole = _whole(after, item)
    other = item.kind == "index" and whole and _definition(item) != _definition(whole)
    return bool(other) or not _is_usual(before, after, item, made)


def _definition(item: Object) -> str:
    """Without names."""
    if item.kind == "constraint":
        return str(item["definition"])
    head, _, tail = item["definition"].partition(f"{item.parent} USING ")
    return f"{head.startswith('CREATE UNIQUE ')} {tail}"


def _is_usual(before: Catalog, after: Catalog, item: Object, made: set[Key]) -> bool:
    """Whether a new share has the name that PostgreSQL gives it, which it does where that is free."""
    name, old = unquoted(item["name"]), before.objects.get(item.key)
    if name != _usual_name(item):
        return False
    if old and on_its_own(before, old.key) in after.objects.keys() - made:
        return False
    others = (
        unquoted(one["name"])
        for catalog in (before, after)
        for kind in ("index", "constraint")
        for one in catalog.children(str(item.parent), kind)
    )
    return not any(other.startswith(name) and other.removeprefix(name).isdigit() for other in others)


def _usual_name(item: Object) -> str | None:
    """Of the table and the columns; None where that takes more than putting them together."""
    definition = item["definition"]
    table = split_name(str(item.parent))[1]
    if definition.startswith("PRIMARY KEY"):
        parts, ending = [table], "pkey"
    else:
        if item.kind == "index":
            definition, ending = definition.partition(f"{item.parent} USING ")[2], "idx"
        else:
            ending = "excl" if definition.startswith("EXCLUDE") else "key"
        columns, end = in_parentheses(definition[definition.index("(") :])
        rest = definition[definition.index("(") + end :]
        if rest.startswith(" INCLUDE ("):
            columns += in_parentheses(rest[len(" INCLUDE ") :])[0]
        matches = [COLUMN.match(column) for column in columns]
        parts = [table, *(unquoted(match[1]) for match in matches if match)]
        if len(parts) <= len(columns):
            return None
    name = "_".join([*parts, ending])
    return name if len(name.encode()) <= LONGEST else None


# A column, or a function that an index is on, by whose name it goes.
COLUMN = re.compile(r'("(?:[^"]|"")*"|[a-z_][a-z0-9_$]*)(?= |$|\()')


def _called(item: Object, whole: Object) -> str:
    """Gives a share its name, which the server alone knows by now; what has that name instead gets the other."""
    table, name = literal(str(item.parent)), literal(item["name"])
    index, wanted = (literal(sibling(str(one.parent), one["name"])) for one in (whole, item))
    return f"""DO $$
DECLARE
    share record;
    other regclass := to_regclass({wanted});
BEGIN
    SELECT c.oid::regclass AS index, c.relname AS name INTO share
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = {table}::regclass AND pg_partition_root(c.oid) = {index}::regclass;
    IF share.index <> other THEN
        EXECUTE format('ALTER INDEX %s RENAME TO %I', other, 'old ' || other::oid);
    END IF;
    IF share.index IS DISTINCT FROM other THEN
        EXECUTE format('ALTER INDEX %s RENAME TO %s', share.index, {name});
    END IF;
    IF share.index <> other THEN
        EXECUTE format('ALTER INDEX %s RENAME TO %I', other, share.name);
    END IF;
END
$$"""
