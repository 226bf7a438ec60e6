"""The history's head against the inventory of WhisperEngine v1.0.40; every deliberate difference is named here."""

import re
from typing import Any

import pytest
from sqlalchemy import URL

from tests.models.inventory.read import Inventory, differing, expected, read
from tests.models.stepping import BASELINE
from tests.repository.test_layout import PYPROJECT
from tests.support.connections import connected
from tests.support.projects import ROOT
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project

# Functions that cannot run in this schema, neither at v1.0.6 nor later: a revision of ours retires them.
RETIRED = {
    "get_character_cdl_v2",
    "get_character_v2",
    "get_user_workflows_v2",
    "migrate_to_jsonb_schema",
    "refresh_character_profiles_v2",
    "start_workflow_v2",
    "track_personality_parameter_changes",
    "update_workflow_state_v2",
    "upsert_character_v2",
}
# A revision of ours adds this column.
EMAIL_VERIFIED = {
    "name": "email_verified",
    "type": "boolean",
    "not_null": True,
    "default": "false",
    "generated": None,
    "identity": None,
    "has_comment": False,
}
# The same condition, as PostgreSQL prints it after a dump and a restore.
GUIDANCE_TYPE = (
    "((guidance_type)::text = ANY (ARRAY[('avoid'::character varying)::text, ('encourage'::character varying)::text]))"
)


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (item for item in items if item["name"] == name)
    return found


@pytest.fixture
def wanted() -> Inventory:
    """The inventory of v1.0.40 with our deliberate differences."""
    inventory = expected("head")
    for table in inventory["tables"]:
        del table["domain"]
    named(inventory["tables"], "users")["columns"].append(EMAIL_VERIFIED)
    named(named(inventory["tables"], "character_mode_guidance")["checks"], "ck_guidance_type")["expression"] = (
        GUIDANCE_TYPE
    )
    inventory["functions"] = [function for function in inventory["functions"] if function["name"] not in RETIRED]
    return inventory


def test_head_is_the_newest_schema(database: URL, wanted: Inventory) -> None:
    with connected(database) as connection:
        History(Project(ROOT)).replay(connection)
        connection.commit()
        found = read(connection)
    for inventory in (found, wanted):  # two functions have one name
        inventory["functions"].sort(key=lambda function: (function["name"], str(function["arguments"])))
    assert differing(found, wanted) == []


def test_every_revision_of_either_history_is_accounted_for() -> None:
    table = (ROOT / "alembic/README.md").read_text().partition("## From v1.0.6")[2]
    rows = re.findall(r"^\| (\w+) \| ([\w, ]*)\|", table, re.MULTILINE)
    ours = {script.revision for script in History(Project(ROOT)).newest_first()} - {BASELINE}
    assert {revision for revision, _ in rows} - {"revision", "none"} == ours
    (theirs,) = PYPROJECT["tool"]["whisper_migrate"]["elsewhere"].values()
    assert {name for _, names in rows for name in re.findall(r"\w+", names)} - {
        "in",
        "place",
        "of",
        "WhisperEngine",
    } == {*theirs}
