"""SQL statements that state their effect, so that no other module has to parse their SQL."""

from __future__ import annotations

from enum import Enum, auto


class Does(Enum):
    """Effects that decide the order of a plan, its warnings and its form in a revision."""

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
    """SQL with its effect. `using` is the expression that converts values to a new type, if no cast does."""

    __slots__ = ("does", "using")

    does: Does
    using: str

    def __new__(cls, sql: str, does: Does, using: str = "") -> Statement:
        statement = super().__new__(cls, sql)
        statement.does = does
        statement.using = using
        return statement


def effect(sql: str) -> Does | None:
    """Return the effect of a statement; None if it is plain SQL."""
    return sql.does if isinstance(sql, Statement) else None
