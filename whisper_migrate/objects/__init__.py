"""The kinds of objects that PostgreSQL has, one module each; this package finds them and puts them in order.

A kind's module gives
- `CATALOG`: the system catalog that `pg_depend` knows its objects by (e.g. `pg_class`);
- `OWNER`: what `ALTER ... OWNER TO` calls it (e.g. `MATERIALIZED VIEW`); None for what has no owner of its own, or
  none but a superuser. With `FOLLOWS`, an object that lives with a table belongs to whom that belongs to;
- `QUERY`, or `query(version)` where the major version matters: one row per object. The columns `oid` and `identity`
  (`subid`, `parent` and `class` where it has them) name the object, every other column is an attribute and is compared;
- `EXISTS`: what to select from to see whether there are any at all; where there are none its query is not run;
- `create(item)`, `drop(item)` and, where PostgreSQL can, `alter(before, after)`: lists of SQL statements. `alter`
  returns None where only dropping and creating again will do;
- `loose(before, after, tied)`: the object without what would tie it to others while these are dropped or made again
  (`tied` says that some are): it comes to that first of all. `finish(item, before)` is what waits until all is there;
- `disturbs(before, after)`: whether this `alter` is refused while others stand on the object, so that they come off;
- `rename(item, name)`, of types and collations: columns that use one which has to be made anew hold it back. So it is
  renamed, the new one is created under its name, every column is altered to the new one, and the old one is dropped.
  `conversion(column)` is the expression that does this where going through text is not enough, and
  `through_text(before, after)` whether it is enough;
- `make_way(item)`: while it waits to be dropped, the names of it go that another of its kind may need;
- `too_late(before, after, others)`: whether `alter` cannot be done in one transaction with the making of these others;
- `fits_inside(item)`: whether the statement that creates its table (or domain) can create it too, as `create(item,
  inside)`;
- `ATTACHED`: it has no life of its own, as a comment has not: it lives with the object at the same address;
- `needs(item)`: keys of objects that it stands on, where there are such, though `pg_depend` does not say so;
- `implied(item)`: whether it goes without saying, so that neither having nor lacking it is a difference;
- `unreadable(connection)`: what this role cannot read of it, if so (nothing, when there is no such object yet);
  `readable(version)` is the query of what it can;
- `SEEN`: the attributes that an expression which uses the object can depend on (all, unless it says so);
- `AFTER`: the kinds that come before it when nothing else (`pg_depend`) orders two objects.
"""

import importlib
import pkgutil
from graphlib import TopologicalSorter
from types import ModuleType

_found = {
    module.name: importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
}
_graph = TopologicalSorter({name: getattr(module, "AFTER", ()) for name, module in _found.items()})

ATTACHED = frozenset(name for name, module in _found.items() if getattr(module, "ATTACHED", False))
# What lives with other objects comes last: they must be known by then.
KINDS: dict[str, ModuleType] = {
    name: _found[name] for name in sorted(_graph.static_order(), key=lambda name: name in ATTACHED)
}
