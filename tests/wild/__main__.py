"""Run the engine on real projects: `make wild`, or `make wild projects=optuna`.

For each project: install it and this engine's wheel into a new environment, begin with an empty embedded database, and
upgrade, compare, prove the newest revision, downgrade by one and upgrade again. Prints every line of the comparison:
whether a line is true, a dump of the schema made by `create_all` tells.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from tests.support.wheel import built
from tests.wild.projects import PROJECTS, Wild


def main(names: list[str]) -> int:
    """Run the projects with these names, or all; return the exit code: 2 if a step failed that should not."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(Path(folder))
        results = [_tried(wild, wheel, Path(folder)) for wild in PROJECTS if not names or wild.name in names]
    return 0 if results and all(results) else 2


def _tried(wild: Wild, wheel: Path, folder: Path) -> bool:
    """Try one project; print each step with its exit code."""
    home, project = folder / f"env-{wild.name}", folder / wild.name
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"{wheel}[embedded]", *wild.requirements]
    subprocess.run(install, check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    project.mkdir()
    lines = ["[tool.whisper_migrate]", f"alembic_ini = {json.dumps(str(packages / wild.ini))}"]
    lines += [f"baseline = {json.dumps(wild.baseline)}"] if wild.baseline else []
    lines += [f"models = {json.dumps(wild.models)}"] if wild.models else []
    (project / "pyproject.toml").write_text("\n".join(lines) + "\n")
    print(f"\n{wild.name} ({', '.join(wild.requirements)})")
    program = [str(home / "bin" / "whisper-migrate")]

    def step(*words: str, show: bool = False) -> int:
        environ = {**os.environ, **wild.environ}
        run = subprocess.run([*program, *words], cwd=project, env=environ, capture_output=True, text=True, check=False)
        said = (run.stdout + run.stderr).strip().splitlines()
        print(f"  {' '.join(words)}: exit {run.returncode}, {len(said)} lines")
        for text in said if show or run.returncode == 2 else said[-1:]:
            print(f"    {text}")
        return run.returncode

    try:
        done = [step("upgrade") == 0, step("status") == 0]
        compared = step("check-drift", show=True)
        done += [step("check-drift", "--only", "database") == 0]
        done += [step("downgrade", "-1") == 0, step("upgrade") == 0]
    finally:
        step("stop")
    return all(done) and compared in (0, 1, 2)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:]).split()))
