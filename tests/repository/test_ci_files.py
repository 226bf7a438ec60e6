"""The files for CI and for clusters of other projects: each can be read, names existing options, and holds no secret.

The steps of the GitHub action and the hook of pre-commit run as scripts in a little project.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.project.test_other_projects import MODELS, begun, of_template
from tests.support.little import ROOT, command, plain
from whisper_migrate import commands
from whisper_migrate.fleet.members import read
from whisper_migrate.fleet.shard import ShardOption
from whisper_migrate.project.project import Project

KUBERNETES = "docs/deployment/kubernetes"
GUIDE = "docs/guides/CI.md"
# Each file with keys that its reader requires: GitHub, pre-commit, GitLab, Kubernetes.
REQUIRED = {
    "action.yml": ["name", "description", "runs.using", "runs.steps"],
    ".pre-commit-hooks.yaml": ["0.id", "0.name", "0.entry", "0.language"],
    "docs/deployment/ci/gitlab.yml": ["whisper-migrate.image", "whisper-migrate.script"],
    f"{KUBERNETES}/job.yaml": ["apiVersion", "kind", "metadata.generateName", "spec.template.spec.restartPolicy"],
    f"{KUBERNETES}/init-container.yaml": ["apiVersion", "kind", "metadata.name", "spec.selector", "spec.template"],
    f"{KUBERNETES}/fleet-indexed-job.yaml": ["apiVersion", "kind", "metadata.generateName", "spec.completions"],
}
CLUSTER = [name for name in REQUIRED if name.startswith(KUBERNETES)]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
CALL = re.compile(r"\bwhisper-migrate ([a-z][a-z-]*)([^|&;\n]*)")


@cache
def parsed(text: str) -> Any:
    """Return a YAML text as plain data, read by docker-compose as an extension of an empty compose file."""
    file = f"name: x\nservices: {{}}\nx-read:\n{textwrap.indent(text, '  ')}"
    reader = [str(Path(sys.executable).with_name("docker-compose")), "--env-file", "/dev/null", "-f", "-"]
    reader += ["config", "--no-interpolate", "--format", "json"]
    done = subprocess.run(reader, input=file, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["x-read"]


def loaded(name: str) -> Any:
    return parsed((ROOT / name).read_text())


def examples() -> list[str]:
    """Return the YAML texts in the guide."""
    return re.findall(r"^```\n(.*?)^```$", (ROOT / GUIDE).read_text(), re.MULTILINE | re.DOTALL)


def at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[int(key) if isinstance(data, list) else key]
    return data


def texts(data: Any) -> Iterator[str]:
    """Return every text in the data; a list of words, such as a container's command, is one more text."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts(value)
    elif isinstance(data, list):
        if all(isinstance(word, str) and " " not in word for word in data):
            yield " ".join(data)
        for value in data:
            yield from texts(value)


def containers(name: str) -> list[dict[str, Any]]:
    pod = loaded(name)["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the console scripts of pyproject.toml as pip installs them, and a pip that prints its arguments."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, target in SCRIPTS.items():
        module, function = target.split(":")
        source = f"#!{sys.executable}\nimport sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n"
        (folder / name).write_text(source)
    (folder / "pip").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


@pytest.fixture
def project(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project below the workspace, in a folder with a space, whose history is equal to its models."""
    root = tmp_path / "back end"
    root.mkdir()
    (root / "models_in_ci.py").write_text(MODELS)
    (root / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "models_in_ci:Base.metadata"\n')
    project = Project(root)
    begun(project).write_text(of_template("generic"))
    assert command(capsys, project, None, "create", "first", SHADOW_URL=plain(server)).code == 0
    return project


class Runner:
    """Run a composite action as GitHub does: fill in the inputs, and run each step until a step fails."""

    def __init__(self, workspace: Path, programs: Path) -> None:
        ours = ("WHISPER_", "POSTGRES_", "DATABASE_URL", "SHADOW_URL", "GITHUB_", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.workspace, self.summary = workspace, workspace / "summary.md"
        self.environment = {
            **kept,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    def run(self, script: str, folder: str, **more: str) -> "subprocess.CompletedProcess[str]":
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        environment = {**self.environment, **more}
        return subprocess.run(
            shell, cwd=self.workspace / folder, env=environment, capture_output=True, text=True, check=False
        )

    def action(self, **given: str) -> tuple[int, str]:
        """Return the exit code of the last step that ran, and the output of all steps."""
        action = loaded("action.yml")
        inputs = {name: given.get(name.replace("-", "_"), one["default"]) for name, one in action["inputs"].items()}
        self.summary.write_text("")
        printed = ""
        for step in action["runs"]["steps"]:
            if condition := step.get("if"):
                name, value = re.fullmatch(r"inputs\.(\w+) != '(\w+)'", condition).groups()  # type: ignore[union-attr]
                if inputs[name] == value:
                    continue
            fill = {name: filled(value, inputs) for name, value in step.get("env", {}).items()}
            done = self.run(step["run"], filled(step.get("working-directory", "."), inputs), **fill)
            printed += done.stdout + done.stderr
            if done.returncode:
                return done.returncode, printed
        return 0, printed


def filled(text: str, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_action_and_hook_check_a_project(project: Project, programs: Path, server: URL) -> None:
    runner = Runner(project.root.parent, programs)
    given = {"working_directory": project.root.name, "shadow_url": plain(server)}
    models = project.root / "models_in_ci.py"
    (hook,) = loaded(".pre-commit-hooks.yaml")

    code, printed = runner.action(**given)
    assert code == 0, printed
    assert printed.startswith(f"install\n--quiet\n--disable-pip-version-check\n{ROOT}[embedded]\n")
    assert "::notice title=No drift::" in printed and "up, down, up: nothing differs" in printed
    assert "\n    Compared models and history: nothing differs.\n" in runner.summary.read_text()
    assert "Exit code 0" in runner.summary.read_text()

    models.write_text(f"{MODELS}    pinned: Mapped[bool]\n")
    code, printed = runner.action(**given)
    assert code == 1 and re.search(r"::error file=models_in_ci\.py,line=\d+,title=Unwritten::", printed), printed
    assert "up, down, up" not in printed
    assert re.search(r"^    .*\+ column notes\.pinned boolean NOT NULL", runner.summary.read_text(), re.MULTILINE)
    done = runner.run(hook["entry"], project.root.name, SHADOW_URL=plain(server))
    assert done.returncode == 1 and "+ column notes.pinned" in done.stdout, done

    models.write_text("import a_package_that_is_missing\n")
    code, printed = runner.action(**given)
    assert code == 2 and "a_package_that_is_missing" in runner.summary.read_text(), printed

    models.write_text(MODELS)
    code, printed = runner.action(**given, prove="false")
    assert code == 0 and "No drift" in printed and "up, down, up" not in printed, printed


def test_action_gives_inputs_to_scripts_as_variables_only() -> None:
    steps = loaded("action.yml")["runs"]["steps"]
    assert [step["run"] for step in steps if "${{" in step["run"]] == []
    assert {step["shell"] for step in steps} == {"bash"}


def test_action_and_hook_install_what_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (hook,) = loaded(".pre-commit-hooks.yaml")
    assert project["optional-dependencies"]["embedded"] == hook["additional_dependencies"]
    assert shlex.split(hook["entry"])[0] in SCRIPTS and hook["pass_filenames"] is False
    assert re.search(hook["files"], "app/models.py") and not re.search(hook["files"], "app/models.pyc")


@pytest.mark.parametrize("name", REQUIRED)
def test_file_has_the_required_keys(name: str) -> None:
    data = loaded(name)
    assert [path for path in REQUIRED[name] if not at(data, path)] == []


def test_guide_names_every_file() -> None:
    text = (ROOT / GUIDE).read_text()
    assert [name for name in REQUIRED if f"]({os.path.relpath(name, Path(GUIDE).parent)})" not in text] == []


def test_examples_of_the_guide_are_of_these_files() -> None:
    workflow, config, local, releases, include = map(parsed, examples())
    (step,) = (step for step in workflow["jobs"]["schema"]["steps"] if "/whisper-migrate@" in step.get("uses", ""))
    assert step["with"].keys() <= loaded("action.yml")["inputs"].keys()
    checkout, compat = releases["steps"]
    assert checkout["with"]["fetch-depth"] == 0 and compat["run"].startswith("whisper-migrate compat --with ")
    (hook,) = loaded(".pre-commit-hooks.yaml")
    assert config["repos"][0]["hooks"][0]["id"] == hook["id"]
    (mine,) = local["repos"][0]["hooks"]
    assert mine.pop("language") == "system" and mine == {key: hook[key] for key in mine}
    assert Path(include["include"][0]["local"]).name == "gitlab.yml"


def test_commands_and_options_exist() -> None:
    written = [text for name in REQUIRED for text in texts(loaded(name))]
    written += [text for example in examples() for text in texts(parsed(example))]
    written += re.findall(r"`([^`\n]+)`", (ROOT / GUIDE).read_text())
    calls = [found.groups() for text in written for found in CALL.finditer(text)]
    assert {name for name, _ in calls} >= {"check-drift", "prove", "upgrade", "fleet", "current"}
    for name, rest in calls:
        known = {option for parameter in commands.command(name).params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) <= known, f"{name} {rest}"


@pytest.mark.parametrize("name", CLUSTER)
def test_containers_write_nothing_and_hold_no_secret(name: str) -> None:
    pod = loaded(name)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["automountServiceAccountToken"] is False
    for container in containers(name):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["image"].endswith("/REPLACE:TAG")
        assert {mount["name"] for mount in container["volumeMounts"]} <= {volume["name"] for volume in pod["volumes"]}
        for variable in container["env"]:
            assert variable["name"] in ("WHISPER_WAIT", "SHARDS") or "secretKeyRef" in variable["valueFrom"]
    assert "://" not in (ROOT / name).read_text()


def test_pods_of_the_fleet_share_its_databases(programs: Path) -> None:
    """Every database is in the part of exactly one pod."""
    job = loaded(f"{KUBERNETES}/fleet-indexed-job.yaml")["spec"]
    (container,) = job["template"]["spec"]["containers"]
    (programs / "whisper-migrate").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    members = read([f"bot{number} postgresql://db/bot{number}" for number in range(50)], "urls.txt")
    taken = []
    for index in range(job["completions"]):
        environment = {**given, "PATH": path, "JOB_COMPLETION_INDEX": str(index)}
        done = subprocess.run(container["command"], env=environment, capture_output=True, text=True, check=True)
        *words, shard = done.stdout.splitlines()
        assert words == ["fleet", "/fleet/urls.txt", "upgrade", "--shard"]
        taken += ShardOption().convert(shard, None, None).members(members)
    assert sorted(one.name for one in taken) == sorted(one.name for one in members)
