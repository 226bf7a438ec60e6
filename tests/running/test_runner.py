"""Upgrades, downgrades and stamps: their targets, and databases with an uncertain stamp."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.projects import HEAD, ROOT, TABLES, Checkout, ask, copied, refusal, small, tables
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]


@pytest.fixture
def checkout(tmp_path: Path, database: URL) -> Checkout:
    return copied(tmp_path, database)


OURS = [script.revision for script in reversed(History(Project(ROOT)).newest_first())]


def stamps(url: URL) -> list[str]:
    return [str(name) for (name,) in ask(url, "SELECT version_num FROM alembic_version ORDER BY 1")]


def test_targets_name_what_they_lead_to(checkout: Checkout, database: URL) -> None:
    """Runs in this process, because the command line has no part in it."""
    for number in range(1, 4):
        checkout.write_revision(f"r{number}", f"r{number - 1}" if number > 1 else HEAD)
    project, heard = Project(checkout.root), []

    def tell(applied: runner.Applied) -> None:
        heard.append(applied.revision)

    steps = [
        (runner.upgrade, HEAD[:5], OURS),
        (runner.upgrade, "+2", ["r1", "r2"]),
        (runner.upgrade, "head", ["r3"]),
        (runner.upgrade, "r1", []),
        (runner.downgrade, "r3", []),
        (runner.downgrade, "-1", ["r3"]),
        (runner.downgrade, "r1", ["r2"]),
        (runner.downgrade, "base", ["r1", *reversed(OURS)]),
    ]
    for run, target, expected in steps:
        heard.clear()
        outcome = run(project, database, target, tell)
        assert heard == [applied.revision for applied in outcome.applied] == expected, target
    assert tables(database) == 0
    for run, target in ((runner.upgrade, "nowhere"), (runner.upgrade, "+99"), (runner.downgrade, "-1")):
        with pytest.raises(Failure, match=r"nowhere|Only \d+ revisions come|at no revision"):
            run(project, database, target, tell)


def test_unknown_revisions_are_refused(tmp_path: Path, database: URL) -> None:
    checkout = small(tmp_path, database)
    for command in ("upgrade", "downgrade", "stamp"):
        assert refusal(checkout.migrate(command, "nowhere")) == "Can't locate revision identified by 'nowhere'."


def test_stamp_says_where_a_database_stands_whatever_it_said_before(tmp_path: Path, database: URL) -> None:
    checkout = small(tmp_path, little.at(database))
    checkout.write_revision("aaaa", "two")
    ask(database, "UPDATE alembic_version SET version_num = 'feed'")
    for arguments in (["upgrade"], ["status"], ["check-drift"]):
        said = refusal(checkout.migrate(*arguments))
        assert said == "The database is stamped with feed, a revision that no file of this checkout has."
    run = checkout.migrate("stamp", "two")
    assert run.code == 0 and run.out.startswith("Stamped two (was feed). ")

    ask(database, "INSERT INTO alembic_version VALUES ('aaaa')")
    both = ", ".join(sorted(("two", "aaaa")))
    expected = {
        "upgrade": "Requested revision aaaa overlaps with other requested revisions",
        "downgrade -1": "The database is stamped with 2 revisions at once",
        "status": f"The database is stamped with 2 revisions at once: {both}. They do not fit together.",
        "check-drift": f"The database is stamped with 2 revisions at once: {both}. They do not fit together.",
    }
    for command, said in expected.items():
        assert refusal(checkout.migrate(*command.split())).startswith(said)
    assert checkout.migrate("stamp", "head").code == 0 and stamps(database) == ["aaaa"]


@pytest.mark.parametrize("how", ["DROP TABLE alembic_version", "DELETE FROM alembic_version"])
def test_tables_without_a_stamp_are_not_guessed_at(tmp_path: Path, database: URL, how: str) -> None:
    checkout = small(tmp_path, little.at(database, "two", how))
    run = checkout.migrate("upgrade")
    assert run.code == 2 and "Failed: Nothing was run: the database is stamped with no revision, and " in run.err
    assert " of the history are there already, such as:\n  + " in run.err
    assert "migrate.py adopt" in run.err and "despite-drift" not in run.err
    run = checkout.migrate("upgrade", "--despite-drift")
    assert refusal(run).startswith("The upgrade stopped and revision ")
    assert "already exists." in run.err and "migrate.py adopt" in run.err
    assert "4 tables and " in refusal(checkout.check_drift())
    assert checkout.migrate("stamp", "head").code == 0 and stamps(database) == ["two"]


def test_plain_alembic_works_too(checkout: Checkout, database: URL) -> None:
    assert checkout.alembic("upgrade", "head").code == 0 and tables(database) == TABLES
    assert checkout.alembic("current").out == f"{HEAD} (head)\n"
    assert HEAD in checkout.alembic("history").out
    run = checkout.alembic("check")
    assert run.code == 0 and "No new upgrade operations detected." in run.said
    assert checkout.alembic("downgrade", "base").code == 0 and tables(database) == 0
