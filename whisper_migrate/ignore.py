"""What a team does not want watched: patterns in pyproject.toml, each with a reason, counted in every report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from whisper_migrate.catalog import Catalog, Change, Object
from whisper_migrate.errors import Failure
from whisper_migrate.planning.steps import CONTAINERS


@dataclass(frozen=True)
class Pattern:
    """One entry of `[[tool.whisper_migrate.ignore]]`: globs for kind and identity, and why."""

    kind: str
    identity: str
    reason: str

    def matches(self, item: Object, holder: str | None) -> bool:
        """Whether it is about this object, or about the table that the object lives in: `holder` is of which kind."""
        if fnmatchcase(item.kind, self.kind) and fnmatchcase(item.identity, self.identity):
            return True
        return holder is not None and fnmatchcase(holder, self.kind) and fnmatchcase(str(item.parent), self.identity)


def patterns(entries: Iterable[dict[str, Any]]) -> list[Pattern]:
    """The patterns of pyproject.toml; Failure for one that is not complete."""
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
    changes: list[Change], ignored: list[Pattern], *catalogs: Catalog
) -> tuple[list[Change], list[tuple[Change, Pattern]]]:
    """The changes that count, and those that a pattern ignores, each with the first that does.

    `catalogs` are those that the changes are between.
    """
    holders = _holders(catalogs) if ignored else {}
    found = [(change, _first(ignored, change.object, holders)) for change in changes]
    left_out = [(change, pattern) for change, pattern in found if pattern]
    return [change for change, pattern in found if pattern is None], left_out


def without(catalog: Catalog, ignored: list[Pattern]) -> Catalog:
    """The catalog without what the patterns are about, for a plan that must not touch it."""
    holders = _holders([catalog]) if ignored else {}
    kept = {item.key: item for item in catalog if _first(ignored, item, holders) is None}
    requires = {key: needed & kept.keys() for key, needed in catalog.requires.items() if key in kept}
    return replace(catalog, objects=kept, requires=requires)


def _first(ignored: list[Pattern], item: Object, holders: Mapping[str, str]) -> Pattern | None:
    """The first pattern that is about an object."""
    return next((one for one in ignored if one.matches(item, holders.get(str(item.parent)))), None)


def _holders(catalogs: Iterable[Catalog]) -> dict[str, str]:
    """Which kind those are that others can live in, by identity."""
    return {item.identity: item.kind for catalog in catalogs for item in catalog if item.kind in CONTAINERS}
