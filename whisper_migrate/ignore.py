"""What a team does not want watched: patterns in pyproject.toml, each with a reason, counted in every report."""

from collections.abc import Iterable
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

    def matches(self, item: Object) -> bool:
        """Whether it is about this object, or about the table that the object lives in."""
        if fnmatchcase(item.kind, self.kind) and fnmatchcase(item.identity, self.identity):
            return True
        inside = any(fnmatchcase(kind, self.kind) for kind in CONTAINERS)
        return inside and item.parent is not None and fnmatchcase(item.parent, self.identity)


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


def split(changes: list[Change], ignored: list[Pattern]) -> tuple[list[Change], list[tuple[Change, Pattern]]]:
    """The changes that count, and those that a pattern ignores, each with the first that does."""
    found = [(change, next((one for one in ignored if one.matches(change.object)), None)) for change in changes]
    left_out = [(change, pattern) for change, pattern in found if pattern]
    return [change for change, pattern in found if pattern is None], left_out


def without(catalog: Catalog, ignored: list[Pattern]) -> Catalog:
    """The catalog without what the patterns are about, for a plan that must not touch it."""
    kept = {item.key: item for item in catalog if not any(pattern.matches(item) for pattern in ignored)}
    requires = {key: needed & kept.keys() for key, needed in catalog.requires.items() if key in kept}
    return replace(catalog, objects=kept, requires=requires)
