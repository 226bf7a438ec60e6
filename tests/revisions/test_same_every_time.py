"""An unchanged project gives the same draft and verdict, whatever order a process iterates its sets in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import ROOT, edited
from tests.support.little import plain
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import upgrade

pytestmark = pytest.mark.thorough

# The first models, and the models that each process drafts from.
FIRST = """
sa.Table(
    "t", metadata, sa.Column("id", sa.Integer), sa.Column("v", sa.Integer), sa.Column("w", sa.Text),
    sa.Index("a", "v"), sa.Index("b", "v", postgresql_where=sa.text("v > 3")), sa.Index("c", "v", "id"),
    sa.Index("d", sa.text("lower(w)")), sa.Index("e", sa.text("upper(w)")), sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("id", "v"), sa.UniqueConstraint("id", "v", "w"), postgresql_partition_by="LIST (id)",
)
ENTITIES.append(sa.DDL("CREATE TABLE t1 PARTITION OF t DEFAULT"))
sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.{type}))
mood = sa.Enum({labels}, name="mood")
for name in ("p", "q", "r"):
    sa.Table(
        name, metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.{type}),
        sa.Column("b", sa.{type}), sa.Column("m", mood, server_default="a"), sa.Column("o", sa.ForeignKey("p.id")),
        sa.CheckConstraint("a <= b", name=name + "_ab"), sa.Index(name + "_a", "a", postgresql_where=sa.text("a < b")),
        sa.Index(name + "_b", "b"), sa.Index(name + "_m", "m"),
    )
ENTITIES += [sa.DDL(f"CREATE VIEW v{{n}} AS SELECT a, b, m FROM {{n}} WHERE a > 0") for n in "pqr"]
ENTITIES += [sa.DDL(f"CREATE VIEW w{{n}} AS SELECT a FROM v{{n}} WHERE a > 0") for n in "pqr"]
"""
# Tables in a cycle with unnamed foreign keys, several of them on the same columns.
CYCLE = """
for name, others in (("x{n}", "yz"), ("y{n}", "xz"), ("z{n}", "xx")):
    keys = [(f"{{other}}{n}.id", rule) for other in others for rule in (None, "CASCADE", "SET NULL")]
    sa.Table(
        name, metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer),
        *(sa.ForeignKeyConstraint(["a"], [key], ondelete=rule) for key, rule in keys),
        sa.ForeignKeyConstraint(["a"], ["x{n}.id"], deferrable=True, use_alter=True),
        sa.UniqueConstraint("a"), sa.UniqueConstraint("a", "id"),
        sa.CheckConstraint("a > 1"), sa.CheckConstraint("a > 2"),
        sa.Index(f"{{name}}_1", "a"), sa.Index(f"{{name}}_2", "a", "id"),
    )
"""
SIDES = [
    FIRST.format(type="Integer", labels='"a", "b"') + CYCLE.format(n=1),
    FIRST.format(type="Numeric", labels='"b", "a"') + CYCLE.format(n=1) + CYCLE.format(n=2),
]
PROGRAM = """
import sys
from pathlib import Path
from sqlalchemy import make_url
from tests.support.drafting import edited
from whisper_migrate.state.drift import check
from whisper_migrate.revisions.draft import draft
from whisper_migrate.catalog.describe import line

folder, server, database, first, second = Path(sys.argv[1]), *map(make_url, sys.argv[2:4]), *sys.argv[4:]
verdict = check(edited(folder, first), server, database)
print(verdict.clean, *map(line, (*verdict.unwritten, *verdict.drift)), sep="\\n")
made = draft(edited(folder, second), server, "x", revision="two")
print(*made.lines, *made.notes, sep="\\n")
print("".join(row for row in made.path.open() if not row.startswith("Create Date")))
"""


def test_same_every_time(tmp_path: Path, server: URL, database: URL) -> None:
    same(range(3), tmp_path, server, database)


@pytest.mark.servers("pg15")  # whose verdict once differed
def test_same_twenty_times(tmp_path: Path, server: URL, database: URL) -> None:
    same(range(3, 23), tmp_path, server, database)


def same(seeds: range, tmp_path: Path, server: URL, database: URL) -> None:
    """Require the same verdict and draft of processes that hash with these seeds."""
    folder = tmp_path / "project"
    folder.mkdir()
    project = edited(folder, SIDES[0])
    draft(project, server, "first", revision="one")
    upgrade(project, database, "head", lambda applied: None)
    said = []
    for seed in seeds:
        copy = tmp_path / f"seed {seed}"
        shutil.copytree(folder, copy)
        words = [sys.executable, "-c", PROGRAM, str(copy), plain(server), plain(database), *SIDES]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0].startswith("True\n~ ")
    for other in said:
        assert other.splitlines() == said[0].splitlines()
