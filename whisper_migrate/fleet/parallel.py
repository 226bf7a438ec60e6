"""Work on many databases at once: so many at a time, and no failure of one stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from whisper_migrate.errors import Failure, reason
from whisper_migrate.fleet.members import Member

Found = TypeVar("Found")


def each(
    members: Sequence[Member], jobs: int, work: Callable[[Member], Found], stop: Callable[[], None] = lambda: None
) -> Iterator[tuple[Member, Found | Failure]]:
    """What `work` finds on every member, or why it failed, as each is done; `jobs` are worked on at a time.

    `work` runs in threads, and may only do what threads can do beside each other: talk to a database or to a process.
    Python's parser is not like that (3.11 fails on ast.parse in two threads), nor is the import of a history.
    When this is interrupted, no more is begun, and `stop` is called to end what has.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(attempt, work, member): member for member in members}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()  # which nobody keeps: it may be a whole catalog
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise


def attempt(work: Callable[[Member], Found], member: Member) -> Found | Failure:
    """What `work` finds on a member, or why it failed, whatever that is."""
    try:
        return work(member)
    except Failure as failure:
        return member.blame(failure)
    except DBAPIError as error:
        return Failure(f"PostgreSQL says: {reason(error)}.")
    except (Exception, SystemExit) as error:
        return Failure(f"{type(error).__name__}: {error}", "This is a mistake of whisper-migrate.")
