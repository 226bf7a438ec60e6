"""Targets that lead nowhere: the message and the remedy."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import project
from tests.support.projects import HEAD, ask, copied, migrated
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.running.way import way

# Direction, target, stamp of the database; message and remedy.
NOWHERE = [
    ("upgrade", "+1", "r3", "The database is at r3, the head: no revision comes after it.", "status"),
    ("upgrade", "+9", "r1", "Only 2 revisions come after r1, and +9 asks for 9.", "upgrade head"),
    ("upgrade", "+9", "r2", "Only 1 revision comes after r2, and +9 asks for 9.", "upgrade head"),
    ("upgrade", "+0", "r1", "+0 is no step: nothing was run.", "upgrade +1"),
    ("upgrade", "-1", "r2", "-1 is for a downgrade.", "downgrade -1"),
    ("downgrade", "-0", "r1", "-0 is no step: nothing was run.", "downgrade -1"),
    ("downgrade", "+1", "r1", "+1 is for an upgrade.", "upgrade +1"),
    ("downgrade", "-1", "", "The database is at no revision: there is none to revert.", "status"),
    ("downgrade", "-9", "r3", "Only 3 revisions are applied, and -9 would revert 9.", "downgrade base"),
    ("downgrade", "r3", "r1", "The database is at r1, and r3 is not before that.", "upgrade r3"),
    ("downgrade", "r3-9", "r3", "There is no revision so many steps from r3: r3-9.", "history"),
    ("upgrade", "head+1", "r1", "There is no revision so many steps from head: head+1.", "history"),
    ("upgrade", "x@head", "", "The history has no branch x, so x@head leads nowhere.", "upgrade head"),
    ("upgrade", "r1:r2", "", "r1:r2 is a range, which is for a script.", "upgrade --sql r1:r2"),
    ("upgrade", "r", "", "r begins the ids of 3 revisions: r1, r2 and r3.", "upgrade r1"),
    ("upgrade", "nowhere", "", "Can't locate revision identified by 'nowhere'.", "history"),
    ("upgrade", "+x", "", "Can't locate revision identified by '+x'.", "history"),
]


def test_target_that_leads_nowhere_is_a_sentence(tmp_path: Path) -> None:
    history = History(project(tmp_path, "pass", "pass", "pass"))
    for direction, target, at, said, typed in NOWHERE:
        with pytest.raises(Failure) as caught:
            way(history, direction, target, (at,) if at else ())
        assert (caught.value.what, str(caught.value.remedy).endswith(f"migrate.py {typed}")) == (said, True), target
    assert [step.revision.revision for step in way(history, "upgrade", "r1+1", ())] == ["r1", "r2"]


def test_a_step_back_from_a_merge_names_both_sides(tmp_path: Path) -> None:
    made = project(tmp_path, "pass", "pass", "pass")
    for name, old, new in (("r3", "'r2'", "'r1'"), ("r2", "'r1'", "'r1'")):
        path = tmp_path / f"alembic/versions/{name}.py"
        path.write_text(path.read_text().replace(f"down_revision = {old}", f"down_revision = {new}"))
    merge = (tmp_path / "alembic/versions/r3.py").read_text()
    merge = merge.replace('revision = "r3"', 'revision = "r4"', 1).replace("= 'r1'", "= ('r2', 'r3')")
    (tmp_path / "alembic/versions/r4.py").write_text(merge)
    for target in ("-1", "r4-1"):
        with pytest.raises(Failure) as caught:
            way(History(made), "downgrade", target, ("r4",))
        assert caught.value.what == f"r4 joins r2 and r3: {target} does not say which of them to go back to."
        assert caught.value.remedy == "migrate.py downgrade r2; or migrate.py downgrade r3"


def test_a_step_up_among_branches_without_labels(tmp_path: Path) -> None:
    """Two bases that a third revision joins; what is recommended leads somewhere."""
    made = project(tmp_path, "pass", "pass", "pass")
    for name, old, new in (("r3", "'r2'", "('r1', 'r2')"), ("r2", "'r1'", "None")):
        path = tmp_path / f"alembic/versions/{name}.py"
        path.write_text(path.read_text().replace(f"down_revision = {old}", f"down_revision = {new}"))
    history = History(made)
    with pytest.raises(Failure) as caught:
        way(history, "upgrade", "+1", ())
    assert caught.value.what == "The history has branches: +1 does not say on which."
    assert caught.value.remedy == "migrate.py upgrade r1; or migrate.py upgrade r2"
    assert [step.revision.revision for step in way(history, "upgrade", "r2", ())] == ["r2"]
    (tmp_path / "alembic/versions/r3.py").unlink()
    with pytest.raises(Failure, match=r"heads are r1 and r2: a downgrade goes to one of them, or below them\."):
        way(History(made), "downgrade", "heads", ("r1", "r2"))


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_plain_alembic_says_the_same(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    for arguments, at, said in (
        (("downgrade", "-1"), "base", "The database is at no revision: there is none to revert."),
        (("upgrade", "+1"), HEAD, f"The database is at {HEAD}, the head: no revision comes after it."),
        (("downgrade", "-99"), HEAD, "revisions are applied, and -99 would revert 99."),
        (("downgrade", "-1"), "joined", "joined joins one and other: -1 does not say which of them to go back to."),
    ):
        if at == HEAD:
            migrated(database)
        if at == "joined":
            for name in ("one", "other"):
                checkout.write_revision(name, HEAD)
            checkout.write_revision("joined", "parents")
            path = checkout.versions / "joined.py"
            path.write_text(path.read_text().replace("'parents'", "('one', 'other')"))
            ask(database, "UPDATE alembic_version SET version_num = 'joined'")
        end = checkout.alembic(*arguments)
        assert end.code != 0 and said in end.said and "Traceback" not in end.said, end
        assert "migrate.py" in end.said, end
