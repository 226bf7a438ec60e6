"""Contradictions between ledger, files and stamp: each is reported with its date and a remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import URL

from tests.support import little
from tests.support.little import Said
from tests.support.projects import Checkout, ask, role
from whisper_migrate import reports
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner
from whisper_migrate.state.drift import check

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
Command = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return little.project(tmp_path)


@pytest.fixture
def command(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command on a database that was upgraded to the head."""
    runner.upgrade(project, database, "head", lambda _: None)
    return lambda *arguments: little.command(capsys, project, database, *arguments)


def edit(project: Project, name: str, old: str, new: str) -> None:
    Checkout(project.root).edit(f"alembic/versions/{name}.py", old, new)


def test_nothing_is_odd_after_an_upgrade(command: Command) -> None:
    said = command("status")
    assert said.code == 0 and said.out.splitlines()[5:] == ["Pending   0", "Drift     none"], said.out
    assert "2 entries, the last on 20" in said.out and "upgrade two by" in said.out
    assert command("check-drift").out.startswith("Compared ")


def test_comparison_that_is_not_possible_is_a_failure(project: Project, command: Command, database: URL) -> None:
    ask(database, "DELETE FROM alembic_version")
    said = command("status")
    assert said.code == 2 and "Pending   2" in said.out and "no telling which revision made it" in said.out, said
    said = command("status", "--format", "json")
    assert said.code == 2 and "no telling" in json.loads(said.out)["not_checked"], said


WORDING, CODE, PARENT, FILE = "wording", "code", "another parent", "no file has it"
EDITS = {
    "a comment": (lambda p: edit(p, "one", "branch_labels", "# of one branch\nbranch_labels"), WORDING),
    "the docstring": (lambda p: edit(p, "one", '"""authors [and] their tags"""', '"""Authors."""'), WORDING),
    "a step on rows": (lambda p: edit(p, "two", "def downgrade", "def more():\n    pass\n\n\ndef downgrade"), CODE),
    "the parent": (
        lambda p: (Checkout(p.root).write_revision("zero", "one"), edit(p, "two", "= 'one'", "= 'zero'")),
        PARENT,
    ),
}


@pytest.mark.parametrize("how", EDITS)
def test_files_that_changed_since_they_were_applied_are_named(how: str, project: Project, command: Command) -> None:
    change, word = EDITS[how]
    change(project)
    said, checked = command("status"), command("check-drift", "--only", "database")
    assert said.code == 0 and word in said.out and " since it was applied on 20" in said.out, said.out
    assert word in checked.out and checked.code == (0 if word == WORDING else 1), checked.out
    if word == CODE:  # if the stamp is right, a comparison settles the doubt
        assert "migrate.py stamp two" in checked.out
        assert command("stamp", "two").code == 0 and command("check-drift").code == 0
        assert "edited" not in command("status").out


def test_every_format_tells_of_them(project: Project, database: URL, server: URL) -> None:
    """An edited revision and a doubtful stamp."""
    runner.upgrade(project, database, "head", lambda _: None)
    EDITS["a step on rows"][0](project)
    Checkout(project.root).write_revision("three", "two", up="op.execute('CREATE TABLE more (id integer)')")
    ask(database, "UPDATE alembic_version SET version_num = 'three'")
    verdict = check(project, server, database, "database")
    assert verdict.nearest and [anomaly.revision for anomaly in verdict.anomalies] == ["two", "three"]
    said = {name: reports.report(name).render(verdict, None) for name in reports.NAMES}
    assert all("two.py was edited since it was applied on 20" in text for text in said.values()), said
    assert all("nearer to two" in said[name] for name in ("text", "github"))
    document = json.loads(said["json"])
    assert (document["clean"], document["nearest"]) == (False, "two")
    schema = Path(reports.__file__).parents[2] / "tests/reports/schemas/drift-report.json"
    assert list(Draft202012Validator(json.loads(schema.read_text())).iter_errors(document)) == []


def test_file_that_is_gone_is_named(project: Project, command: Command, database: URL) -> None:
    file = project.root / "alembic/versions/one.py"
    file.unlink()
    edit(project, "two", "= 'one'", "= None")
    said = command("status")
    assert "one was applied on 20" in said.out and FILE in said.out, said.out
    file = project.root / "alembic/versions/two.py"
    file.write_text(file.read_text().replace('"two"', '"three"'))
    said = command("status")
    assert said.code == 2 and "two was applied on 20" in said.out and "migrate.py whereami" in said.err, said
    ask(database, "UPDATE alembic_version SET version_num = 'foreign'")
    said = command("status")
    assert said.code == 2 and "stamp foreign" not in said.out and "migrate.py whereami" in said.err, said
    assert command("stamp", "three", "--unverified").code == 0


def test_stamps_that_nothing_led_to_are_told(project: Project, command: Command, database: URL) -> None:
    assert command("stamp", "one", "--unverified").code == 0
    for name in ("status", "check-drift"):
        said = command(name)
        assert "The stamp of one was not verified: stamped on 20" in said.out, said.out
    ask(database, "UPDATE alembic_version SET version_num = 'two'")
    for name, code in (("status", 0), ("check-drift", 0)):  # the stamp is right, though the ledger does not explain it
        said = command(name)
        assert said.code == code and "leads to the stamp two: it ends at one, stamped on" in said.out
        assert "migrate.py stamp two" in said.out
    assert command("stamp", "two").code == 0
    assert command("check-drift").out.startswith("Compared ")


def test_what_no_comparison_can_see_is_said(project: Project, command: Command, database: URL) -> None:
    """If a stamp skips a revision that changes only rows, no comparison can detect it."""
    Checkout(project.root).write_revision("three", "two", up="op.execute('UPDATE tags SET state = NULL')")
    said = command("stamp", "three")
    assert said.code == 0 and "Note: this revision changes rows only. No comparison can tell" in said.out, said
    assert command("stamp", "two").out.count("Note") == 0
    assert command("upgrade").code == 0 and command("stamp", "three").out.count("Note") == 0


def test_wrong_stamp_is_seen(project: Project, command: Command, database: URL) -> None:
    Checkout(project.root).write_revision("three", "two", up="op.execute('CREATE TABLE more (id integer)')")
    refused = command("stamp", "three")
    assert refused.code == 1 and "- table more" in refused.out and "nearest to two, with no difference" in refused.out
    assert "migrate.py stamp two" in refused.out and ask(database, "TABLE alembic_version") == [("two",)]
    ask(database, "UPDATE alembic_version SET version_num = 'three'")
    for name, code in (("status", 0), ("check-drift", 1), ("whereami", 1)):
        said = command(name)
        assert said.code == code and ("is nearer to two, no difference" in said.out or name == "whereami"), said.out
    assert command("adopt").code == 0 and ask(database, "TABLE alembic_version") == [("two",)]
    assert command("upgrade").code == 0 and command("check-drift", "--only", "database").code == 0


def test_repair_doubts_a_stamp_too_and_settles_it(project: Project, command: Command, database: URL) -> None:
    """A repair would turn a wrongly stamped database into the head's schema, without the revisions' changes of rows."""
    Checkout(project.root).write_revision("three", "two", up="op.execute('CREATE TABLE more (id integer)')")
    ask(database, "UPDATE alembic_version SET version_num = 'three'")
    doubt = "The stamp looks wrong: the database is nearer to two, no difference."
    assert command("repair").out.startswith(f"-- {doubt}\nBEGIN;")
    refused = command("repair", "--apply")
    assert refused.code == 2 and doubt in refused.err and "migrate.py adopt" in refused.err
    assert command("repair", "--apply", "--allow", "wrong-stamp").code == 0
    assert "repair three, verified" in command("history", "--applied").out
    assert command("check-drift", "--only", "database").out.startswith("Compared ")


def test_stamp_of_no_file_is_told(command: Command, database: URL) -> None:
    ask(database, "UPDATE alembic_version SET version_num = 'feed'")
    ask(database, "UPDATE whisper_ledger SET revision = 'feed' WHERE revision = 'two'")
    said = command("whereami")
    assert said.code == 1 and "feed is of no file, and was applied on 20" in said.out, said
    assert "It is what the history says at two." in said.out and "migrate.py stamp two" in said.out


def test_stamps_that_say_nothing_sure_have_a_way_out(command: Command, database: URL) -> None:
    ask(database, "INSERT INTO alembic_version VALUES ('one')")
    for name in ("status", "check-drift", "repair"):
        assert "two depends on the rest: migrate.py stamp two" in command(name).err, name
    assert command("stamp", "two").code == 0 and command("check-drift").code == 0
    for how in ("DELETE FROM alembic_version", "DROP TABLE alembic_version"):
        ask(database, how)
        said = command("status")
        assert said.code == 2 and "leads to the stamp no revision: it ends at two" in said.out, said
        assert command("whereami").out.endswith("-> migrate.py stamp two   (compares it again first)\n")
        assert command("adopt").code == 0 and command("check-drift").code == 0


def test_lost_ledger_is_no_obstacle(command: Command, database: URL) -> None:
    ask(database, "DROP TABLE whisper_ledger")
    said = command("status")
    assert said.code == 0 and "Ledger    none yet" in said.out and "Drift     none" in said.out
    assert command("check-drift").out.startswith("Compared ")
    told = command("upgrade").out
    assert "Note: No ledger tells how the database came to be stamped with two." in told
    assert "  -> migrate.py stamp two   (compares it first)" in told
    assert command("adopt").code == 0 and command("adopt").out.count("Nothing to do") == 1
    assert "Note" not in command("upgrade").out


def test_ledger_that_begins_in_the_middle_vouches_for_nothing(
    project: Project, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    said = little.command(capsys, project, little.at(database, "one"), "upgrade")
    assert said.code == 0 and "Note: The ledger begins in the middle: two was applied on 20" in said.out, said
    assert little.command(capsys, project, database, "stamp", "two").code == 0
    assert "Note" not in little.command(capsys, project, database, "upgrade").out


def test_who_may_not_read_the_ledger_is_told(
    command: Command, database: URL, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("status").code == 0
    with role(database, "CREATEDB") as url:
        ask(database, f"GRANT SELECT ON alembic_version TO {url.username}")
        for name in ("status", "check-drift"):
            said = little.command(capsys, project, url, name)
            assert said.code == 0 and f"GRANT SELECT ON public.whisper_ledger TO {url.username};" in said.out, said
