"""Two printings of one expression are no difference: PostgreSQL itself says so.

What PostgreSQL prints of an expression is not always what it prints once that text has been run: `a IN ('x', 'y')` on a
varchar, or AND inside AND, come out in another form after a dump and a restore. So where two definitions differ, both
texts are run in a shadow, and what it prints of them then is compared. That tells nothing where something that the
expression uses, as a column's type, changes too: such a difference stays one. The text may be of any role that owns
something in the database, so it is run `confined`: what needs a superuser's rights stays a difference, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Change, Key
from whisper_migrate.databases.confined import confined
from whisper_migrate.dependencies_changed import on_changed
from whisper_migrate.errors import Failure
from whisper_migrate.inspect import inspect
from whisper_migrate.objects.materialized_view import without_rows
from whisper_migrate.owners import follows, word
from whisper_migrate.planning.inheritance import TABLES, above
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.planning.steps import Step

# Attributes that PostgreSQL prints from an expression. A difference in any other one is a difference.
PRINTED = frozenset(
    {
        "definition",
        "body",
        "arguments",
        "default",
        "generated",
        "expressions",
        "columns",
        "using",
        "with_check",
        "partition_key",
        "partition_bound",
    }
)


def settled(shadow: Connection, changes: Sequence[Change]) -> list[Change]:
    """The changes that are differences indeed; `shadow` holds their `before` side, and is left as it is."""
    doubtful = [change for change in changes if change.sign == "~" and PRINTED.issuperset(change.fields)]
    if not doubtful:
        return list(changes)
    base = inspect(shadow, requires=True)
    doubtful = [change for change in doubtful if change.object.key in base]
    unproved = on_changed(base, doubtful, changes)
    doubtful = [change for change in doubtful if change.object.key not in unproved]
    wholes = {change.object.key: above(base, change.object) for change in doubtful}
    # What a share is of is run for it: but not where that differs indeed, or it is a share of another now.
    unlike = {change.object.key for change in changes} - wholes.keys()
    moved = {change.object.identity for change in changes if "parents" in change.fields}
    others = {item.key for item in (change.object for change in doubtful) if item.parent in moved}
    others |= {key for key, above_it in wholes.items() if above_it & unlike}
    same = _same(shadow, base, doubtful, others)
    if same is None:  # one of them stands in the way of the others
        same = []
        for change in doubtful:
            together = [one for one in doubtful if one is change or one.object.key in wholes[change.object.key]]
            same += [one for one in _same(shadow, base, together, others) or () if one is change]
    alike = {change.object.key for change in same}
    alike -= on_changed(base, same, changes)
    return [change for change in changes if change.object.key not in alike]


def agreed(before: Catalog, after: Catalog, changes: Sequence[Change]) -> Catalog:
    """`after`, but as in `before` where only the printing differs: what a plan must leave alone."""
    changed = {change.object.key for change in changes}
    same = {key: item for key, item in before.objects.items() if key in after and key not in changed}
    objects = {key: replace(same.get(key, item), derived=item.derived) for key, item in after.objects.items()}
    return replace(after, objects=objects)


def _same(shadow: Connection, base: Catalog, changes: list[Change], others: set[Key]) -> list[Change] | None:
    """Those whose two sides PostgreSQL prints alike once it has run them; None when they cannot be run.

    `others` are not tried by running what they are a share of.
    """
    try:
        with confined(shadow) as inside:
            after = {change.object.key: change.after for change in changes if change.after}
            other = replace(base, objects={key: after.get(key, item) for key, item in base.objects.items()})
            made = plan(base, other)
            inside.give(_concerned(base, made))
            inside.run(list(map(without_rows, statements(made))))
            # What no statement changes was not tried, so nothing was proved of it.
            touched = {item.key for step in made if step.statements for item in (step.item, *step.inside)}
            for change in changes:
                if change.object.key not in others and touched & above(base, change.object):
                    touched.add(change.object.key)
            second = inspect(shadow, requires=True)
            inside.run(list(map(without_rows, statements(plan(second, base)))))
            first = inspect(shadow)
            keys = {key for key in touched if second[key] == first[key]}
            return [change for change in changes if change.object.key in keys]
    except (DBAPIError, Failure, KeyError):
        return None


def _concerned(base: Catalog, steps: Sequence[Step]) -> list[tuple[str, str]]:
    """What must belong to whoever takes these steps: schemas, and what steps alter or refer to, with its relatives."""
    keys = {item.key for step in steps for item in (step.item, step.before, *step.inside) if item}
    keys |= {needed for key in keys for needed in base.requires.get(key, ())}
    names = {base[key].parent or base[key].identity for key in keys if key in base}
    lines = [{item.identity, *(item["parents"] or ())} for item in base if item.kind in TABLES]
    while more := {name for line in lines if line & names for name in line} - names:
        names |= more
    return [
        (owned, item.identity)
        for item in base
        if (owned := word(item.kind)) is not None
        and (item.kind == "schema" or item.identity in names)
        and not follows(item)
    ]
