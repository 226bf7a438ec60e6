"""Work on many databases at once; the failure of one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.errors import Failure, reason
from whisper_migrate.fleet.members import Member

Found = TypeVar("Found")


def each(
    members: Sequence[Member], jobs: int, work: Callable[[Member], Found], stop: Callable[[], None] = lambda: None
) -> Iterator[tuple[Member, Found | Failure]]:
    """Call `work` for all members, `jobs` at a time, and yield each member with the result or the failure.

    `work` runs in threads. It may talk to a database or a process, but must not parse Python or import a history: in
    Python 3.11 ast.parse fails in two threads. On an interruption no more members are begun, `stop` is called to end
    the running ones, and these are yielded as well.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(attempt, work, member): member for member in members}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()  # pop frees the result, perhaps a catalog
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            if is_of_a_signal(error):
                for future, member in futures.items():
                    if not future.cancelled():
                        yield member, future.result()
            raise


def attempt(work: Callable[[Member], Found], member: Member) -> Found | Failure:
    """Return the result of `work` for a member, or its failure; every exception becomes a Failure."""
    try:
        return work(member)
    except Failure as failure:
        return member.blame(failure)
    except DBAPIError as error:
        return Failure(f"PostgreSQL says: {reason(error)}.")
    except BaseException as error:
        if is_of_a_signal(error):
            raise
        return Failure(f"{type(error).__name__}: {error}", "This is a mistake of whisper-migrate.")
