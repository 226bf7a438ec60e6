"""Compare the databases of a fleet with the history, once per distinct catalog instead of once per database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import URL

from whisper_migrate.catalog.model import Change, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, may_create, shadows
from whisper_migrate.databases.shadow_server import server_like
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.survey import Standing, Survey
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.owners import given_away
from whisper_migrate.project.ignore import without
from whisper_migrate.state.replays import record


@dataclass(frozen=True)
class Compared:
    """Databases at one revision that differ from the history in the same way; without `drift` they do not differ."""

    revisions: tuple[str, ...]
    drift: list[Change]
    standings: list[Standing]


def compare(history: History, survey: Survey) -> list[Compared]:
    """Return how the databases differ from the history at their revisions: first without drift, then the largest group.

    The history is replayed once per revision and PostgreSQL major version, in a shadow on the server of a member. If
    that fails, the databases concerned are added to `survey.failed`, and the others are still compared.
    """
    found: list[Compared] = []
    by_version = sorted(survey.groups, key=lambda group: group[0].version)
    for _, groups in groupby(by_version, key=lambda group: group[0].version):
        same_version = list(groups)
        everyone = [standing for group in same_version for standing in group]
        try:
            with _server(everyone) as server, shadows(server) as made:
                found += _compared(history, survey, made, same_version)
        except Failure as failure:
            survey.failed |= {standing.member: failure for standing in everyone}
    return sorted(_joined(found), key=lambda one: (bool(one.drift), -len(one.standings)))


@contextmanager
def _server(standings: Sequence[Standing]) -> Iterator[URL]:
    """Yield a server for shadows: that of the first member whose role may create databases, else another one."""
    logins = {url.set(database=None): url for standing in standings for url in [standing.member.url]}
    for url in logins.values():
        with connected(url, read_only=True) as connection:
            allowed = may_create(connection)
        if allowed:
            yield url
            return
    with server_like(standings[0].member.url) as server:
        yield server


def _compared(history: History, survey: Survey, made: Shadows, groups: Iterable[list[Standing]]) -> Iterator[Compared]:
    by_revision: dict[tuple[str, ...], list[list[Standing]]] = {}
    for group in groups:
        by_revision.setdefault(group[0].revisions, []).append(group)
    for number, (revisions, unlike) in enumerate(by_revision.items()):
        try:
            with connected(made.create(f"recorded{number}")) as shadow:
                first = survey.catalogs[unlike[0][0].fingerprint]
                recorded = without(record(history, shadow, revisions, like=first), history.project.ignored)
                for group in unlike:
                    actual = survey.catalogs[group[0].fingerprint]
                    same = actual.fingerprint == recorded.fingerprint
                    drift = [] if same else settled(shadow, diff(recorded, actual))
                    drift += given_away(recorded, actual, history.project.owner)
                    yield Compared(revisions, drift, group)
        except Failure as failure:
            survey.failed |= {standing.member: failure for group in unlike for standing in group}


def _joined(found: Iterable[Compared]) -> Iterator[Compared]:
    """Merge groups with the same drift: their fingerprints may differ in printing only, or by server version."""
    joined: dict[tuple[tuple[str, ...], tuple[Change, ...]], list[Standing]] = {}
    for one in found:
        joined.setdefault((one.revisions, tuple(one.drift)), []).extend(one.standings)
    for (revisions, drift), standings in joined.items():
        yield Compared(revisions, list(drift), standings)
