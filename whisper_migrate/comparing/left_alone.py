"""Objects that the models do not decide on: ignored ones, and kinds that the project has no means to declare.

A project without `entities` declares its schema by a MetaData, which knows tables but no function, trigger or view.
Its revisions may have created such objects. A draft must not drop them, and the check reports no difference because the
models lack them. History and database are compared with them as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from whisper_migrate.catalog.model import Catalog, Key, Object, diff
from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.errors import Failure
from whisper_migrate.objects import ATTACHED, IN_METADATA, KINDS
from whisper_migrate.planning.containers import container
from whisper_migrate.project.defects import Defect, unmade
from whisper_migrate.project.ignore import split
from whisper_migrate.project.project import SECTION, Project

MANY = 10  # objects to name in a note


def undeclared(project: Project, recorded: Catalog, desired: Catalog) -> dict[Key, Object]:
    """Return the objects of `recorded`, read with `requires`, whose kinds the models have no means to declare.

    There are none if pyproject.toml names `entities`: models and entities are then the whole schema. Of the other kinds
    `declared = [...]` names those that the models declare as a whole; an event of the MetaData may create one trigger
    where revisions create the rest. A MetaData declares a schema only by an object in it, so schemas without one are
    undeclared: an env.py may have created them.
    """
    if not project.is_tables_only:
        return {}
    said = _declared(project)
    claimed = {*IN_METADATA, *said}
    found = {item.key for item in recorded if item.kind not in claimed}
    if "schema" not in said:
        used = {key for item in recorded if item.kind in claimed for key in recorded.requires.get(item.key, ())}
        found |= {item.key for item in recorded if item.kind == "schema" and item.key not in used}
    found |= {item.key for item in recorded if container(item, found)}
    found |= {key for key, needed in recorded.requires.items() if key[0] in ATTACHED and needed & found}
    return {key: item for key, item in recorded.objects.items() if key in found and key not in desired}


def _declared(project: Project) -> frozenset[str]:
    """Return the kinds that the models decide on though they may declare none: `declared = ["function", "view"]`."""
    kinds = project.options.get("declared", [])
    unknown = [kind for kind in kinds if kind not in KINDS] if isinstance(kinds, list) else [kinds]
    if unknown:
        raise Failure(
            f"[tool.{SECTION}] declared = {kinds!r} is no list of kinds: {unknown[0]!r}.",
            f"The kinds are {', '.join(sorted(KINDS))}.",
        )
    return frozenset(kinds)


def kept(project: Project, recorded: Catalog, desired: Catalog, defects: Sequence[Defect] = ()) -> Catalog:
    """Return the catalog that a draft from `recorded` leads to: `desired`, with the objects left alone as recorded.

    The objects of `defects`, which the models cannot create, are left alone as well. Both catalogs are read with
    `requires`. Raises Failure if an undeclared object needs one that the models no longer have.
    """
    _, left_out = split(diff(recorded, desired), project.ignored, recorded, desired)
    ignored = {change.object.key for change, _ in left_out}
    alone = undeclared(project, recorded, desired)
    alone |= {key: recorded[key] for key in recorded.objects if key in ignored} | unmade(defects, recorded)
    if not ignored and not alone:
        return desired
    objects = {key: item for key, item in desired.objects.items() if key not in ignored} | alone
    gone = _without_need(recorded, objects, alone)
    objects = {key: item for key, item in objects.items() if key not in gone}
    requires = {key: needed for key, needed in desired.requires.items() if key in objects}
    requires |= {key: recorded.requires.get(key, frozenset()) for key in alone.keys() & objects.keys()}
    return replace(desired, objects=objects, requires=requires)


def note(found: Mapping[Key, Object]) -> str | None:
    """Return a note on undeclared objects, which names them; None if there are none."""
    whole = [item for item in found.values() if not container(item, set(found))]
    listed = [item for item in whole if item.kind not in ATTACHED] or whole
    if not listed:
        return None
    names = [f"{item.kind.replace('_', ' ')} {shown(item.identity)}" for item in listed]
    names[MANY:] = [f"{len(names) - MANY} more"] if len(names) > MANY else []
    kinds = ", ".join(f'"{kind}"' for kind in sorted({item.kind for item in listed}))
    return (
        f"Not declared by the models, so left as the history made them: {joined(names)}. To manage them with the"
        ' models, list them in entities = "package:NAME" of pyproject.toml, or let the models decide on whole kinds:'
        f" declared = [{kinds}]."
    )


def _without_need(recorded: Catalog, objects: Mapping[Key, Object], alone: Mapping[Key, Object]) -> set[Key]:
    """Return the objects left alone that go with a table which the models no longer have.

    Raises Failure for one that does not go with a table, but needs something that goes.
    """
    gone: set[Key] = set()
    while more := {
        key
        for key in alone.keys() - gone
        if any(other not in objects or other in gone for other in recorded.requires.get(key, ()))
    }:
        for key in sorted(more):
            needed = [other for other in recorded.requires[key] if other not in objects or other in gone]
            if key[0] not in ATTACHED and alone[key].parent is None:
                kind, name = min(needed)
                raise Failure(
                    f"{_called(key)} is not declared by the models and needs {_called((kind, name))}, which they no"
                    " longer have.",
                    f"Drop or change {shown(key[1])} in a revision of its own first:"
                    f' make revision data=1 msg="drop {shown(key[1])}"',
                )
        gone |= more
    return gone


def _called(key: Key) -> str:
    return f"{key[0].replace('_', ' ').capitalize()} {shown(key[1])}"
