"""A fleet whose project has an `owner`: objects of other owners are drift."""

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.fleet.conftest import Fleet, stamp, summary
from tests.objects.roles import ROLES
from tests.support import little
from whisper_migrate.project.project import Project

pytestmark = pytest.mark.servers("pg18")

IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "owner"\nidentity = "{0}"\nreason = "a tenant\'s own"\n'
DRIFTS = {
    "a table": ("ALTER TABLE authors OWNER TO keeper",),
    "the same table": ("ALTER TABLE authors OWNER TO keeper",),
    "its view": ("ALTER VIEW author_names OWNER TO keeper",),
    "a table to another": ("ALTER TABLE authors OWNER TO writer",),
    "a table that nobody knows": ("CREATE TABLE mine ()", "ALTER TABLE mine OWNER TO keeper"),
}


@pytest.fixture
def databases(make_database: MakeDatabase, project: Project) -> dict[str, URL | str]:
    """Members at the head: two without drift, one for each of DRIFTS, and two whose database has another owner."""
    (project.root / "alembic/versions/three.py").unlink()
    template = little.at(make_database(), "two", ROLES)
    urls = {name.replace(" ", "-"): make_database(template) for name in ("right", "also right", *DRIFTS, "own", "own2")}
    for name, statements in DRIFTS.items():
        little.execute(urls[name.replace(" ", "-")], *statements)
    for name in ("own", "own2"):
        little.execute(urls[name], f'ALTER DATABASE "{urls[name].database}" OWNER TO keeper')
    return {**urls}


@pytest.mark.thorough
def test_objects_of_another_owner_are_drift(
    fleet: Fleet, databases: dict[str, URL | str], project: Project, make_database: MakeDatabase
) -> None:
    """Without `owner`, members that differ only in owners are equal; with it, they are not."""
    said = fleet(databases, "status")
    assert [line[:7] for line in summary(said)] == ["8 equal", "1 diffe"] and said.code == 1
    me, settings = str(make_database.url.username), project.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace("entities", f'owner = "{me}"\nentities'))

    said = fleet(databases, "status")
    groups = {line.rpartition(": ")[2] for line in summary(said)[1:]}
    alone = {name.replace(" ", "-") for name in list(DRIFTS)[2:]}
    assert said.code == 1 and groups == {"a-table, the-same-table", "own, own2", *alone}

    said = fleet(databases, "check-drift")
    lines = summary(said)
    assert said.code == 1 and lines[0] == "2 equal the history at two"
    found = dict(zip(lines[1::2], (line.partition("  (last in ")[0] for line in lines[2::2]), strict=True))
    at, owner = "from the history at two:", f"owner {me} -> keeper"
    assert found == {
        f"2 differ {at} a-table, the-same-table": f"  ~ owner table authors: {owner}",
        f"1 differs {at} its-view": f"  ~ owner view author_names: {owner}",
        f"1 differs {at} a-table-to-another": f"  ~ owner table authors: owner {me} -> writer",
        f"1 differs {at} a-table-that-nobody-knows": "  + table mine",
        f"2 differ {at} own, own2": f"  ~ owner database itself: {owner}",
    }

    settings.write_text(settings.read_text() + IGNORED.format("table *") + IGNORED.format("database *"))
    said = fleet(databases, "check-drift")
    assert summary(said)[0].startswith("7 equal the history at two") and said.code == 1


def test_an_owner_that_is_no_role_is_refused(fleet: Fleet, project: Project, make_database: MakeDatabase) -> None:
    settings, databases = project.root / "pyproject.toml", {"a": little.at(make_database())}
    settings.write_text(settings.read_text().replace("entities", 'owner = "no such role"\nentities'))
    for arguments in (("status",), ("check-drift",)):
        said = fleet(databases, *arguments)
        text = said.out + said.err
        assert said.code == 2 and 'owner = "no such role" in pyproject.toml is no role of this server.' in text, said
        assert "owner table" not in text and stamp(databases["a"]) == "two"
