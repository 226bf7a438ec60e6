"""The road from each release of WhisperEngine to the head: the commands that an operator types, with all rows kept."""

import re

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.models.test_newest_schema import RETIRED
from tests.roads.releases import STATES, V106, taken_to
from tests.roads.rows import Rows, changed, rows
from tests.state import v106
from tests.support import little
from tests.support.connections import connected
from tests.support.projects import HEAD, ROOT, ask
from whisper_migrate.project.project import Project
from whisper_migrate.rows.fill import fill

# By state: the revision to adopt it at, and the missing ones before it.
UNVERIFIED, AS_TEXT, FOLDED = "472fc70ce6fd", "03bfe2298f4e", "d084b9377de9"
RETIRING, STATE_OF_USERS = "a7eb08030574", "c49d0e7b0711"
PERSONAS = ("e9fbf949a39f", "30b76b37f824", "3d67119b92ae", FOLDED, "a32d1865758e", "bb3e9cf0a81c", "62f5cc499b8b")
BOTH = (RETIRING, UNVERIFIED)
ROADS = {
    "fresh_v1.0.18": ("62f5cc499b8b", (*BOTH, AS_TEXT)),
    "fresh_v1.0.22": (STATE_OF_USERS, (*BOTH, AS_TEXT)),
    "fresh_v1.0.27": ("e08a064ada4d", BOTH),
    "fresh_v1.0.32": ("af1ae79d2807", BOTH),
    "fresh_v1.0.33": ("af1ae79d2807", (*BOTH, STATE_OF_USERS)),
    "fresh_v1.0.35": ("2328c7090160", (*BOTH, STATE_OF_USERS)),
    "fresh_v1.0.36": ("887a63bb1eb6", BOTH),
    "fresh_v1.0.37": (HEAD, BOTH),
    "by_18_22_27_33_37": (HEAD, (*BOTH, *PERSONAS)),
    "by_19_24_27_32_33_35_37": (HEAD, BOTH),
}
# Rows that a revision moves or converts: each of these revisions has a test of its own that compares the values.
FOLDING = {f"{table}_v2 is gone" for table in ("character_emotional_triggers", "character_roleplay_scenarios")}
FOLDING |= {"character_scenario_triggers_v2 is gone", "character_ai_scenarios has more", "system_settings has more"}
FOLDING |= {"character_emotional_triggers has more"}
FOLDING |= {f"communication_styles.{name}" for name in ("ai_identity_handling", "conversation_flow_guidance")}
STATES_OF_USERS = "character_emotional_states"
COLUMNS = ("id", "character_name", "user_id", "state_data", "last_updated", "created_at")
SPLITTING = {f"{STATES_OF_USERS}.{name}" for name in COLUMNS} | {"system_settings has more"}
BAD = (
    "UPDATE communication_styles SET conversation_flow_guidance = 'be kind', ai_identity_handling = ''",
    "INSERT INTO universal_users (universal_id, primary_username, preferences)"
    " SELECT 'many' || n, 'many', (ARRAY['', 'dark, please', '{''a'': 1}', '{\"a\": 1}', '\"\\u0000\"'])[n % 5 + 1]"
    " FROM generate_series(1, 300) AS n",
)


@pytest.fixture
def release(old: URL, make_database: MakeDatabase, request: pytest.FixtureRequest) -> URL:
    """A database of the release that the test names, with rows in every table, some of which are bad."""
    url = make_database(template=old)
    state = STATES[request.param]
    missing = set(state["as_head"]) & {"communication_styles", "universal_users"}
    ask(url, *(statement for statement in BAD if not any(name in statement for name in missing)), "SELECT 1")
    taken_to(url, request.param)
    with connected(url) as connection:
        found = v106.catalog(url)
        new = [table for table in v106.tables(found) if table.removeprefix("public.") not in V106]
        assert fill(connection, found, [table for table in new if "alembic" not in table], found) == []
        connection.commit()
    return url


@pytest.mark.thorough
@pytest.mark.parametrize("release, name", [(name, name) for name in ROADS], indirect=["release"], ids=list(ROADS))
def test_road_of_a_release(name: str, release: URL, capsys: pytest.CaptureFixture[str]) -> None:
    at, missing = ROADS[name]
    before, functions = rows(release), _functions(release)

    def command(*arguments: str, code: int = 0) -> str:
        said = little.command(capsys, Project(ROOT), release, *arguments)
        assert said.code == code, said
        return said.out

    assert f"It is {at} without {len(missing)} revisions before it:" in command("whereami", code=1)
    plan = command("adopt", code=1)
    assert f"Nearest is {at}." in plan and "  -> migrate.py adopt --reconcile " in plan
    assert [line.split()[0] for line in plan.partition("run first:")[2].splitlines()[1:]][: len(missing)] == [*missing]
    assert rows(release) == before
    assert f"Adopted at {at} (was stamped {STATES[name]['stamp']})" in command("adopt", "--reconcile")
    command("upgrade")
    assert "nothing differs" in command("check-drift", "--only", "database")
    assert "by other hands" not in command("history", "--applied")
    meant = FOLDING if FOLDED in missing else set[str]()
    meant = meant | ({"universal_users.preferences"} if AS_TEXT in missing else set())
    meant |= SPLITTING if "state_data" in before.get(STATES_OF_USERS, Rows(0, {})).columns else set()
    assert changed(before, rows(release)) == meant
    assert functions - _functions(release) <= RETIRED


# By state: the beginning of its row in the guide.
NAMED = {
    "fresh_v1.0.18": "v1.0.18 to v1.0.21 ",
    "fresh_v1.0.22": "v1.0.22 to v1.0.24 ",
    "fresh_v1.0.27": "v1.0.27 ",
    "fresh_v1.0.32": "v1.0.32 ",
    "fresh_v1.0.33": "v1.0.33 and v1.0.34 ",
    "fresh_v1.0.35": "v1.0.35 ",
    "fresh_v1.0.36": "v1.0.36 ",
    "fresh_v1.0.37": "v1.0.37 to v1.0.40 ",
    "by_18_22_27_33_37": "v1.0.6 at first, 87 tables ",
    "by_19_24_27_32_33_35_37": "v1.0.6 at first, 99 tables ",
}


def test_the_guide_has_every_road() -> None:
    guide = (ROOT / "docs/deployment/UPGRADING.md").read_text()
    for name, (at, missing) in ROADS.items():
        (row,) = re.findall(rf"^\| {re.escape(NAMED[name])}.*\| `(\w+)` \| (.*) \|$", guide, re.MULTILINE)
        listed = re.findall(r"`(\w+)`", row[1])
        assert row[0] == at and ({*listed} <= {*missing} if "all from" in row[1] else listed == [*missing]), name


def _functions(url: URL) -> set[str]:
    return {
        str(name) for (name,) in ask(url, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    }
