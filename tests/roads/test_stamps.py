"""Databases of v1.0.6 whose stamp is missing, empty or wrong: adopt goes by the schema, and says so."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.roads.releases import stamps
from tests.state.v106 import BASELINE
from tests.support import little
from tests.support.little import Said
from tests.support.projects import HEAD, ROOT, ask
from whisper_migrate.project.project import Project

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
Command = Callable[..., Said]
THEIRS = "is not of this history but of WhisperEngine's own revisions after v1.0.6. It was compared by its schema."


@pytest.fixture
def database(old: URL, make_database: MakeDatabase) -> URL:
    return make_database(template=old)


@pytest.fixture
def command(database: URL, capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: little.command(capsys, Project(ROOT), database, *arguments)


def test_upgrade_of_a_database_without_a_stamp_offers_to_adopt_it(command: Command, database: URL) -> None:
    """A failed upgrade leaves no empty alembic_version behind, with which v1.0.18 would refuse to start."""
    for options in ((), ("--no-check",)):
        said = command("upgrade", *options)
        assert said.code == 2 and "migrate.py adopt" in said.err and "despite-drift" not in said.err, said
        assert ask(database, "SELECT to_regclass('alembic_version'), to_regclass('whisper_ledger')") == [(None, None)]


# By name: the stamps, and the words of adopt on them. An upgrade is refused for all but the first.
STAMPS = {
    "the first start of v1.0.18": ((BASELINE,), ""),
    "the head of v1.0.18": (("a1b2c3d4e5f6",), f"The stamp a1b2c3d4e5f6 {THEIRS}"),
    "the head of v1.0.40": (("954245770def",), f"The stamp 954245770def {THEIRS}"),
    "two": (("954245770def", "20251019_conv_summaries"), f"The stamp 20251019_conv_summaries {THEIRS}"),
    "a revision of no history": (("0123456789ab",), "The stamp 0123456789ab is of no file. It was compared by"),
    "none in the table": ((), ""),
}


@pytest.mark.parametrize("name", STAMPS)
def test_a_wrong_stamp_is_compared_and_replaced(name: str, command: Command, database: URL) -> None:
    given, words = STAMPS[name]
    ask(database, *stamps(*given))
    refused = command("upgrade")
    assert refused.code == 2 and "migrate.py " in refused.err
    assert ask(database, "SELECT * FROM alembic_version ORDER BY 1") == [(one,) for one in sorted(given)]
    said = command("adopt", "--reconcile")
    was = ", ".join(sorted(given)) or "no revision"
    assert said.code == 0 and words in said.out and f"Adopted at {BASELINE} (was stamped {was})" in said.out, said
    assert ask(database, "SELECT * FROM alembic_version") == [(BASELINE,)]


def test_another_revision_than_the_nearest_is_not_adopted(command: Command, database: URL) -> None:
    """With adopt and whereami, the nearest revision is one and the same."""
    said = command("adopt", "head")
    assert said.code == 1 and f"It is nearer to {BASELINE}, with 74 differences" in said.out, said
    assert said.out.endswith(f"  -> migrate.py adopt   (there; then migrate.py upgrade {HEAD})\nNothing was done.\n")
    assert f"Nearest:\n  {BASELINE} with 74 differences" in command("whereami").out
