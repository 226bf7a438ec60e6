"""The cases, shown to each tool in turn: what it sees, names and repairs, and where it raises a false alarm."""

import difflib
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from tests.objects.harness import Case, apply, catalog
from tests.scoreboard.cases import Group
from tests.scoreboard.judge import Entries, dump, entries, is_named, plain
from tests.scoreboard.process import Process
from tests.scoreboard.tools import Tool
from tests.support import servers
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.embedded.installed import binaries

# The server was built without a feature, such as ICU.
UNSUPPORTED = "0A000"


@dataclass
class Score:
    """Counts of a tool's results with changed databases, and with pairs of databases made from the same SQL.

    `failed` counts errors with both. `notes` has a line for each case to look at.
    """

    cases: int = 0
    seen: int = 0
    named: int = 0
    repaired: int = 0
    pairs: int = 0
    alarms: int = 0
    failed: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        both = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        return Score(**both)


@dataclass
class Contestant:
    """A tool that is running; `process` is None for the text of pg_dump."""

    tool: Tool
    process: Process | None
    score: Score = field(default_factory=Score)

    def compare(self, wanted: URL, actual: URL) -> dict[str, Any]:
        """Return the tool's `words` on the difference ("" for none), its `sql` and `seconds`, or its `error`."""
        if self.process:
            answer = self.process.ask(wanted=plain(wanted), actual=plain(actual))
        else:
            began = time.perf_counter()
            texts = [dump(url).splitlines() for url in (wanted, actual)]
            words = "\n".join(difflib.unified_diff(*texts, lineterm=""))
            answer = {"words": words, "seconds": time.perf_counter() - began}
        self.score.seconds += answer.get("seconds", 0)
        return answer

    def repair(self, actual: URL, answer: dict[str, Any]) -> str:
        """Run the tool's repair; return the error, or "" if there was none."""
        if answer["sql"] is None and self.process:
            return str(self.process.ask(repair=plain(actual)).get("error", ""))
        psql = [str(binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", plain(actual)]
        done = subprocess.run(psql, input=answer["sql"], capture_output=True, text=True, check=False)
        return done.stderr.strip() if done.returncode else ""


@contextmanager
def contestants(programs: dict[Tool, str]) -> Iterator[list[Contestant]]:
    """Start each tool with its Python, and end them all."""
    with ExitStack() as stack:
        started = []
        for tool, program in programs.items():
            process = Process(program, tool.driver) if tool.driver else None
            if process:
                stack.callback(process.close)
            started.append(Contestant(tool, process))
        yield started


def measure(group: Group, maker: servers.Maker, all_of_them: Sequence[Contestant]) -> list[str]:
    """Show a group's cases to each contestant, and count in its score; return the cases that this server cannot run."""
    left = []
    try:
        wanted = _wanted(maker, group.before)
        twin = _made(maker, group.before)
        alarms = [_same(one, group, wanted.url, twin) for one in all_of_them]
        for case in group.cases:
            keep = len(maker.names)
            try:
                _changed(case, group.kind, maker, wanted, list(zip(all_of_them, alarms, strict=True)))
            except _Unsupported:
                left.append(f"{group.kind}: {case}")
            maker.drop(keep)
    except _Unsupported:
        left += [f"{group.kind}: {case}" for case in group.cases]
    maker.drop()
    return left


def _same(one: Contestant, group: Group, wanted: URL, twin: URL) -> str:
    """Compare two equal databases; return the false alarm, or ""."""
    answer, score, where = one.compare(wanted, twin), one.score, f"{group.kind}: {group.cases[0]}, before"
    score.pairs += 1
    words = str(answer.get("words", ""))
    if "error" in answer:
        score.failed += 1
        score.notes.append(f"{where}: failed: {_first(answer['error'])}")
    elif words:
        score.alarms += 1
        score.notes.append(f"{where}: alarm: {_first(words)}")
    return words


def _changed(
    case: Case, kind: str, maker: servers.Maker, wanted: "_Wanted", all_of_them: Sequence[tuple[Contestant, str]]
) -> None:
    """Compare the wanted database with a changed one, and judge the repairs of copies of that."""
    changed = _made(maker, case.before, case.change)
    with connected(changed) as connection:
        changes = [(line(change), change.object.identity) for change in diff(wanted.catalog, catalog(connection))]
    identities = {identity for words, identity in changes if words.startswith(tuple(case.named) or ("+", "-", "~"))}
    for one, alarm in all_of_them:
        answer, score, where = one.compare(wanted.url, changed), one.score, f"{kind}: {case}"
        score.cases += 1
        if "error" in answer:
            score.failed += 1
            score.notes.append(f"{where}: failed: {_first(answer['error'])}")
        elif answer["words"] == alarm:
            score.notes.append(f"{where}: not seen")
        else:
            score.seen += 1
            unnamed = [identity for identity in sorted(identities) if not is_named(identity, answer["words"])]
            score.named += not unnamed
            score.notes += [f"{where}: not named: {', '.join(unnamed)}"] if unnamed else []
            if one.process:
                actual = maker(changed)
                error = one.repair(actual, answer)
                now = entries(dump(actual))
                score.repaired += now == wanted.entries
                if now != wanted.entries:
                    left = error or "\n".join(next(iter((now - wanted.entries) | (wanted.entries - now))))
                    score.notes.append(f"{where}: not repaired: {_first(left)}")


@dataclass(frozen=True)
class _Wanted:
    """The database before the changes."""

    url: URL
    catalog: Catalog
    entries: Entries


def _wanted(maker: servers.Maker, before: str) -> _Wanted:
    url = _made(maker, before)
    with connected(url) as connection:
        return _Wanted(url, catalog(connection), entries(dump(url)))


class _Unsupported(Exception):
    """The server was built without what a case needs."""


def _made(maker: servers.Maker, *sql: str) -> URL:
    url = maker()
    with connected(url) as connection:
        try:
            apply(connection, *sql)
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", "") == UNSUPPORTED:
                raise _Unsupported from error
            raise
    return url


def _first(text: str) -> str:
    return " ".join(text.split())[:300]
