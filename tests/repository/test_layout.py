"""The layout of the repository: small files, imports in one direction, pinned packages, nothing of one machine."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
MOST_LINES = 300
MOST_LINES_OF_A_DOOR = 30
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[0-9][A-Za-z0-9.+]*")
LOCKED = re.compile(r"[a-z0-9-]+==[0-9][A-Za-z0-9.+]*( +--hash=sha256:[0-9a-f]{64})+")
# Split, so that this file does not contain the text it searches for.
MACHINE_PATH = re.compile(r"(?<![\w.])/" + "(work|root)/")
REQUIREMENTS = ("core", "dev", "lint")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def files(pattern: str = "*", under: str = "") -> list[Path]:
    """Return the project's own files, relative to its root: nothing installed, built or cached, and no database."""

    def own(path: Path) -> bool:
        hidden = path.name.startswith(".") and path.name not in (".ci", ".env.example", ".gitignore", ".dockerignore")
        return not hidden and path.name not in ("__pycache__", "build", "dist") and path.suffix != ".egg-info"

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(filter(own, folder.iterdir())):
            if path.is_dir():
                yield from walk(path)
            elif path.match(pattern):
                yield path.relative_to(ROOT)

    return list(walk(ROOT / under))


def lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def imports(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found.add(str(node.module))
    return found


def top(modules: set[str]) -> set[str]:
    """Return the top-level packages of the modules, without the standard library."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names


def test_readme_lists_the_packages():
    listed = (ROOT / "README.md").read_text().partition("## Layout")[2].partition("\n## ")[0]
    packages = {path.parent.name for path in (ROOT / "whisper_migrate").glob("*/__init__.py")}
    assert sorted(re.findall(r"^  (\w+)/", listed, re.MULTILINE)) == sorted(packages | {"entities"})


def test_python_files_are_small():
    revisions = set(files("*.py", "alembic/versions"))
    long = {str(path): count for path in files("*.py") if path not in revisions and (count := lines(path)) > MOST_LINES}
    assert long == {}


def test_scripts_are_doors():
    assert {str(path): lines(path) for path in files(under="scripts") if lines(path) >= MOST_LINES_OF_A_DOOR} == {}


def test_engine_knows_no_models():
    assert [str(path) for path in files("*.py", "whisper_migrate") if "whisper_models" in top(imports(path))] == []


def test_models_need_sqlalchemy_only():
    entities = set(files("*.py", "whisper_models/entities"))
    for path in files("*.py", "whisper_models"):
        if path not in entities:
            found = imports(path)
            assert top(found) <= {"sqlalchemy", "whisper_models"}, path
            assert not any(name.startswith("whisper_models.entities") for name in found), path


def test_revisions_are_frozen():
    for path in files("*.py", "alembic/versions"):
        assert top(imports(path)) <= {"alembic", "sqlalchemy", "alembic_utils"}, f"{path} imports what may change"


def test_alembic_folder_does_not_shadow_the_library():
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_file_names_a_place_on_one_machine():
    found = []
    for path in files():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path}: {line.strip()}" for line in text.splitlines() if MACHINE_PATH.search(line)]
    assert found == []


def wanted(name: str) -> dict[str, str]:
    """Return the packages that people chose, each with its version and its reason."""
    lines = (ROOT / f"requirements-{name}.in").read_text().splitlines()
    chosen = [line for line in lines if not line.startswith(("#", "-r "))]
    assert [line for line in chosen if not PIN.fullmatch(line.partition(" # ")[0].strip())] == []
    assert [line for line in chosen if not line.partition(" # ")[2].strip()] == [], "each has a reason beside it"
    return dict(line.partition(" # ")[0].strip().split("==") for line in chosen)


def locked(name: str) -> dict[str, str]:
    """Return all pinned packages with their versions; every line must be a package with its hashes."""
    lines = (ROOT / f"requirements-{name}.txt").read_text().replace("\\\n", "").splitlines()
    packages = [line for line in lines if not line.lstrip().startswith("#")]
    assert [line for line in packages if not LOCKED.fullmatch(line)] == []
    names = [line.partition("==")[0] for line in packages]
    assert names == sorted(set(names))
    return {line.partition("==")[0]: line.partition("==")[2].split()[0] for line in packages}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_wanted_package_is_locked_with_its_hashes(name: str):
    assert wanted(name).items() <= locked(name).items()


def test_what_runs_is_what_was_developed_with():
    assert locked("core").items() < locked("dev").items()
    assert not set(wanted("core")) & set(wanted("dev")) | set(locked("dev")) & set(locked("lint"))


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_only_locked_files_are_installed(name: str):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = re.findall(r"pip install.*", text)
    assert installs and [line for line in installs if "--only-binary :all: --require-hashes" not in line] == []


def test_what_pyproject_names_is_there():
    project, tool = PYPROJECT["project"], PYPROJECT["tool"]
    paths = [
        project["readme"],
        *tool["pytest"]["ini_options"]["testpaths"],
        *tool["mypy"]["packages"],
        *(option.partition(":")[0].replace(".", "/") for option in _named_modules()),
    ]
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()] == []
    for package, patterns in tool["setuptools"].get("package-data", {}).items():
        for pattern in patterns:
            assert list((ROOT / package.replace(".", "/")).glob(pattern)), f"{package}: {pattern}"


def test_pyproject_lists_every_package():
    packages = {str(path.parent).replace("/", ".") for path in files("__init__.py")}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == {
        name for name in packages if name.partition(".")[0] == "whisper_migrate"
    }


def test_what_is_pinned_is_in_the_range_that_other_projects_may_have():
    """The wheel names ranges: the application's models and the versions of this repository are not part of it."""
    project = PYPROJECT["project"]
    ranges = [Requirement(one) for one in project["dependencies"]]
    ranges += [Requirement(one) for extra in project["optional-dependencies"].values() for one in extra]
    pins = wanted("core") | wanted("dev")
    assert [str(one) for one in ranges if not one.specifier.contains(pins[one.name])] == []
    assert {one.name for one in ranges} >= set(wanted("core"))


def test_pyproject_ships_every_file_of_the_packages():
    data = PYPROJECT["tool"]["setuptools"].get("package-data", {})
    shipped = {
        path.relative_to(ROOT)
        for package, patterns in data.items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    there = set(files(under="whisper_migrate"))
    assert {path for path in there if path.suffix != ".py"} - shipped == set()


def _named_modules() -> list[str]:
    section = PYPROJECT["tool"]["whisper_migrate"]
    return [section[option] for option in ("models", "entities")]
