"""Failures that a user sees: one sentence on what went wrong, and what to type next."""


class Failure(Exception):
    """The command could not do its work: exit code 2.

    `what` names the object and the reason in one sentence; `remedy` is what to type or change, if there is something.
    """

    def __init__(self, what: str, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


def reason(error: BaseException) -> str:
    """Return the first line of PostgreSQL's or Alembic's message, without a full stop. The rest repeats our own SQL."""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0].rstrip(".")
