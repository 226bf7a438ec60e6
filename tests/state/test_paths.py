"""Every path of a database with rows to the head: at its end nothing differs, and all rows are there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.state.dump import dump, load
from tests.state.v106 import BASELINE, MOVED, Kept, with_rows
from tests.support import little
from tests.support.projects import HEAD, ROOT, Checkout, ask, copied
from whisper_migrate.addresses.url import parse
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
OURS = [script.revision for script in reversed(History(Project(ROOT)).newest_first())]


class Way:
    """A project, a database of v1.0.6 to copy, and commands on the database that takes the path."""

    def __init__(self, folder: Path, old: URL, make: MakeDatabase, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.old, self.make, self.capsys = folder, old, make, capsys
        self.project = Project(ROOT)

    def go(self, url: URL, *arguments: str, code: int = 0, word: str = "") -> None:
        said = little.command(self.capsys, self.project, url, *arguments)
        assert said.code == code and word in said.out, said

    def upgraded(self, url: URL, target: str = "head") -> URL:
        runner.upgrade(self.project, url, target, lambda _: None)
        return url

    def adopted(self, url: URL) -> URL:
        self.go(url, "adopt", "--reconcile")
        return self.upgraded(url)


def from_nothing(way: Way) -> tuple[Kept, URL]:
    url = with_rows(way.upgraded(way.make(), BASELINE))
    return Kept(url), way.upgraded(url)


def from_a_dump(way: Way) -> tuple[Kept, URL]:
    return Kept(way.old), way.adopted(load(dump(way.old), way.make()))


def from_a_wrong_stamp(way: Way) -> tuple[Kept, URL]:
    """The guides of v1.0.6 recommended this stamp: the first check reports it, and an adoption corrects it."""
    url = way.make(template=way.old)
    way.go(url, "stamp", "head", "--unverified")
    way.go(url, "upgrade", word=f"Note: The stamp of {HEAD} was not verified: ")
    for command, code in (("status", 0), ("check-drift", 1)):
        way.go(url, command, code=code, word=f"is nearer to {BASELINE}")
    way.go(url, "stamp", "head", code=1, word=f"It is nearest to {BASELINE}")
    return Kept(way.old), way.adopted(url)


def without_its_ledger(way: Way) -> tuple[Kept, URL]:
    url = with_rows(way.upgraded(way.make(), OURS[1]))
    kept = Kept(url)
    ask(url, "DROP TABLE whisper_ledger")
    way.go(url, "status", word="none yet")
    way.go(url, "adopt", word=f"Adopted at {OURS[1]}")
    way.go(url, "adopt", word="Nothing to do")
    return kept, way.upgraded(url)


def with_two_heads(way: Way) -> tuple[Kept, URL]:
    """One of two heads is applied, then both are merged, and the remaining revisions follow."""
    checkout = copied(way.folder)
    way.project = Project(checkout.root)
    for name, column in (("left", "a"), ("right", "b")):
        up = f"op.execute('ALTER TABLE users ADD COLUMN {column} text')"
        checkout.write_revision(name, HEAD, up=up)
    url = with_rows(way.upgraded(way.make(), "left"))
    kept = Kept(url)
    checkout.write_revision("merge", "left")
    Checkout(checkout.root).edit(
        "alembic/versions/merge.py", "down_revision = 'left'", "down_revision = ('left', 'right')"
    )
    way.project = Project(checkout.root)
    return kept, way.upgraded(url)


WAYS = (from_nothing, from_a_dump, from_a_wrong_stamp, without_its_ledger, with_two_heads)


@pytest.mark.parametrize("take", WAYS, ids=lambda take: take.__name__)
def test_way_to_the_head(
    take: Callable[[Way], tuple[Kept, URL]],
    tmp_path: Path,
    old: URL,
    make_database: MakeDatabase,
    capsys: pytest.CaptureFixture[str],
) -> None:
    way = Way(tmp_path, old, make_database, capsys)
    kept, url = take(way)
    assert kept.differing(url) == []
    way.go(url, "check-drift", "--only", "database", word="nothing differs")


def test_copies_go_on_from_revisions(
    tmp_path: Path, old: URL, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    way = Way(tmp_path, old, make_database, capsys)
    url = make_database()
    for revision in OURS[::6]:
        way.upgraded(url, revision)
        if revision == BASELINE:
            with_rows(url)
        kept, copy = Kept(url), load(dump(url), make_database())
        way.upgraded(copy)
        assert kept.differing(copy) == []
        way.go(copy, "check-drift", "--only", "database", word="nothing differs")


def test_back_to_the_baseline(make_database: MakeDatabase) -> None:
    """Rows of all tables come back from the head, but for texts that say nothing."""
    url = make_database()
    runner.upgrade(Project(ROOT), url, BASELINE, lambda _: None)
    kept, moved = Kept(with_rows(url)), [name for name in MOVED if name.endswith("_v2")]
    counts = [ask(url, f"SELECT count(*) FROM {name}") for name in moved]
    runner.upgrade(Project(ROOT), url, "head", lambda _: None)
    assert kept.differing(url) == []
    runner.downgrade(Project(ROOT), url, BASELINE, lambda _: None)
    words = "the upgrade changes 1 of 6 generated test rows, such as '' to NULL."
    assert kept.differing(url) == [
        f"communication_styles.conversation_flow_guidance: {words}",
        f"communication_styles.ai_identity_handling: {words}",
    ]
    assert [ask(url, f"SELECT count(*) FROM {name}") for name in moved] == counts


def test_embedded_database(tmp_path: Path, place: Path) -> None:
    checkout = copied(tmp_path)
    checkout.variables["WHISPER_PGDATA"] = str(place / "pgdata")
    assert checkout.migrate("upgrade", BASELINE).code == 0
    url = with_rows(parse(checkout.migrate("url").out.strip()))
    kept = Kept(url)
    assert checkout.migrate("upgrade").code == 0 and kept.differing(url) == []
    run = checkout.migrate("status")
    assert "Pending   0" in run.out and "Drift     none" in run.out, run
