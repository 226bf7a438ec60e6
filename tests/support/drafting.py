"""A project whose models change between drafts: each text of models becomes a module with a new name."""

import importlib
import shutil
from itertools import count
from pathlib import Path

from tests.support.little import ENV
from whisper_migrate.project.project import Project

ROOT = Path(__file__).parents[2]
NUMBERS = count(1)
HEAD = """
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()
ENTITIES = []
"""


def edited(folder: Path, models: str) -> Project:
    """Return the project in `folder` with these models; its revisions are kept."""
    module = f"edited{next(NUMBERS)}"
    if not (folder / "alembic").exists():
        (folder / "alembic" / "versions").mkdir(parents=True)
        (folder / "alembic" / "env.py").write_text(ENV)
        shutil.copy(ROOT / "alembic" / "script.py.mako", folder / "alembic")
        shutil.copy(ROOT / "alembic.ini", folder)
    (folder / f"{module}.py").write_text(HEAD + models)
    (folder / "pyproject.toml").write_text(
        f'[tool.whisper_migrate]\nmodels = "{module}:metadata"\nentities = "{module}:ENTITIES"\n'
    )
    importlib.invalidate_caches()
    return Project(folder)
