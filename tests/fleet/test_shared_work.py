"""The division of a fleet's work: among threads, among runs on several machines, and between canaries and the rest."""

import ast
import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.fleet.conftest import Fleet, stamp, summary
from tests.support import little
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.shard import Shard
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running.ledger import code_hash

pytestmark = pytest.mark.servers("pg18")

NAMES = [f"bot{number}" for number in range(1000)]


def members(names: list[str]) -> list[Member]:
    return [Member(name, "", "") for name in names]


def test_shards_are_a_division() -> None:
    """Each member is in exactly one part of about equal size, and stays there when other members come or go."""
    whole = members(NAMES)
    parts = [Shard(number, 10).members(whole) for number in range(1, 11)]
    assert sorted(member.name for part in parts for member in part) == sorted(NAMES)
    assert all(60 < len(part) < 140 for part in parts)
    assert Shard(3, 10).members(whole[::7]) == [member for member in parts[2] if member in whole[::7]]
    assert Shard(1, 1).members(whole) == whole


@pytest.mark.parametrize("text", ["0/10", "11/10", "3", "3/", "-1/10", "a/b", "1/0", "٣/10", "3/10/2", ""])
def test_what_is_no_shard_is_refused(text: str, fleet: Fleet) -> None:
    said = fleet({"a": "postgresql://127.0.0.1:1/a"}, "status", "--shard", text)
    assert said.code == 2 and "1/10 is the first of ten parts, and 10/10 the last" in " ".join(said.err.split())


@pytest.mark.thorough
def test_every_action_takes_its_shard(fleet: Fleet, make_database: MakeDatabase) -> None:
    template = little.at(make_database())
    databases: dict[str, URL | str] = {name: make_database(template) for name in ("x", "y", "z")}
    mine = [member.name for member in Shard(1, 2).members(members(list(databases)))]
    assert 0 < len(mine) < 3
    line = f"Shard 1/2: {len(mine)} of 3 databases."
    for action, code in (("status", 0), ("check-drift", 1), ("upgrade", 0)):
        said = fleet(databases, action, "--shard", "1/2")
        assert said.code == code and summary(said)[0] == line and f"/{len(mine)}] {mine[0]}: " in said.out
    assert {name for name, url in databases.items() if stamp(url) == "three"} == set(mine)
    nobody = next(f"{number}/9" for number in range(1, 10) if not Shard(number, 9).members(members(list(databases))))
    assert fleet(databases, "upgrade", "--shard", nobody).code == 0
    assert fleet(databases, "upgrade", "--shard", "2/2").code == 0
    assert fleet(databases, "check-drift").code == 0


@pytest.mark.thorough
def test_canaries_are_the_first_with_something_pending(
    fleet: Fleet,
    make_database: MakeDatabase,
) -> None:
    """Databases without pending revisions are no canaries. `d` fails, so `e` is left alone."""
    template = little.at(make_database())
    databases: dict[str, URL | str] = {name: make_database(template) for name in "abcde"}
    assert fleet({name: databases[name] for name in "ab"}, "upgrade").code == 0
    little.execute(databases["d"], "ALTER TABLE tags ADD COLUMN more integer")  # type: ignore[arg-type]
    said = fleet(databases, "upgrade", "--canary", "2", "--jobs", "2")
    assert said.code == 2 and summary(said)[:2] == [
        "1 upgraded, 0 had nothing to do, 1 failed.",
        "3 were not tried, as one of the first 2 with something pending failed.",
    ]
    assert [stamp(url) for url in databases.values()] == ["three", "three", "three", "two", "two"]
    little.execute(databases["d"], "ALTER TABLE tags DROP COLUMN more")  # type: ignore[arg-type]
    said = fleet(databases, "upgrade", "--canary", "1", "--jobs", "1")
    assert (said.code, summary(said)) == (0, ["2 upgraded, 3 had nothing to do, 0 failed."])
    assert "[1/5] d: " in said.out
    assert summary(fleet(databases, "upgrade", "--canary", "9"))[0] == "0 upgraded, 5 had nothing to do, 0 failed."


@pytest.mark.thorough
def test_only_the_main_thread_parses_and_imports(
    monkeypatch: pytest.MonkeyPatch,
    fleet: Fleet,
    make_database: MakeDatabase,
    project: Project,
) -> None:
    """Python 3.11 fails at random on ast.parse in two threads; a ledger's entries are compared with parsed code."""
    heard: dict[str, set[bool]] = {"parse": set(), "history": set()}

    def in_main(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            heard[what].add(threading.current_thread() is threading.main_thread())
            return function(*arguments, **options)

        return called

    databases: dict[str, URL | str] = {name: make_database() for name in "abcdef"}
    assert fleet(databases, "upgrade", "--jobs", "2").code == 0
    folder = Path(project.root) / "alembic/versions/squashed/three"
    folder.mkdir(parents=True)
    settings = gc.isenabled(), sys.getswitchinterval()
    code_hash.cache_clear()  # an earlier test of this process may have cached a file with equal text
    monkeypatch.setattr(ast, "parse", in_main("parse", ast.parse))
    monkeypatch.setattr(History, "__init__", in_main("history", History.__init__))
    for action in ("status", "check-drift"):
        assert fleet(databases, action, "--jobs", "6").code == 0
    assert heard == {"parse": {True}, "history": {True}}
    assert settings == (gc.isenabled(), sys.getswitchinterval())
