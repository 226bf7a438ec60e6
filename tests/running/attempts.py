"""Little projects to run, with revisions r1, r2 ... given by their Python code."""

import shutil
import textwrap
from pathlib import Path

from sqlalchemy import URL

from tests.support.little import ROOT
from whisper_migrate.project.project import Project
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.runner import Outcome, runner

ENV = """
from alembic import context

given = context.config.attributes
if context.is_offline_mode():
    dialect = {"dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}, "literal_binds": True}
    context.configure(**dialect, transaction_per_migration=True)
else:
    context.configure(connection=given["connection"], **given.get("options", {}))
with context.begin_transaction():
    context.run_migrations()
"""

AUTOCOMMIT = "with op.get_context().autocommit_block():"

REVISION = '''"""does number {number}"""

import sqlalchemy as sa
from alembic import op

revision = "r{number}"
down_revision = {parent!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{up}


def downgrade() -> None:
{down}
'''


class Said(Progress):
    """Keeps the lines that a run prints."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def begin(self, what: str) -> None:
        self.lines.append(what)

    def meanwhile(self, doing: str) -> None:
        if doing and self.lines[-1:] != [doing]:
            self.lines.append(doing)

    def end(self) -> None:
        pass

    def __contains__(self, words: str) -> bool:
        return any(words in line for line in self.lines)


def project(folder: Path, *ups: str, downs: tuple[str, ...] = ()) -> Project:
    """Create a project whose revision n runs the Python code `ups[n - 1]`, and `downs[n - 1]` in its downgrade."""
    (folder / "alembic/versions").mkdir(parents=True)
    (folder / "alembic/env.py").write_text(ENV)
    shutil.copy(ROOT / "alembic.ini", folder)
    (folder / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "none:metadata"\n')
    made = Project(folder)
    for number, up in enumerate(ups, 1):
        write(made, number, up, downs[number - 1] if number <= len(downs) else "raise NotImplementedError")
    return made


def write(project: Project, number: int, up: str, down: str = "raise NotImplementedError") -> None:
    """Write the file of a revision."""
    body, back = (textwrap.indent(textwrap.dedent(text).strip(), "    ") for text in (up, down))
    parent = f"r{number - 1}" if number > 1 else None
    path = project.root / f"alembic/versions/r{number}.py"
    path.write_text(REVISION.format(number=number, parent=parent, up=body, down=back))


def sql(*statements: str) -> str:
    """Return Python code for a revision: one op.execute() for each statement."""
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def alone(*statements: str) -> str:
    """Return Python code that executes these statements in an autocommit block."""
    return f"{AUTOCOMMIT}\n{textwrap.indent(sql(*statements), '    ')}"


def run(
    project: Project,
    url: URL,
    target: str = "head",
    direction: str = "upgrade",
    said: Said | None = None,
    **patience: float,
) -> Outcome:
    """Run revisions in this process."""
    made = runner(
        project, url, direction, target, lambda _: None, Patience(**{"retry_for": 5, **patience}), said or Said()
    )
    with made as ready:
        return ready()
