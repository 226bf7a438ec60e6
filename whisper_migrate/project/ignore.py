"""Ignore patterns in pyproject.toml: objects that are not compared, each with a reason, and counted in every report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Protocol

from whisper_migrate.catalog.model import Catalog, Change, Object
from whisper_migrate.errors import Failure


class Ignoring(Protocol):
    """Decides which objects are not compared: a pattern of pyproject.toml, or the filters of env.py."""

    @property
    def kind(self) -> str:
        """The ignored kinds, as reports name them."""

    @property
    def identity(self) -> str:
        """The ignored objects, as reports name them."""

    @property
    def reason(self) -> str:
        """The reason for leaving these objects out."""

    def matches(self, item: Object, holder: str | None, *, new: bool = False) -> bool:
        """Whether an object is ignored, whose table or view is of the kind `holder`."""


@dataclass(frozen=True)
class Pattern:
    """One entry of `[[tool.whisper_migrate.ignore]]`: globs for kind and identity, and the reason."""

    kind: str
    identity: str
    reason: str

    def matches(self, item: Object, holder: str | None, *, new: bool = False) -> bool:
        """Whether the pattern matches an object or its table (or view), whose kind is `holder`; `new` has no effect."""
        if fnmatchcase(item.kind, self.kind) and fnmatchcase(item.identity, self.identity):
            return True
        return holder is not None and fnmatchcase(holder, self.kind) and fnmatchcase(str(item.parent), self.identity)


def patterns(entries: Iterable[dict[str, Any]]) -> list[Pattern]:
    """Return the patterns of pyproject.toml. Raises Failure for an incomplete one."""
    found = []
    for entry in entries:
        missing = {"kind", "identity", "reason"} - {name for name, value in entry.items() if str(value).strip()}
        if missing:
            raise Failure(
                f"An ignore pattern in pyproject.toml lacks {', '.join(sorted(missing))}: {entry}.",
                '[[tool.whisper_migrate.ignore]] kind = "table", identity = "public.tmp_*", reason = "..."',
            )
        found.append(Pattern(str(entry["kind"]), str(entry["identity"]), str(entry["reason"])))
    return found


def split(
    changes: list[Change], ignored: Sequence[Ignoring], *catalogs: Catalog
) -> tuple[list[Change], list[tuple[Change, Ignoring]]]:
    """Split changes into those that count and those that are ignored, each with the first pattern that matches.

    `catalogs` are the two catalogs that were compared.
    """
    holders = _holders(catalogs) if ignored else {}
    found = [(change, _first(ignored, change.object, holders, new=change.before is None)) for change in changes]
    left_out = [(change, pattern) for change, pattern in found if pattern]
    return [change for change, pattern in found if pattern is None], left_out


def without(catalog: Catalog, ignored: Sequence[Ignoring]) -> Catalog:
    """Return the catalog without the ignored objects, for a plan that must not touch them."""
    holders = _holders([catalog]) if ignored else {}
    kept = {item.key: item for item in catalog if _first(ignored, item, holders) is None}
    requires = {key: needed & kept.keys() for key, needed in catalog.requires.items() if key in kept}
    return replace(catalog, objects=kept, requires=requires)


def _first(
    ignored: Sequence[Ignoring], item: Object, holders: Mapping[str, str], *, new: bool = False
) -> Ignoring | None:
    """Return the first pattern that matches an object."""
    return next((one for one in ignored if one.matches(item, holders.get(str(item.parent)), new=new)), None)


def _holders(catalogs: Iterable[Catalog]) -> dict[str, str]:
    """Return the kind of each table, view and other container, by its identity."""
    from whisper_migrate.objects import CONTAINERS  # the kinds load SQLAlchemy, which --help does not need

    return {item.identity: item.kind for catalog in catalogs for item in catalog if item.kind in CONTAINERS}
