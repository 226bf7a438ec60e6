"""From an edited model to a revision and back, as typed on the command line."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.projects import HEAD, ROOT, TABLES, USERS, Checkout, ask, copied, migrated, refusal, tables

pytestmark = pytest.mark.thorough

REVISIONS = {path.name for path in (ROOT / "alembic" / "versions").glob("*.py")}
ODD = """-x it's "quoted" $HOME $(touch evil) `touch evil` $(shell touch evil) 100% #no é\nsecond \\ \"\"\" line"""


@pytest.fixture
def checkout(tmp_path: Path, database: URL) -> Checkout:
    return copied(tmp_path, migrated(database))


def drafted(checkout: Checkout) -> Path:
    (name,) = checkout.revisions() - REVISIONS
    return checkout.versions / name


@pytest.mark.servers("pg18")
def test_edit_a_model_draft_apply_and_take_back(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    run = checkout.migrate("upgrade")
    assert run.code == 0 and run.err == "" and tables(database) == TABLES
    said = r"\n  .*20251011_baseline_v106 .+ \(\d+\.\d\d s\)\n(?:  .+\n)*Upgraded from no revision to " + HEAD + ": "
    assert re.search(said + rf"{len(REVISIONS)} revisions in \d+\.\d\d s\.\n", run.out)
    run = checkout.migrate("upgrade")
    assert run.code == 0 and f"\nNothing to do: the database is at {HEAD}.\n" in run.out
    run = checkout.check_drift()
    assert (run.code, run.err) == (0, "") and run.out.endswith(": nothing differs.\n")

    run = checkout.migrate("create", "nothing new")
    assert (run.code, run.err) == (0, "") and "No changes: the history already matches the models." in run.out
    assert checkout.revisions() == REVISIONS

    checkout.add_column("email_confirmed: Mapped[bool] = mapped_column(server_default=text('false'))")
    column = "+ column users.email_confirmed boolean NOT NULL DEFAULT false"
    run = checkout.check_drift()
    assert run.code == 1 and run.out.startswith("Unwritten: ") and column in run.out and f"({USERS}:" in run.out

    run = checkout.migrate("create", "Verify e-mail addresses")
    assert (run.code, run.err) == (0, "") and run.out.startswith(f"{column}\nWrote alembic/versions/")
    file = drafted(checkout)
    found = re.fullmatch(r"20\d{6}_\d{4}_([0-9a-f]{12})_verify_e_mail_addresses\.py", file.name)
    assert found, file.name
    text = file.read_text()
    assert (ast.get_docstring(ast.parse(text)) or "").startswith(f"Verify e-mail addresses\n\n{column}\n\nRevision ID:")
    assert 'op.add_column("users", sa.Column("email_confirmed"' in text

    run = checkout.check_drift()
    assert run.code == 1 and f"Pending: the database is at {HEAD}, the head is {found[1]}" in run.out
    assert checkout.migrate("upgrade").out.count(f"{found[1]} Verify e-mail addresses") == 1
    assert checkout.check_drift().code == 0
    run = checkout.migrate("downgrade", "-1")
    assert run.code == 0 and f"Downgraded from {found[1]} to {HEAD}: 1 revision" in run.out
    run = checkout.check_drift()
    assert run.code == 1 and run.out.startswith("Pending: ") and "Drift" not in run.out


@pytest.mark.servers("pg18")
def test_what_somebody_did_to_the_database_is_no_history(checkout: Checkout, database: URL) -> None:
    ask(database, "ALTER TABLE users ADD COLUMN by_hand integer")
    run = checkout.check_drift()
    assert run.code == 1 and run.out.startswith("Drift: ") and "+ column users.by_hand integer" in run.out
    run = checkout.migrate("create", "x")
    assert run.code == 0 and run.out.startswith("No changes: ") and checkout.revisions() == REVISIONS


@pytest.mark.servers("pg18")
def test_message_is_taken_as_it_was_typed(checkout: Checkout) -> None:
    checkout.add_column("nick: Mapped[str | None]")
    for arguments in ([], ["msg="], ["msg= \n"]):
        run = checkout.make("revision", *arguments)
        assert run.code == 2 and run.err.startswith("Failed: A revision needs a message, such as: make revision msg=")
        assert run.err.count("\n") == 2  # the tool's line, and make's own
    run = checkout.make("revision", f"msg={ODD}", "allow=$(shell touch evil)")
    assert run.code == 0, run
    file = drafted(checkout)
    first = ODD.replace("\n", " ").replace('"""', "'''")
    assert (ast.get_docstring(ast.parse(file.read_text())) or "").startswith(f"{first}\n\n+ column users.nick text\n")
    assert not (checkout.root / "evil").exists()
    assert f"{first} (" in checkout.make("upgrade", "to=").out
    run = checkout.make("upgrade", "to=$(shell touch evil); touch evil")
    assert run.code == 2 and "revision identified by '$(shell touch evil); touch evil'" in run.err
    assert not (checkout.root / "evil").exists()


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Mapped[int] = mapped_column(server_default=text('nowhere()'))", "function nowhere() does not exist"),
        ("Mapped[int] = mapped_column(server_default=text(\"'x'\"))", 'invalid input syntax for type integer: "x"'),
        (
            "Mapped[int] = mapped_column(__import__('sqlalchemy').CheckConstraint('nowhere(a)', name='c'))",
            "function nowhere(",
        ),
    ],
)
def test_models_that_postgresql_refuses_are_not_drafted(checkout: Checkout, column: str, said: str) -> None:
    checkout.edit(USERS, "import ForeignKey,", "import CheckConstraint, ForeignKey,")
    checkout.add_column(f"a: {column}")
    run = checkout.check_drift() if "'x'" in column else checkout.migrate("create", "x")
    assert refusal(run).startswith(f"The models do not make a schema: {said}")
    assert " It was at: CREATE TABLE users (" in refusal(run)
    assert checkout.revisions() == REVISIONS
