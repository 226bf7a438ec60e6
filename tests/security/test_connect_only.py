"""A role that may only connect can compare the database, even if it may not use the schema public."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import ask, role
from whisper_migrate.running import runner

STAMP = "may not read public.alembic_version"
LEDGER = "may not read the ledger"


@pytest.mark.thorough
def test_every_command_works_or_names_the_rights_it_needs(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    runner.upgrade(project, database, "head", lambda _: None)
    drift = command(capsys, project, database, "check-drift").out
    ask(
        database,
        f"REVOKE ALL ON DATABASE {database.database} FROM PUBLIC",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
    )
    with role(database) as other:
        name = other.username
        ask(database, f"GRANT CONNECT ON DATABASE {database.database} TO {name}")
        said = command(capsys, project, other, "check-drift", SHADOW_URL=plain(database))
        assert said.code == 1 and STAMP in said.out and "grant on schema public" in said.out, said
        assert "(2 changes)" in said.out and "nothing differs" in drift, said
        for words in ("status", "whereami", "current", "upgrade", "downgrade -1", "stamp two", "adopt", "repair"):
            said = command(capsys, project, other, *words.split(), SHADOW_URL=plain(database))
            assert said.code == 2 and STAMP in said.err, (words, said)
            assert f"GRANT USAGE ON SCHEMA public TO {name}; GRANT SELECT ON public.alembic_version" in said.err, said
        said = command(capsys, project, other, "history", "--applied")
        assert said.code == 2 and LEDGER in said.err and "GRANT USAGE ON SCHEMA public" in said.err, said
        ask(database, f"REVOKE ALL ON DATABASE {database.database} FROM {name}")
