"""Long lines on a terminal break between words and continue below their text."""

import io

import pytest

from whisper_migrate.wording.hanging_indent import broken
from whisper_migrate.wording.printing import Terminal

CHANGE = (
    "    [yellow]~[/] column universal_users.preferences: type text -> jsonb; default '{}'::text -> '{}'::jsonb  (last)"
)
CASES = {
    CHANGE: [
        "    ~ column universal_users.preferences: type text -> jsonb; default",
        "      '{}'::text -> '{}'::jsonb  (last)",
    ],
    "pending   one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen": [
        "pending   one, two, three, four, five, six, seven, eight, nine, ten,",
        "          eleven, twelve, thirteen",
    ],
    "Note: " + "word " * 15 + "end": ["Note: " + "word " * 12 + "word", "  word word end"],
    "  -> migrate.py rebase " + "x" * 80 + " --order-matters": [
        "  -> migrate.py rebase " + "x" * 80 + " --order-matters"
    ],
    "  ! " + "y" * 90: ["  ! " + "y" * 90],
    "short\\[x]\n\nlines": ["short[x]", "", "lines"],
}


@pytest.mark.parametrize("markup", CASES)
def test_lines_are_broken_between_words(markup: str) -> None:
    lines = [line.plain for line in broken(markup, 72)]
    assert lines == CASES[markup]


def test_a_log_gets_whole_lines() -> None:
    log = io.StringIO()
    Terminal(file=log, width=72, soft_wrap=True, highlight=False).tell(CHANGE)
    assert log.getvalue() == CHANGE.replace("[yellow]~[/]", "~") + "\n"
