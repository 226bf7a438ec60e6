"""What goes wrong for a user, said in one sentence, with what to type next."""


class Failure(Exception):
    """The work could not be done: exit code 2.

    `what` says what happened to what, in one sentence; `remedy` is what to type or change, when there is something.
    """

    def __init__(self, what: str, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


def reason(error: BaseException) -> str:
    """What PostgreSQL or Alembic said, in its first line and without a full stop: the rest repeats our own SQL."""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0].rstrip(".")
