"""Recognize changes in which PostgreSQL only prints an equal expression in another form.

PostgreSQL may print an expression in another form once its printed text has been run: `a IN ('x', 'y')` on a varchar,
or AND inside AND, differ after a dump and a restore. If two definitions differ, both texts are run in a shadow, and
PostgreSQL's printings of the two results are compared. This proves nothing if an object that the expression uses
changes too, such as a column's type: the difference then counts. The text may come from any role that owns an object in
the database, so it is run `confined`. A definition that needs a superuser's privileges therefore counts as a difference
too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Change, Key
from whisper_migrate.comparing.dependencies_changed import on_changed
from whisper_migrate.comparing.synonyms import are_equal
from whisper_migrate.databases.confined import confined
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import follows, word
from whisper_migrate.objects import RELATIONS, TABLES
from whisper_migrate.objects.materialized_view import without_rows
from whisper_migrate.planning.inheritance import above
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.planning.steps import Step
from whisper_migrate.wording.sign_of_life import doing

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

# PostgreSQL runs SECURITY DEFINER functions, and the actions and triggers of foreign keys, with their owner's rights.
# As the owner of the schemas, the role could replace what these call, so the superuser must not own any of them.
LENT = RELATIONS | {"function"}


def unlike(changes: Sequence[Change]) -> list[Change]:
    """Return the changes whose two sides are not merely two spellings of one thing."""
    return [change for change in changes if not are_equal(change)]


def doubtful(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that may be nothing but another printing, which only a shadow can tell."""
    return [change for change in changes if change.sign == "~" and PRINTED.issuperset(change.fields)]


@doing("comparing")
def settled(shadow: Connection, changes: Sequence[Change]) -> list[Change]:
    """Return the changes that are real differences; `shadow` holds their `before` side, and is left as it is."""
    changes = unlike(changes)
    in_doubt = doubtful(changes)
    if not in_doubt:
        return changes
    base = inspect(shadow, requires=True)
    in_doubt = [change for change in in_doubt if change.object.key in base]
    unproved = on_changed(base, in_doubt, changes)
    in_doubt = [change for change in in_doubt if change.object.key not in unproved]
    wholes = {change.object.key: above(base, change.object) for change in in_doubt}
    # An object of a child table or partition is tested through its parent's, unless the parent's really differs or the
    # table has another parent now.
    elsewhere = {change.object.key for change in changes} - wholes.keys()
    moved = {change.object.identity for change in changes if "parents" in change.fields}
    others = {item.key for item in (change.object for change in in_doubt) if item.parent in moved}
    others |= {key for key, above_it in wholes.items() if above_it & elsewhere}
    same = _same(shadow, base, in_doubt, others)
    if same is None:  # one of them failed, and all were run in one transaction
        same = []
        for change in in_doubt:
            together = [one for one in in_doubt if one is change or one.object.key in wholes[change.object.key]]
            same += [one for one in _same(shadow, base, together, others) or () if one is change]
    alike = {change.object.key for change in same}
    alike -= on_changed(base, same, changes)
    return [change for change in changes if change.object.key not in alike]


def agreed(before: Catalog, after: Catalog, changes: Sequence[Change]) -> Catalog:
    """Return `after` with the objects of `before` where only the printing differs, so that a plan leaves them alone."""
    changed = {change.object.key for change in changes}
    same = {key: item for key, item in before.objects.items() if key in after and key not in changed}
    objects = {key: replace(same.get(key, item), derived=item.derived) for key, item in after.objects.items()}
    return replace(after, objects=objects)


def _same(shadow: Connection, base: Catalog, changes: list[Change], others: set[Key]) -> list[Change] | None:
    """Return the changes whose two sides PostgreSQL prints alike after running them; None if they cannot be run.

    `others` are objects for which running the parent table's object proves nothing.
    """
    try:
        with confined(shadow) as inside:
            after = {change.object.key: change.after for change in changes if change.after}
            other = replace(base, objects={key: after.get(key, item) for key, item in base.objects.items()})
            made = plan(base, other)
            inside.give(_concerned(base, made))
            inside.run(list(map(without_rows, statements(made))))
            # An object that no statement changed was not tried, so nothing is proved about it.
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
    """Return the objects that the role which runs these steps must own.

    These are the schemas, the objects that the steps alter or refer to, and the parents and children of their tables.
    All functions and relations are added (see `LENT`).
    """
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
        and (item.kind in ("schema", *LENT) or item.identity in names)
        and not follows(item)
    ]
