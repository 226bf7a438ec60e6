"""The baseline against the inventory of WhisperEngine v1.0.6, up and down, through Alembic and through psql."""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from conftest import MakeDatabase
from sqlalchemy import URL

from tests.models.inventory.read import counts, differing, expected, read
from tests.support import servers
from whisper_migrate import embedded
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.desired import build
from whisper_migrate.project.project import Project
from whisper_models import metadata

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
PROJECT = Project(ROOT)
BASELINE = "20251011_baseline_v106"


def upgrade(url: URL, target: str = BASELINE) -> Catalog:
    with connected(url) as connection:
        History(PROJECT).replay(connection, target)
    return catalog(url)


def downgrade(url: URL) -> Catalog:
    with connected(url) as connection:
        config = PROJECT.alembic(connection)
        with PROJECT.inside(connection):
            command.downgrade(config, "base")
        connection.commit()
    return catalog(url)


def catalog(url: URL) -> Catalog:
    with connected(url) as connection:
        return inspect(connection)


def run(url: URL, *words: str | Path, cwd: Path = ROOT) -> str:
    """Run a program whose DATABASE_URL names this database, and return its output."""
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alembic(url: URL, *words: str, cwd: Path = ROOT) -> str:
    return run(url, sys.executable, "-m", "alembic", *words, cwd=cwd)


def psql(url: URL, script: Path) -> None:
    program = shutil.which("psql") or embedded.binaries() / "psql"
    named = url.set(drivername="postgresql").render_as_string(hide_password=False)
    run(url, program, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}", f"--dbname={named}")


@pytest.fixture(scope="module")
def baseline(server: URL) -> Iterator[URL]:
    """A database at the baseline, for reading and as a template."""
    name = f"test_baseline_{os.getpid()}"
    with contextlib.closing(servers.connect(server)) as maintenance, maintenance.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        upgrade(server.set(database=name))
        yield server.set(database=name)
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(baseline: URL, make_database: MakeDatabase) -> URL:
    """A copy of the baseline for a single test."""
    return make_database(template=baseline)


def test_it_makes_exactly_the_inventory(baseline: URL) -> None:
    wanted = expected()
    del wanted["counts"]
    for table in wanted["tables"]:
        del table["domain"]
    with connected(baseline) as connection:
        assert differing(read(connection), wanted) == []


def test_the_counts_are_those_of_the_inventory(baseline: URL) -> None:
    wanted = expected()["counts"]
    del wanted["tables_per_domain"]
    with connected(baseline) as connection:
        assert counts(read(connection)) == wanted


def test_it_makes_nothing_of_another_kind(baseline: URL, make_database: MakeDatabase) -> None:
    changes = diff(catalog(make_database()), catalog(baseline))
    assert Counter((change.sign, change.object.kind) for change in changes) == {
        ("+", "extension"): 3,
        ("+", "enum"): 2,
        ("+", "table"): 73,
        ("+", "column"): 604,
        ("+", "sequence"): 63,
        ("+", "constraint"): 73 + 33 + 58 + 23,
        ("+", "index"): 108,
        ("+", "function"): 17,
        ("+", "view"): 3,
        ("+", "trigger"): 13,
        ("+", "comment"): 36 + 15 + 3 + 3,
    }


def test_every_subject_has_its_function() -> None:
    """Each table is created in the function that is named after the inventory's `domain`."""
    tree = ast.parse((ROOT / "alembic" / "versions" / f"{BASELINE}.py").read_text())
    made = {
        function.name.removeprefix("_"): {
            call.args[0].value
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "op.create_table"
        }
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
    }
    wanted: dict[str, set[str]] = {}
    for table in expected()["tables"]:
        wanted.setdefault(table["domain"], set()).add(table["name"])
    assert {name: tables for name, tables in made.items() if tables} == wanted


def test_it_imports_nothing_of_the_project() -> None:
    tree = ast.parse((ROOT / "alembic" / "versions" / f"{BASELINE}.py").read_text())
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == [
        "import sqlalchemy as sa",
        "from alembic import op",
        "from sqlalchemy.dialects import postgresql",
    ]


def test_its_names_are_final(baseline: URL, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later naming convention of the models does not change names in the baseline."""
    convention = dict.fromkeys(("uq", "fk", "ck", "ix"), "renamed_%(constraint_name)s")
    monkeypatch.setattr(metadata, "naming_convention", {**convention, "pk": "renamed_%(table_name)s"})
    assert diff(catalog(baseline), upgrade(make_database())) == []


def test_down_leaves_an_empty_database(database: URL, make_database: MakeDatabase) -> None:
    assert diff(catalog(make_database()), downgrade(database)) == []


def test_up_again_makes_the_same(database: URL, baseline: URL) -> None:
    downgrade(database)
    assert diff(catalog(baseline), upgrade(database)) == []


def test_models_and_history_agree(database: URL, make_database: MakeDatabase) -> None:
    desired = make_database()
    with connected(desired) as connection:
        build(connection, PROJECT)
        connection.commit()
    assert diff(upgrade(database, "heads"), catalog(desired)) == []


def test_as_a_script_it_makes_the_same(baseline: URL, make_database: MakeDatabase, tmp_path: Path) -> None:
    database = make_database()
    empty = catalog(database)
    up, down = tmp_path / "up.sql", tmp_path / "down.sql"
    up.write_text(alembic(database, "upgrade", BASELINE, "--sql"))
    down.write_text(alembic(database, "downgrade", f"{BASELINE}:base", "--sql"))
    assert "%%" not in up.read_text()
    psql(database, up)
    assert diff(catalog(baseline), catalog(database)) == []
    psql(database, down)
    assert diff(empty, catalog(database)) == []


def test_alembic_check_finds_nothing(make_database: MakeDatabase) -> None:
    database = make_database()
    alembic(database, "upgrade", "head")
    assert "No new upgrade operations detected" in alembic(database, "check")


def test_alembic_autogenerates_nothing(database: URL, tmp_path: Path) -> None:
    for name in ("alembic.ini", "pyproject.toml", "whisper_models", "whisper_migrate"):
        (tmp_path / name).symlink_to(ROOT / name)
    versions = tmp_path / "alembic" / "versions"
    shutil.copytree(ROOT / "alembic", versions.parent, ignore=shutil.ignore_patterns("__pycache__"))
    before = {*versions.iterdir()}
    upgrade(database, "heads")
    alembic(database, "revision", "--autogenerate", "-m", "nothing", cwd=tmp_path)
    (revision,) = (path for path in versions.glob("*.py") if path not in before)
    functions = [node for node in ast.parse(revision.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert [[ast.unparse(line) for line in function.body] for function in functions] == [["pass"], ["pass"]]
