"""The command `results dbdiff`, with privileges."""

from collections.abc import Callable

import results
from loop import Compared, serve
from results.database import close_pool, conns


def prepare(wanted: str, actual: str) -> Callable[[], Compared]:
    def compare() -> Compared:
        try:
            sql = results.db(actual).schemadiff_as_sql(results.db(wanted), with_privileges=True)
        finally:
            for url in list(conns):
                close_pool(url)
        return sql, sql

    return compare


if __name__ == "__main__":
    serve(prepare)
