"""Commands in messages are those of the program that was called."""

import pytest

from whisper_migrate.wording.program import in_its_words

CASES = [
    ('make revision msg="..." allow="drop-column t.a"', 'whisper-migrate create "..." --allow "drop-column t.a"'),
    ('make revision data=1 msg="drop f()"', 'whisper-migrate create --data "drop f()"'),
    ('make revision msg="what changes"', 'whisper-migrate create "what changes"'),
    ("backfill=t.a=EXPRESSION or allow=set-not-null", "--backfill t.a=EXPRESSION or --allow set-not-null"),
    ("delete the draft and rerun with online=1.", "delete the draft and rerun with --online."),
    ("make upgrade", "whisper-migrate upgrade"),
    ("See: migrate.py whereami, migrate.py adopt", "See: whisper-migrate whereami, whisper-migrate adopt"),
    ("These make rows, and make a table; users make upgrades.", None),
    ("DEFAULT 'allow=1' of column allow", None),
    ("scripts/migrations/migrate.py", None),
]


@pytest.mark.parametrize(("said", "expected"), CASES)
def test_commands_are_those_of_the_installed_program(said: str, expected: str | None) -> None:
    assert in_its_words(said, "whisper-migrate") == (said if expected is None else expected)


@pytest.mark.parametrize("said", [case[0] for case in CASES])
def test_this_repository_has_a_front_door(said: str) -> None:
    assert in_its_words(said, "migrate.py") == said
