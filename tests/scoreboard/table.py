"""The scoreboard as text: the table, and the section of docs/PERFORMANCE.md."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.scoreboard.measure import Score
from tests.scoreboard.tools import PG_DUMP, TOOLS, Tool
from tests.support.performance_page import machine, markdown

HEADING = "What other tools see of a change"
COLUMNS = ["tool", "seen", "named", "repaired", "false alarms", "failed", "time"]
RULES = (Path(__file__).parent / "rules.md").read_text()


def rows(scores: Mapping[Tool, Score], absent: Mapping[Tool, str]) -> str:
    """Return the table. Time is a multiple of that of `pg_dump -s` of both databases."""
    peer = scores[PG_DUMP].seconds / _asked(scores[PG_DUMP]) if PG_DUMP in scores else 0
    lines = []
    for tool in TOOLS:
        if tool in absent:
            lines.append([tool.name, f"not installed: {absent[tool]}", *("" for _ in COLUMNS[2:])])
        elif tool in scores:
            score = scores[tool]
            repaired = _of(score.repaired, score.cases) if tool.driver else "writes no SQL"
            time = f"{score.seconds / _asked(score) / peer:.1f}" if peer else ""
            shares = [_of(count, score.cases) for count in (score.seen, score.named)]
            lines.append([tool.name, *shares, repaired, str(score.alarms), str(score.failed), time])
    return markdown(COLUMNS, lines)


def page(
    scores: Mapping[Tool, Score], absent: Mapping[Tool, str], left: Sequence[str], server: str, every: int = 1
) -> str:
    """Return the section: when and where, the table, its rules, and what is not compared. `left`: cases not run."""
    first = next(iter(scores.values()))
    share = "all cases" if every == 1 else f"one of every {every} cases"
    settings = [f"- {tool.name}{_versions(tool)}: {tool.settings}." for tool in TOOLS if tool in scores]
    words = {
        "command": "make scoreboard" if every == 1 else f"SCOREBOARD_EVERY={every} make scoreboard",
        "machine": f"{machine()}, PostgreSQL {server}",
        "cases": f"{first.cases} changes, which are {share} of `tests/objects`",
        "pairs": str(first.pairs),
        "left": f" Not run, as this server was built without what they need: {'; '.join(left)}." if left else "",
        "rows": rows(scores, absent),
        "settings": "\n".join(settings),
    }
    return re.sub(r"<(\w+)>", lambda found: words[found[1]], RULES)


def _versions(tool: Tool) -> str:
    """Return the versions of the packages that a tool consists of."""
    own = ("results", "pgmig", "alembic", "alembic-utils", "alembic-postgresql-enum")
    words = [package.replace("==", " ") for package in tool.packages if package.partition("==")[0] in own]
    return f" ({', '.join(words)})" if words and not tool.wheel else ""


def _of(count: int, cases: int) -> str:
    return f"{count} ({100 * count / cases:.1f}%)" if cases else "0"


def _asked(score: Score) -> int:
    return max(score.cases + score.pairs, 1)
