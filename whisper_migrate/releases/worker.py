"""Try the statements of a release in a process of its own: two releases of one package cannot be imported together.

The process gets the folder of the release, that of the other release, and the file for its answer as arguments. The
address of the database is in DATABASE_URL, so that models which connect by themselves reach that database and no other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import URL, make_url

from whisper_migrate.databases.connect import connected
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.releases.trials import Trial, trials

ENGINE = Path(__file__).resolve().parents[2]
# The folder of the release may have a whisper_migrate of its own, so this one is imported first.
BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from whisper_migrate.releases.worker import main; main()"
HOME = "WHISPER_HOME_URL"
ADDRESSES = ("SHADOW_URL", "POSTGRES_HOST", "POSTGRES_PASSWORD")


def run(release: Project, other: Project, database: URL, home: URL) -> list[Trial]:
    """Return the trials of a release in a shadow; `home` is the one with its own schema.

    Raises Failure if its models cannot be imported.

    The failure also comes if they import code of the `other` release, such as a package that is installed from there.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    environment["DATABASE_URL"] = _address(database)
    environment[HOME] = _address(home)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-P", "-c", BEGIN, str(ENGINE), str(release.root), str(other.root), str(answer)]
        done = subprocess.run(command, cwd=release.root, env=environment, capture_output=True, text=True, check=False)
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or [f"its process ended with {done.returncode}"])[-1]
            raise Failure(f"The release in {release.root} could not be tried: {last}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    if "failure" in found:
        raise Failure(f"The release in {release.root} could not be tried: {found['failure']}")
    return [Trial(*one) for one in found["trials"]]


def main() -> None:
    """Try the release that the arguments name, and write the answer."""
    folder, other, answer = map(Path, sys.argv[2:5])
    sys.path[:0] = [str(path) for path in _paths(folder, other) if path.is_dir()]
    project = Project.at(folder)
    try:
        with connected(_url("DATABASE_URL")) as connection, connected(_url(HOME)) as home:
            project.prepare(connection)
            project.prepare(home)
            # Two sessions in one database would wait for each other.
            at_home = connection if _url(HOME) == _url("DATABASE_URL") else home
            found: dict[str, object] = {"trials": [list(trial) for trial in trials(project, connection, at_home)]}
            connection.rollback()
            home.rollback()
        _require_apart(Project(other))
    except Failure as failure:
        found = {"failure": failure.what}
    answer.write_text(json.dumps(found), encoding="utf-8")


def _address(database: URL) -> str:
    return database.set(drivername="postgresql").render_as_string(hide_password=False)


def _url(variable: str) -> URL:
    return make_url(os.environ[variable]).set(drivername="postgresql+psycopg2")


def _paths(folder: Path, other: Path) -> list[Path]:
    """Return where the modules of the release are: where those of the other release are found, in its own folder."""
    found = [Path(entry) for entry in sys.path if entry]
    ours = [path for path in found if path.is_relative_to(other) and not path.is_relative_to(sys.prefix)]
    return [folder, folder / "src", *(folder / path.relative_to(other) for path in ours)]


def _require_apart(other: Project) -> None:
    """Raise Failure if a module of the other release was imported."""
    files = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    if file := next((file for file in files if other.is_own(file)), None):
        raise Failure(f"it imports {file}, which is of the other release.")
