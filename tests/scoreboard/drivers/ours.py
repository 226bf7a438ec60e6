"""This engine: what check-drift reports of two databases, and the script that repair prints."""

from collections.abc import Callable

from loop import Compared, serve
from sqlalchemy import make_url

from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.state.repair import PREAMBLE


def prepare(wanted: str, actual: str) -> Callable[[], Compared]:
    def compare() -> Compared:
        with connected(make_url(wanted)) as one, connected(make_url(actual)) as other:
            goal, found = inspect(one, requires=True), inspect(other, requires=True)
            changes = settled(one, diff(goal, found))
            steps = plan(found, agreed(found, goal, changes)) if changes else []
        script = ["BEGIN", *PREAMBLE, *statements(steps), "COMMIT"]
        return "\n".join(map(line, changes)), "".join(f"{statement};\n" for statement in script)

    return compare


if __name__ == "__main__":
    serve(prepare)
