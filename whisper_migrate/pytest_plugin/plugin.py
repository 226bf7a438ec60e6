"""A plug-in of pytest: `--whisper-migrate` adds a test of each revision, and fixtures make databases at a revision.

pytest imports this module in every run, so everything else is imported only when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.errors import Failure
from whisper_migrate.wording.hidden_characters import harmless
from whisper_migrate.wording.program import in_its_words

if TYPE_CHECKING:
    from whisper_migrate.pytest_plugin.databases import Databases
    from whisper_migrate.revisions.prove_history import Outcome, Proof

OPTION = "--whisper-migrate"
MARKER = "whisper_migrate"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("whisper-migrate").addoption(
        OPTION, action="store_true", help="Prove each Alembic revision, and compare the models with the history."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}: the tests that {OPTION} adds")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests of the project's history after all others. The options -k and -m choose among them, too."""
    if config.getoption(OPTION):
        try:
            items.extend(Checks.from_parent(session, name="whisper-migrate").collect())
        except Failure as failure:
            raise pytest.UsageError(str(failure)) from failure


class Checks(pytest.Collector):
    """The tests of a project's history, and the proof that they share."""

    def __init__(self, **options: Any) -> None:
        from whisper_migrate.history.history import History
        from whisper_migrate.project.project import Project

        super().__init__(**options)
        self.project = Project.find(self.config.rootpath)
        self.history = History(self.project)
        self.outcome: Outcome | None = None
        self.add_marker(MARKER)
        self.add_marker(pytest.mark.xdist_group("whisper-migrate"))  # one process proves them one after the other

    def collect(self) -> list[Check]:
        """Return a test of each revision, the oldest first, one of the heads, and one of the models."""
        scripts = self.history.newest_first()[::-1]
        revisions = [RevisionCheck.from_parent(self, name=script.revision) for script in scripts]
        return [*revisions, HeadCheck.from_parent(self, name="head"), ModelsCheck.from_parent(self, name="models")]

    def proof(self, revision: str) -> Proof:
        """Return the proof of a revision. Raises Failure if an earlier revision does not run.

        If several are to be proved, all up to this one are proved, each once. A single one is proved alone.
        """
        from whisper_migrate.revisions.prove_history import begun, proofs

        if self.outcome is None:
            wanted = [item for item in self.session.items if isinstance(item, RevisionCheck)]
            self.outcome = begun(self.history, None if len(wanted) > 1 else revision)
            self._proofs = proofs(self.history, databases(self.config).server, self.outcome)
            databases(self.config).at_end(self._proofs.close)
        for proof in self.outcome.proofs:
            if proof.script.revision == revision:
                return proof
        for proof in self._proofs:
            if proof.script.revision == revision:
                return proof
        raise Failure(self.outcome.obstacle or f"{revision} was not proved.")


class Check(pytest.Item):
    """A test of the history. A Failure is printed without a traceback."""

    parent: Checks

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Failure):
            return in_its_words(harmless(scrubbed(str(excinfo.value))), "whisper-migrate")
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.parent.project.root, None, f"{self.parent.name}::{self.name}"


class RevisionCheck(Check):
    """The proof of one revision: up, down and up, with rows, and as a script, without a difference."""

    def runtest(self) -> None:
        proof = self.parent.proof(self.name)
        for note in proof.notes:
            self.add_report_section("call", "notes", note)
        if proof.flaw:
            file = self.parent.history.path(proof.script)
            raise Failure(f"{self.name}: the {proof.flaw.what} ({file}):{proof.flaw.details}")


class HeadCheck(Check):
    """Whether the history is not forked."""

    def runtest(self) -> None:
        self.parent.history.require_no_fork()


class ModelsCheck(Check):
    """Whether the history ends at the models, and every function of theirs can run."""

    def runtest(self) -> None:
        from rich.text import Text

        from whisper_migrate.reports.text import render
        from whisper_migrate.state.drift import check

        verdict = check(self.parent.project, databases(self.config).server, None, "models")
        if not (verdict.clean and verdict.whole):
            raise Failure(Text.from_markup(render(verdict, None), emoji=False).plain.strip())
        if self.parent.outcome and self.parent.outcome.faults:
            raise Failure(
                "\n".join(["Functions cannot run at the end:", *(what for _, what in self.parent.outcome.faults)])
            )


KEY = pytest.StashKey["Databases"]()


def databases(config: pytest.Config) -> Databases:
    """Return the server of this run and its databases."""
    from whisper_migrate.pytest_plugin.databases import Databases

    if KEY not in config.stash:
        config.stash[KEY] = Databases(config.rootpath)
    return config.stash[KEY]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if KEY in session.config.stash:
        session.config.stash[KEY].close()


@pytest.fixture
def database_at(pytestconfig: pytest.Config) -> Iterator[Callable[[str], str]]:
    """A function that makes a database at a revision, such as `head`, and returns its URL; dropped after the test."""
    made = databases(pytestconfig)
    yield made.at
    made.drop()


@pytest.fixture
def migrated_database(database_at: Callable[[str], str]) -> str:
    """The URL of a database at the head, which is dropped after the test."""
    return database_at("head")
