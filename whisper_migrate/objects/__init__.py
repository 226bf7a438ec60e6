"""The kinds of PostgreSQL objects, one module each; this package finds the modules and orders them.

A kind's module defines
- `CATALOG`: the system catalog by which `pg_depend` identifies its objects (e.g. `pg_class`);
- `OWNER`: the word in `ALTER ... OWNER TO` (e.g. `MATERIALIZED VIEW`); None if its objects have no owner of their own,
  or only a superuser can own them. With `FOLLOWS`, an object that belongs to a table has the table's owner;
- `QUERY`, or `query(version)` if the major version matters: one row per object. The columns `oid` and `identity` (and
  `subid`, `parent` and `class` where needed) identify the object; every other column is an attribute and is compared;
- `EXISTS`: the FROM clause of a query for any such object; if there is none, `QUERY` is not run;
- `create(item)`, `drop(item)` and, if PostgreSQL can alter such objects, `alter(before, after)`: lists of SQL
  statements. `alter` returns None if the object has to be dropped and created again;
- `without_references(before, after, tied)`: the object without references that would block other steps. The
  plan alters the object to this form first. `tied`: an object that it refers to is dropped or re-created;
- `finish(item, before)`: statements that have to wait until all objects exist;
- `disturbs(before, after)`: whether dependents block this `alter`, so that they are dropped before and created after;
- `rename(item, name)`, of types and collations: a type cannot be dropped while columns use it. To re-create it, the
  plan renames it, creates the new type, alters every column to the new type, and drops the old one.
  `conversion(column)` is the USING expression if a conversion by way of text is not enough, and
  `through_text(before, after)` says whether it is enough;
- `renamed(item, name)`: the statements that give any other object a new name;
- `make_way(item)`: renames what has an implied name, such as a range type's constructors, while the object waits to be
  dropped: a new object of its kind may need the name;
- `too_late(before, after, others)`: whether `alter` cannot share a transaction with the creation of `others`;
- `fits_inside(item)`: whether the statement that creates its table (or domain) can create it too, as `create(item,
  inside)`;
- `ATTACHED`: the object, such as a comment, exists only together with the object at the same address;
- `IN_METADATA`: a SQLAlchemy MetaData can declare such objects;
- `needs(item)`: keys of objects that it depends on, although `pg_depend` does not say so;
- `implied(item)`: whether the object is left out of every comparison: neither having nor lacking it is a difference;
- `unreadable(connection)`: the attributes that this role cannot read, in words ("" if there is no such object); None if
  it can read all. `readable(version)` is the query for the others;
- `SEEN`: the attributes that an expression which uses the object can depend on (default: all);
- `AFTER`: the kinds that come before it if `pg_depend` does not order two objects.
"""

import importlib
import pkgutil
from graphlib import TopologicalSorter
from types import ModuleType

_found = {
    module.name: importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
}
_graph = TopologicalSorter({name: getattr(module, "AFTER", ()) for name, module in _found.items()})

IN_METADATA = frozenset(name for name, module in _found.items() if getattr(module, "IN_METADATA", False))
ATTACHED = frozenset(name for name, module in _found.items() if getattr(module, "ATTACHED", False))
# Attached kinds come last: the objects that they belong to must be known.
KINDS: dict[str, ModuleType] = {
    name: _found[name] for name in sorted(_graph.static_order(), key=lambda name: name in ATTACHED)
}
