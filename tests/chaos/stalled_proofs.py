"""A proxy that stalls while `prove` or `create` works: the command ends with a sentence, and claims nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.chaos.ground import HISTORY, Ground, ended, refused
from tests.running.attempts import sql, write
from tests.support.projects import ROOT
from tests.support.proxy import Fault, proxy
from whisper_migrate.project.project import Project

BACK = (
    sql("DROP TABLE r1"),
    sql("DROP TABLE r2", "ALTER TABLE r1 DROP COLUMN m"),
    sql("DROP INDEX r1_n", "DROP TABLE r3"),
)
MODELS = """
from sqlalchemy import Column, Index, Integer, MetaData, Table

metadata = MetaData()
Table("r1", metadata, Column("n", Integer), Column("m", Integer), Column("extra", Integer), Index("r1_n", "n"))
Table("r2", metadata, Column("n", Integer))
Table("r3", metadata, Column("n", Integer))
"""
# The text at which the proxy stalls, by the moment. psql sends its name first, and only its script writes the ledger.
MOMENTS = {
    "in a revision": b"CREATE TABLE r2",
    "when psql connects": b"whisper-migrate-psql",
    "in psql's script": b"INSERT INTO public.whisper_ledger",
    "when a shadow is made": b"CREATE DATABASE",
    "when a shadow is dropped": b"DROP DATABASE",
}
DRAFTS = {"in a draft": b"ADD COLUMN extra", "when a shadow is made for a draft": b"CREATE DATABASE"}
CASES: dict[str, Callable[[Ground], None]] = {}


def _project(ground: Ground) -> Path:
    folder = ground.project()
    for number, (up, down) in enumerate(zip(HISTORY, BACK, strict=True), 1):
        write(Project(folder), number, up, down)
    shutil.copy(ROOT / "alembic/script.py.mako", folder / "alembic")
    return folder


def _stalled(ground: Ground, arguments: tuple[str, ...], trigger: bytes, everybody: bool) -> None:
    """Of one connection, or of all of them; twice the time of silence is enough, with all that is cleaned up."""
    folder, database = _project(ground), ground.database()
    (folder / "drawn.py").write_text(MODELS)
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace("none:", "drawn:"))
    before = sorted(path.name for path in (folder / "alembic/versions").iterdir())
    with proxy(database) as between:
        between.fault, between.trigger = Fault.STALL, trigger
        process = ground.start(folder, between.url, *arguments)
        struck = between.struck.wait(60)
        if everybody:
            between.strike(Fault.STALL)
        run = ended(process)
        assert struck, f"the fault did not happen: {run}"
    refused(run, "did not answer for 30 s|psql has no connection to PostgreSQL")
    assert " fails in a shadow" not in run.said and "rejected by psql" not in run.said, run
    assert before == sorted(path.name for path in (folder / "alembic/versions").glob("*.py")), "a draft was kept"
    ground.settle(folder, database)


for _everybody, _of in ((False, ""), (True, " every connection")):
    for _when, _trigger in MOMENTS.items():
        CASES[f"prove: a proxy stalls{_of} {_when}"] = partial(
            _stalled, arguments=("prove", "r2"), trigger=_trigger, everybody=_everybody
        )
    for _when, _trigger in DRAFTS.items():
        CASES[f"create: a proxy stalls{_of} {_when}"] = partial(
            _stalled,
            arguments=("create", "extra"),
            trigger=_trigger,
            everybody=_everybody,
        )
