"""Print the scoreboard and write it into docs/PERFORMANCE.md: `make scoreboard`.

Words on the command line are kinds, as in tests/objects/test_KIND.py: only their cases run, and nothing is written.
`SCOREBOARD_EVERY=5` leaves the first of each five cases. `SCOREBOARD_NOTES` names a file for a line on each case in
which a tool did not see, name or repair the change.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue

from sqlalchemy import URL

from tests.scoreboard import environments, table
from tests.scoreboard.cases import Group, groups
from tests.scoreboard.measure import Contestant, Score, contestants, measure
from tests.scoreboard.tools import TOOLS, Tool
from tests.support import servers, wheel
from tests.support.performance_page import write
from tests.support.temporary_server import temporary_server
from whisper_migrate.embedded.installed import binaries, major

EVERY = int(os.environ.get("SCOREBOARD_EVERY", "1"))


def main(words: Sequence[str]) -> int:
    """Measure all tools, or say in a tool's row why it is not there."""
    work = groups(words, int(major(binaries())), EVERY)
    with tempfile.TemporaryDirectory() as folder, temporary_server("scoreboard") as server:
        programs, absent = installed(Path(folder))
        version = _version(server)
        scores, left = measured(work, server, programs)
    print(table.rows(scores, absent))
    print("".join(f"Not run on this server: {case}\n" for case in left), end="")
    if notes := os.environ.get("SCOREBOARD_NOTES"):
        lines = [f"{tool.name}: {note}" for tool, score in scores.items() for note in sorted(score.notes)]
        Path(notes).write_text("".join(f"{line}\n" for line in lines))
    if not words:
        print(f"Wrote {write(table.HEADING, table.page(scores, absent, left, version, EVERY))}.")
    return 0


def installed(folder: Path) -> tuple[dict[Tool, str], dict[Tool, str]]:
    """Return the Python of each tool's environment, and of the tools that cannot be installed the reasons."""
    programs, absent = {}, {}
    built = wheel.built(folder)
    for tool in TOOLS:
        print(f"Installing {tool.name} ...", file=sys.stderr)
        try:
            programs[tool] = environments.python(tool, folder, built) if tool.driver else ""
        except environments.NotInstalled as error:
            absent[tool] = str(error)
    return programs, absent


def measured(work: Sequence[Group], server: URL, programs: dict[Tool, str]) -> tuple[dict[Tool, Score], list[str]]:
    """Return each tool's score, and the cases that the server cannot run; on all processors."""
    waiting: SimpleQueue[Group] = SimpleQueue()
    for group in work:
        waiting.put(group)
    _tablespace(server)

    def part(_: int) -> tuple[list[Contestant], list[str]]:
        maker, left = servers.Maker(server), []
        with contestants(programs) as all_of_them:
            while True:
                try:
                    left += measure(waiting.get_nowait(), maker, all_of_them)
                except Empty:
                    break
                print(f"\r{waiting.qsize()} groups of cases to go ", end="", file=sys.stderr, flush=True)
        maker.close()
        return all_of_them, left

    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(part, range(os.cpu_count() or 1)))
    print(file=sys.stderr)
    scores = {tool: Score() for tool in programs}
    for one in (one for all_of_them, _ in parts for one in all_of_them):
        scores[one.tool] += one.score
    return scores, sorted(case for _, left in parts for case in left)


def _version(server: URL) -> str:
    with closing(servers.connect(server)) as connection:
        return str(connection.get_parameter_status("server_version"))


def _tablespace(server: URL) -> None:
    """Create the tablespace that cases of tests/objects/test_tablespace.py use."""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("SET allow_in_place_tablespaces = on")
        cursor.execute("CREATE TABLESPACE elsewhere LOCATION ''")


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:]).split()))
