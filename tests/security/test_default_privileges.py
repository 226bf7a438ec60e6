"""Default privileges give other roles no right to write to the bookkeeping, and none to put triggers on it."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.test_offline import psql
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask, role
from whisper_migrate.catalog.sql import literal
from whisper_migrate.running.journal import CREATE

RIGHTS = """
SELECT c.relname, a.privilege_type FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
WHERE (c.relname LIKE 'whisper%%' OR c.relname = 'alembic_version') AND a.grantee <> c.relowner ORDER BY 1, 2"""
OWN = [("alembic_version", "SELECT"), ("whisper_journal", "SELECT"), ("whisper_ledger", "SELECT")]
OWN += [("whisper_ledger_number_seq", "SELECT")]

IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "{}"\nidentity = "*"\nreason = "the database\'s own"\n'


def _given(database: URL, *roles: object) -> None:
    for name in ("PUBLIC", *roles):
        ask(
            database,
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO {name}",
        )


@pytest.mark.parametrize("way", ["upgrade", "script", "stamp"])
def test_new_tables_for_bookkeeping_can_be_read_only(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    project = little.project(
        tmp_path, settings="".join(IGNORED.format(kind) for kind in ("grant", "default_privilege"))
    )
    up = 'with op.get_context().autocommit_block(): op.execute("CREATE INDEX CONCURRENTLY ix ON public.authors (born)")'
    Checkout(project.root).write_revision("three", "two", up=up)
    with role(database) as other:
        _given(database, f'"{other.username}"')
        if way == "script":
            done = psql(database, command(capsys, project, None, "upgrade", "--sql").out)
            assert done.returncode == 0, done.stderr
        elif way == "upgrade":
            assert command(capsys, project, database, "upgrade").code == 0
        else:
            little.execute(database, little.ONE, little.TWO)
            assert command(capsys, project, database, "stamp", "two").code == 0
        found = {(str(name), str(right)) for name, right in ask(database, RIGHTS)}
        assert found <= set(OWN) and found >= {OWN[0], OWN[2]}, found
        said = command(capsys, project, database, "upgrade")
        assert said.code == 0 and "TRIGGER" not in said.out, said
        ask(database, f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {other.username}")


def test_a_right_to_create_triggers_is_reported(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    little.at(database, "one", "GRANT ALL ON public.alembic_version TO PUBLIC")
    said = command(capsys, project, database, "upgrade")
    assert said.code == 0 and "REVOKE TRIGGER ON public.alembic_version FROM PUBLIC;" in said.out, said


def test_a_remedy_quotes_the_text_in_the_journal(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever may write there could otherwise have an administrator run other SQL, or another command."""
    project = little.project(tmp_path)
    little.at(database, "two", CREATE)
    for revision, direction in (("x'; DROP TABLE authors; --", "upgrade"), ("two", "downgrade; touch x")):
        values = ", ".join(map(literal, (revision, direction, "", "")))
        row = f"INSERT INTO public.whisper_journal (revision, direction, sha256, sql, statement) VALUES ({values}, 1)"
        ask(database, row)
    said = command(capsys, project, database, "status")
    assert "WHERE revision = 'x''; DROP TABLE authors; --';" in said.out and "touch" not in said.out, said
