"""A kind of PostgreSQL objects, such as tables: its facts, its hooks, and how a module becomes a kind."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from types import ModuleType
from typing import Any

from sqlalchemy import Connection

from whisper_migrate.catalog.model import Catalog, Key, Object


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts about a kind; its module states them as `FACTS`.

    Nature of the objects:
    - `is_relation`: its objects have rows to select: tables and views;
    - `is_table`: its objects have constraints, partitions and child tables;
    - `is_type`: columns can be of it;
    - `is_overloaded`: several objects have one name, and PostgreSQL chooses by the types of the arguments;
    - `is_unique_in_schema`: no object of such a kind in its schema has the same name, or name and arguments;
    - `has_parts`: other objects, such as columns, exist only inside its objects;
    - `attached`: the object, such as a comment, exists only together with the object at the same address;
    - `is_as_written`: PostgreSQL keeps the author's text, and does not print it anew;
    - `names_exactly`: its SQL names functions with the types of their arguments.

    In PostgreSQL and SQLAlchemy:
    - `catalog`: the system catalog by which `pg_depend` identifies its objects (e.g. `pg_class`);
    - `owner`: the word in `ALTER ... OWNER TO` (e.g. `MATERIALIZED VIEW`); None if its objects have no owner of their
      own, or only a superuser can own them. `follows_table`: an object that belongs to a table has the table's owner;
    - `in_metadata`: a SQLAlchemy MetaData can declare such objects;
    - `exists`: the FROM clause of a query for any such object; if there is none, the kind's query is not run;
    - `may_come_first`: an administrator may have made some in a database that is otherwise empty.

    Effects of a change:
    - `after`: the kinds that come before it if `pg_depend` does not order two objects;
    - `seen`: the attributes that an expression which uses the object can depend on; None: all;
    - `holds_data`: its DROP loses data. `is_kept`: it is never dropped only to be created again, which would lose them;
    - `is_replaceable`: it holds neither rows nor rules for rows, so that one definition can replace another;
    - `concerns_rows`: a change of it can fail on rows of its table, or change them;
    - `changes_its_table`: it decides which rows its table takes, or what a statement does there;
    - `used_by_columns`: columns hold values of it, so that it cannot be dropped before they have left it. To re-create
      it, the plan renames it, creates the new one, alters every column, and drops the old one;
    - `used_by_defaults`: a column's default can call it: the default is dropped while it is re-created;
    - `follows_type`: PostgreSQL makes it again itself when a column of it changes its type;
    - `moves`: a model can declare that it comes from another schema;
    - `evaluates_at_once`: its creation evaluates expressions on rows or values, with the rights of the current role;
    - `converts_constants`: a constant of such a type runs code when PostgreSQL reads a definition that contains it.

    `exports`: public functions of its module, beside the hooks of a Kind, that other modules use.
    """

    catalog: str
    owner: str | None
    follows_table: bool = False
    in_metadata: bool = False
    exists: str | None = None
    after: tuple[str, ...] = ()
    seen: tuple[str, ...] | None = None
    is_relation: bool = False
    is_table: bool = False
    is_type: bool = False
    is_overloaded: bool = False
    is_unique_in_schema: bool = False
    has_parts: bool = False
    attached: bool = False
    is_as_written: bool = False
    names_exactly: bool = False
    may_come_first: bool = False
    holds_data: bool = False
    is_kept: bool = False
    is_replaceable: bool = False
    concerns_rows: bool = False
    changes_its_table: bool = False
    used_by_columns: bool = False
    used_by_defaults: bool = False
    follows_type: bool = False
    moves: bool = False
    evaluates_at_once: bool = False
    converts_constants: bool = False
    exports: tuple[str, ...] = ()


def _nothing(*_: Any) -> list[Any]:
    return []


def _no(*_: Any) -> bool:
    return False


def _yes(*_: Any) -> bool:
    return True


def _none(*_: Any) -> None:
    return None


def _unchanged(before: Object, *_: Any) -> Object:
    return before


@dataclass(frozen=True, kw_only=True)
class Kind(Facts):
    """One kind of objects: its facts, and its hooks, which are the public functions of its module.

    - `query(version)`: the SQL of a query with one row per object. The columns `oid` and `identity` (and `subid`,
      `parent` and `class` where needed) identify the object; every other column is an attribute and is compared. A
      module for which the major version does not matter has a constant `QUERY` instead;
    - `unreadable(connection)`: the attributes that this role cannot read, in words ("" if there is no such object);
      None if it can read all. `readable(version)` is the query for the others;
    - `implied(item)`: whether the object is left out of every comparison: neither having it nor lacking it is a
      difference;
    - `needs(item)`: keys of objects that it depends on, although `pg_depend` does not say so;
    - `create(item)`, `drop(item)`, `alter(before, after)`, `rename(item, name)`: lists of SQL statements. `alter`
      returns None if the object has to be dropped and created again;
    - `fits_inside(item)`: whether the statement that creates its table (or domain) can create it too, as `create(item,
      inside)`;
    - `without_references(before, after, tied)`: the object without references that would block other steps. The
      plan alters the object to this form first. `tied`: an object that it refers to is dropped or re-created;
    - `finish(item, before)`: statements that have to wait until all objects exist;
    - `disturbs(before, after)`: whether dependents block this `alter`, so that they are dropped before and created
      after;
    - `too_late(before, after, others)`: whether `alter` cannot share a transaction with the creation of `others`;
    - `make_way(item)`: renames what has an implied name, such as a range type's constructors, while the object waits
      to be dropped: a new object of its kind may need the name;
    - `look(item, catalog)`: its features, which are equal if a new object may be this one under another name; None if
      they say nothing. Without the hook, no model declares the rename of such an object;
    - `conversion(value, name, before, after)`: the expression that converts a value to the re-created type, if a
      conversion by way of text is not enough; `through_text(before, after)` says whether it is enough.
    """

    name: str
    query: Callable[[int], str]
    create: Callable[..., list[str]]
    drop: Callable[[Object], list[str]]
    alter: Callable[..., list[str] | None] = _none
    rename: Callable[[Object, str], list[str]] = _nothing
    finish: Callable[..., list[str]] = _nothing
    unreadable: Callable[[Connection], str | None] = _none
    readable: Callable[[int], str] | None = None
    implied: Callable[[Object], bool] = _no
    needs: Callable[[Object], list[Key]] = _nothing
    fits_inside: Callable[[Object], bool] = _no
    without_references: Callable[[Object, Object, bool], Object] = _unchanged
    disturbs: Callable[[Object, Object], bool] = _no
    too_late: Callable[[Object, Object, Iterable[Object]], bool] = _no
    make_way: Callable[[Object], Sequence[str]] = _nothing
    conversion: Callable[[str, str, Catalog, Catalog], str] | None = None
    look: Callable[[Object, Catalog], object] | None = None
    through_text: Callable[[Object, Object], bool] = _yes


def kind_of(module: ModuleType) -> Kind:
    """Return the kind that a module defines, named as the module is.

    Raises TypeError for a public function that is neither a hook nor one of its `exports`, and for a fact or hook that
    is missing.
    """
    name, facts = module.__name__.rpartition(".")[2], module.FACTS
    own: dict[str, Any] = {
        word: function
        for word, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not word.startswith("_")
    }
    known = {field.name for field in fields(Kind)} - {field.name for field in fields(Facts)}
    if unknown := own.keys() - known - {*facts.exports}:
        raise TypeError(f"{module.__name__}: no hook of a kind, and not in exports: {', '.join(sorted(unknown))}")
    if missing := {*facts.exports} - own.keys():
        raise TypeError(f"{module.__name__}: in exports, and not defined: {', '.join(sorted(missing))}")
    hooks = {word: function for word, function in own.items() if word in known}
    if "query" not in hooks:
        hooks["query"] = lambda _: module.QUERY
    return Kind(name=name, **asdict(facts), **hooks)
