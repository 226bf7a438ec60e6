"""A statement of a plan that says what it does, so that nothing has to read it out of its SQL."""

from __future__ import annotations

from enum import Enum, auto


class Does(Enum):
    """The effects that a plan's order, its warnings and its form in a revision depend on."""

    SET_TYPE = auto()
    SET_DEFAULT = auto()
    DROP_DEFAULT = auto()
    SET_NOT_NULL = auto()
    DROP_NOT_NULL = auto()
    VALIDATE = auto()
    RENAME_LABEL = auto()
    RENAME_ATTRIBUTE = auto()
    DROP_ATTRIBUTE = auto()


class Statement(str):
    """SQL, and its effect. `using` is the expression by which values become ones of a new type, where it is no cast."""

    __slots__ = ("does", "using")

    does: Does
    using: str

    def __new__(cls, sql: str, does: Does, using: str = "") -> Statement:
        statement = super().__new__(cls, sql)
        statement.does = does
        statement.using = using
        return statement


def effect(sql: str) -> Does | None:
    """What a statement says that it does; None for one of which nothing needs to know."""
    return sql.does if isinstance(sql, Statement) else None
