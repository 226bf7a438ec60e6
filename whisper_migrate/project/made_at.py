"""Where models make their tables, columns, constraints, indexes and entities: recorded while they are imported.

A syntax tree has no line for a table whose name a loop or a function composes; the call that makes it has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import DDL, Column, Constraint, ForeignKey, Index, Table, event

Line = tuple[str, int]

COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
MODULE = "<module>"

# By the id of what was made: the object itself, so that no other one gets its id, and the frames, innermost first.
_made: dict[int, tuple[Any, tuple[tuple[str, int, str], ...]]] = {}


@contextmanager
def recording(root: Path) -> Iterator[None]:
    """Record what is made meanwhile, with the frames that run code of the project in `root`."""
    prefix = f"{root}/"

    def record(made: Any, *_: object) -> None:
        frame, found = sys._getframe(2), []
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(prefix) and "/site-packages/" not in code.co_filename:
                found.append((code.co_filename, frame.f_lineno, code.co_name))
                if code.co_name == MODULE:
                    break
            frame = frame.f_back  # type: ignore[assignment]
        if found:
            _made[id(made)] = made, tuple(found)

    kinds = (Column, Constraint, ForeignKey, Index, DDL, *_entities())
    originals = [(kind, kind.__init__) for kind in kinds if "__init__" in vars(kind)]
    for made, original in originals:
        made.__init__ = _recorded(original, record)
    event.listen(Table, "before_parent_attach", record)
    try:
        yield
    finally:
        event.remove(Table, "before_parent_attach", record)
        for made, original in originals:
            made.__init__ = original


def _entities() -> tuple[Any, ...]:
    """Return the classes of alembic_utils whose constructors do not call that of a class above, if it is installed."""
    if find_spec("alembic_utils") is None:
        return ()
    from alembic_utils import (  # slow: no command imports it that imports no models
        pg_extension,
        pg_function,
        pg_grant_table,
        pg_materialized_view,
        pg_policy,
        pg_trigger,
        pg_view,
    )
    from alembic_utils.replaceable_entity import ReplaceableEntity

    return (
        ReplaceableEntity,
        pg_extension.PGExtension,
        pg_function.PGFunction,
        pg_grant_table.PGGrantTable,
        pg_materialized_view.PGMaterializedView,
        pg_policy.PGPolicy,
        pg_trigger.PGTrigger,
        pg_view.PGView,
    )


def _recorded(original: Callable[..., None], record: Callable[[Any], None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *arguments: Any, **options: Any) -> None:
        record(self)
        original(self, *arguments, **options)

    return init


def innermost(made: Any) -> Line | None:
    """The line of the project that made an object: that of the very call."""
    _, frames = _made.get(id(made), (None, ()))
    return frames[0][:2] if frames else None


def outermost(made: Any) -> Line | None:
    """The line of a module that made an object, perhaps by way of functions; in a comprehension, its element's line."""
    _, frames = _made.get(id(made), (None, ()))
    if not frames or frames[-1][2] != MODULE:
        return None
    place = len(frames) - 1
    while place and frames[place - 1][2] in COMPREHENSIONS:
        place -= 1
    return frames[place][:2]
