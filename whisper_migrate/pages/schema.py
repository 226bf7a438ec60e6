"""The schema of the models, divided into pages: objects with a page of their own, their parts, and their users."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import URL

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import split_name
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.desired import build
from whisper_migrate.models.source_lines import Place, place
from whisper_migrate.pages.addresses import address, anchor
from whisper_migrate.pages.references import Reference, references
from whisper_migrate.pages.subjects import subjects
from whisper_migrate.project.project import Project

WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Schema:
    """A catalog, and the line of the models for each object with a page. `defects`: what PostgreSQL refused."""

    catalog: Catalog
    places: Mapping[Key, Place | None]
    defects: tuple[str, ...] = ()

    @cached_property
    def pages(self) -> list[Object]:
        """The objects that have a page of their own; all others are parts of such a page."""
        return [item for item in self.catalog if self.page(item) is item]

    def page(self, item: Object) -> Object:
        """Return the object on whose page an object is: its table, or the object that a comment or grant is on."""
        return self._page[item.key]

    @cached_property
    def _page(self) -> dict[Key, Object]:
        whole: dict[str, Object] = {}
        for item in self.catalog:
            if item.parent is None:
                whole.setdefault(item.identity, item)
        return {item.key: self._holder(item, whole) for item in self.catalog}

    def _holder(self, item: Object, whole: Mapping[str, Object]) -> Object:
        if item.parent is None:
            return item
        needed = (self.catalog[key] for key in self.catalog.requires.get(item.key, ()))
        holders = [one for one in needed if one.parent is None and one.identity == item.parent]
        return min(holders, key=_order) if holders else whole.get(item.parent, item)

    @cached_property
    def parts(self) -> dict[Key, list[Object]]:
        """The parts on each page, by its object, in the catalog's order; without comments, which are texts."""
        found: dict[Key, list[Object]] = {}
        for item in self.catalog:
            if self.page(item) is not item and item.key not in self.commented:
                found.setdefault(self.page(item).key, []).append(item)
        return found

    @cached_property
    def commented(self) -> dict[Key, Object]:
        """The object that each comment is on, by the comment."""
        comments = (item for item in self.catalog if item.kind == "comment")
        found = {item.key: min(self.catalog.requires.get(item.key, ()), default=None) for item in comments}
        return {key: self.catalog[on] for key, on in found.items() if on}

    @cached_property
    def comments(self) -> dict[Key, str]:
        """The comment on each object that has one, and on its parts that are no objects, such as an attribute."""
        found: dict[Key, list[str]] = {}
        for key, on in self.commented.items():
            text = str(self.catalog[key]["text"])
            is_own = key[1].endswith(f" {on.identity}")
            found.setdefault(on.key, []).insert(0 if is_own else 99, text if is_own else f"{key[1]}: {text}")
        return {key: "\n".join(texts) for key, texts in found.items()}

    def link(self, item: Object, suffix: str = ".html") -> str:
        """Return an object's address with its anchor, if it is a part of another object's page."""
        item = self.commented.get(item.key, item)
        page = self.page(item)
        return address(page) + suffix + (f"#{anchor(item)}" if page is not item else "")

    @cached_property
    def subjects(self) -> dict[str, list[Object]]:
        """The objects with a page, by the module of the models that declares them."""
        return subjects(self.pages, self.places)

    @cached_property
    def references(self) -> list[Reference]:
        """All foreign keys, by name: the order in which PostgreSQL lists objects is that of their creation."""
        return sorted(references(self.catalog), key=lambda one: one.constraint.identity)

    def references_of(self, table: Object) -> list[Reference]:
        """Return the foreign keys from and to a table."""
        return self._references.get(table.identity, [])

    @cached_property
    def _references(self) -> dict[str, list[Reference]]:
        found: dict[str, list[Reference]] = {}
        for one in self.references:
            for table in {one.table.identity, one.target.identity}:
                found.setdefault(table, []).append(one)
        return found

    @cached_property
    def used_by(self) -> dict[Key, list[Object]]:
        """The objects of other pages that depend on each page's object or its parts, apart from foreign keys."""
        keys = {one.constraint.key for one in self.references}
        found: dict[Key, dict[Key, Object]] = {}
        for user, needed in self.catalog.requires.items():
            if user in keys or user not in self.catalog or user in self.commented:
                continue
            for page in {self.page(self.catalog[key]).key for key in needed if key in self.catalog}:
                if page != self.page(self.catalog[user]).key:
                    found.setdefault(page, {})[user] = self.catalog[user]
        return {key: sorted(users.values(), key=_order) for key, users in found.items()}

    @cached_property
    def named_in(self) -> dict[Key, list[Object]]:
        """The functions whose bodies contain a table's or view's name: PostgreSQL records no such dependencies."""
        wanted: dict[str, list[Object]] = {}
        for item in self.pages:
            if item.kind in ("table", "view", "materialized_view", "foreign_table"):
                wanted.setdefault(split_name(item.identity)[1], []).append(item)
        found: dict[Key, list[Object]] = {}
        for function in sorted((item for item in self.pages if item.kind == "function"), key=_order):
            for name in sorted(wanted.keys() & set(WORD.findall(str(function["body"])))):
                for item in wanted[name]:
                    if function not in self.used_by.get(item.key, ()):
                        found.setdefault(item.key, []).append(function)
        return found


def _order(item: Object) -> tuple[str, str]:
    return item.kind, item.identity


def read(project: Project, server: URL) -> Schema:
    """Create the models in a shadow on `server` and return their schema. Raises Failure if the models make none."""
    with shadows(server) as made, connected(made.create("desired")) as shadow:
        defects = build(shadow, project)
        catalog = inspect(shadow, requires=True)
    return Schema(catalog, places(project, catalog), tuple(defect.what for defect in defects))


def places(project: Project, catalog: Iterable[Object]) -> dict[Key, Place | None]:
    """Return the line of the models that declares each object, except for the parts of a table."""
    return {item.key: place(project, item) for item in catalog if item.parent is None}
