"""The command `pgmig generate`, with owners and grants."""

from collections.abc import Callable

import pgmig
from loop import Compared, serve


def prepare(wanted: str, actual: str) -> Callable[[], Compared]:
    def compare() -> Compared:
        sql = pgmig.generate(source=actual, target=wanted, include_owner=True, include_grants=True)
        return sql, sql

    return compare


if __name__ == "__main__":
    serve(prepare)
