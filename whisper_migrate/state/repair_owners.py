"""Owners in a repair: who gets each object that it creates, and whose code it may not run.

A repair creates objects again in a database in which other roles may have objects of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.names import identifier, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.inspecting.owners import DATABASE, follows, require_role, word
from whisper_migrate.objects import KINDS, RELATIONS, TABLES, kinds_that
from whisper_migrate.planning.steps import Step
from whisper_migrate.state.constants import foreign_code
from whisper_migrate.state.overloads import captured, owner_of
from whisper_migrate.state.retyped import strange_code
from whisper_migrate.wording.hidden_characters import failure_on_one_line

SET_ROLE = "SET ROLE "
# Code that ran as another role can have made temporary types, which PostgreSQL finds before its own: `text`, `oid`.
FORGET = "DISCARD TEMP"
# Creating or altering these runs expressions that the table's owner wrote, with the privileges of the current role.
RUN_BY_ITS_OWNER = kinds_that("evaluates_at_once")
VIEWS = RELATIONS - TABLES
LOCKED = ("table", "view")  # PostgreSQL locks no other kind
# The roles that this role can give objects to.
REACHED = """
SELECT r.rolname FROM pg_catalog.pg_roles AS r
WHERE pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)"""
SUPERUSERS = "SELECT r.rolname FROM pg_catalog.pg_roles AS r WHERE r.rolsuper"
# The role that runs the revisions.
RUNNER = """
SELECT pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE format('%I.%I', n.nspname, c.relname) = :version"""


@dataclass(frozen=True)
class Owners:
    """The owners in a database, and the roles that matter for a repair.

    `me` is the connected role, `runner` the role that runs the revisions. `reached`: the roles that `me` can give
    objects to. `trusted`: `me` and superusers. `owner`: the wanted owner of all objects, if the project names one,
    except for the user's `own` objects, which keep theirs.
    """

    actual: Catalog
    me: str
    runner: str
    reached: frozenset[str]
    trusted: frozenset[str]
    owner: str | None = None
    own: frozenset[Key] = frozenset()

    @classmethod
    def read(cls, connection: Connection, actual: Catalog, owner: str | None) -> Owners:
        """Read the owners in the database behind `connection`, whose catalog is `actual`.

        Raises Failure if the wanted `owner` is no role of the server.
        """
        require_role(connection, owner)
        me = str(connection.scalar(text("SELECT current_user")))
        runner = str(connection.scalar(text(RUNNER), {"version": version_table().identity}) or me)
        reached = frozenset(connection.scalars(text(REACHED)))
        return cls(actual, me, runner, reached, frozenset({me, *connection.scalars(text(SUPERUSERS))}), owner)

    @property
    def of(self) -> Mapping[Key, str]:
        """The owners by the keys of their objects."""
        return self.actual.owners

    def wanted(self, item: Object) -> str | None:
        """Return the wanted owner of a created object; None if it is the connected role."""
        if item.kind not in KINDS or word(item.kind) is None:
            return None
        owner = None if item.key in self.own else self.owner
        if follows(item):
            owner = next(
                (self.of[key] for key in ((kind, str(item.parent)) for kind in KINDS) if key in self.of), owner
            )
        owner = owner or self.of.get(item.key) or self.runner
        return None if owner == self.me else owner

    def given(self, steps: Sequence[Step]) -> list[Step]:
        """Return the steps with statements that give each created object to its owner.

        A materialized view is created as its owner, because CREATE runs its query. PostgreSQL then keeps the functions
        in the query from becoming another role.
        """
        made = _made(steps)
        given = [replace(step, statements=self._given(step)) if step.key in made else step for step in steps]
        first = next((place for place, step in enumerate(given) if _is_by_another(step)), len(given))
        return [*given[:first], *_grants_first(given[first:])]

    def require_own(self, steps: Sequence[Step], recorded: Catalog) -> None:
        """Raises Failure if steps would re-create, or run code of, an object whose owner must do that.

        The failure also comes if another role's code could run when PostgreSQL reads a definition (see `constants`,
        `overloads` and `retyped`). Otherwise only objects that are not in the history's catalog `recorded` count: they
        depend on an object that the repair rebuilds.
        """
        if found := captured(steps, self.actual, recorded, self._writers):
            (kind, identity), item = found.other, found.item
            raise failure_on_one_line(
                f"Nothing was done: {item.kind.replace('_', ' ')} {shown(item.identity)} would have to be made again."
                f" PostgreSQL could choose {kind} {shown(identity)} in it, which is code of {found.owner}.",
                f"Let {found.owner} drop it, or as an administrator: DROP {word(kind)} {identity};",
            )
        if strange := strange_code(steps, self.actual, recorded, self._writers):
            (kind, identity), (other, code) = strange.part, strange.code
            raise failure_on_one_line(
                f"Nothing was done: {kind} {shown(identity)} uses {other.replace('_', ' ')} {shown(code)}, code"
                f" of {strange.owner} that would run as {self.me} when the column gets the history's type.",
                f"Let {strange.owner} drop that use of it first.",
            )
        made = _made(steps)
        known = {item.identity for item in recorded}
        for step in steps:
            item = step.item
            if not step.statements or item.key in recorded:
                continue
            owner = owner_of(item, self.of)
            reads = step.verb in ("create", "alter", "finish")
            if reads and (whose := foreign_code(self.actual, item.key, self.trusted)):
                raise failure_on_one_line(
                    f"Nothing was done: {item.kind.replace('_', ' ')} {shown(item.identity)} would have to be made"
                    f" again, and uses a type whose checks or functions are code of {whose}, which could run as"
                    f" {self.me}.",
                    f"Let {owner if owner and owner != self.me else whose} drop it, and make it again afterwards.",
                )
            if (item.parent or item.identity) in known:
                continue
            runs = item.kind in RUN_BY_ITS_OWNER and reads
            unreachable = step.key in made and owner not in self.reached
            if owner and owner != self.me and (runs or unreachable):
                raise failure_on_one_line(
                    f"Nothing was done: {item.kind.replace('_', ' ')} {shown(item.identity)} would have to be made"
                    f" again, and belongs to {owner}, who alone may do that.",
                    f"Let {owner} drop it, and make it again afterwards.",
                )

    def hold(self, connection: Connection, steps: Sequence[Step], wanted: Catalog) -> None:
        """Lock the tables and views of other roles that the steps' new views read, until the transaction ends.

        Their owners could otherwise exchange them after the comparison. `wanted` is the catalog with the new views.
        """
        views = {step.item.key for step in steps if step.verb == "create" and step.item.kind in VIEWS}
        needed = (wanted.objects.get(key) for view in views for key in wanted.requires.get(view, ()))
        read = {item.parent or item.identity for item in needed if item}
        theirs = sorted(
            name for name in read for kind in LOCKED if self.of.get((kind, name)) not in {None, *self.trusted}
        )
        if theirs:
            run(connection, f"LOCK TABLE {', '.join(theirs)} IN ACCESS SHARE MODE")

    @property
    def _writers(self) -> set[str]:
        """The roles whose functions may be called: the trusted ones, and those that the schema belongs to."""
        owners = {owner for (kind, _), owner in self.of.items() if kind == DATABASE}
        return {*self.trusted, *owners, self.runner, *([self.owner] if self.owner else [])}

    def lost(self, steps: Sequence[Step], changes: Iterable[Change] = ()) -> list[str]:
        """Return the wanted owners that this role cannot give objects to."""
        made = _made(steps)
        owners = {self.wanted(step.item) for step in steps if step.key in made}
        owners |= {change.before["owner"] for change in changes if change.before}
        return sorted(owner for owner in owners if owner and owner not in self.reached)

    def _given(self, step: Step) -> tuple[str, ...]:
        item, owner = step.item, self.wanted(step.item)
        if item.kind == "index" and owner_of(item, self.of) not in {None, *self.trusted}:
            return (*step.statements, FORGET)  # PostgreSQL has run the functions in it as the table's owner
        if owner is None or owner not in self.reached:
            return step.statements
        if item.kind == "materialized_view":
            return (f"{SET_ROLE}{identifier(owner)}", *step.statements, "RESET ROLE", FORGET)
        return (*step.statements, f"ALTER {word(item.kind)} {item.identity} OWNER TO {identifier(owner)}")


def _is_by_another(step: Step) -> bool:
    return step.item.kind == "materialized_view" and any(text.startswith(SET_ROLE) for text in step.statements[:1])


def _grants_first(steps: Sequence[Step]) -> list[Step]:
    """Return the steps with grants on existing objects first: the owner of a new view needs to read from its tables."""
    coming = {step.item.identity for step in steps if step.item.kind != "grant"}
    grants = [step for step in steps if step.item.kind == "grant" and step.item["name"] not in coming]
    return [*grants, *(step for step in steps if not any(step is grant for grant in grants))]


def _made(steps: Sequence[Step]) -> set[tuple[str, Key]]:
    """Return the keys of steps that create an object, including a type that replaces one with its name."""
    renamed = {step.item.key for step in steps if step.verb == "rename"}
    return {step.key for step in steps if step.verb == "create" or (step.verb == "alter" and step.item.key in renamed)}
