"""A preflight's formats: rows and names that others have chosen, and secrets in messages, stay plain text."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.catalog.names import identifier
from whisper_migrate.running import runner

EVIL = "x\n    -> DROP TABLE tags; ![i](http://a.example) `c` @all <b>|"
IN_MARKDOWN = r"x\\n    -&gt; DROP TABLE tags; !\[i\](http://a.example) \`c\` @<!-- -->all &lt;b&gt;\|"
SECRET = "bad host=h password=hunter2 postgres://u:hunter3@h/d"


@contextmanager
def _in_the_way(database: URL) -> Iterator[None]:
    """Let a role of this name use the table `tags`, in a transaction that is open meanwhile."""
    ask(
        database,
        f"CREATE ROLE {identifier(EVIL)} LOGIN",
        f"GRANT SELECT ON public.tags TO {identifier(EVIL)}",
        f"CREATE PUBLICATION {identifier(EVIL)} FOR TABLE public.tags",
    )
    try:
        yield
    finally:
        ask(database, f"DROP OWNED BY {identifier(EVIL)}", f"DROP ROLE {identifier(EVIL)}")


def _asked(database: URL) -> "psycopg2.extensions.connection":
    url = database.set(drivername="postgresql", username=EVIL).render_as_string(False)
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM public.tags")
    return connection


def test_names_and_rows_add_no_line_and_no_markup(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("whisper_migrate.preflight.circumstances.OLD", 0)
    project = little.project(tmp_path)
    runner.upgrade(project, database, "head", lambda _: None)
    up = "op.execute('ALTER TABLE public.tags ADD CHECK (length(label) < 3)')"
    Checkout(project.root).write_revision("three", "two", up=up)
    ask(database, f"INSERT INTO public.tags VALUES ('{EVIL}')")
    with _in_the_way(database), closing(_asked(database)):
        said = command(capsys, project, database, "preflight")
        assert said.out.count("-> DROP TABLE") == 3 and r"x\n    -> DROP" in said.out, said
        assert not any(line.lstrip().startswith("-> DROP") for line in said.out.splitlines()), said
        said = command(capsys, project, database, "preflight", "--format", "markdown")
        assert said.out.count(IN_MARKDOWN) == 3 and "@all" not in said.out, said
        assert all(line.startswith(("|", "#", "1 revision is pending")) for line in said.out.split("\n") if line), said


def test_secrets_in_messages(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    runner.upgrade(project, database, "head", lambda _: None)
    up = f"op.execute(\"DO $$BEGIN RAISE '{SECRET}'; END$$\")"
    Checkout(project.root).write_revision("three", "two", up=up)
    for form in ("text", "json", "markdown", "github"):
        said = command(capsys, project, database, "preflight", "--format", form)
        assert said.code == 2 and "bad host=h" in said.out and "hunter" not in said.out, (form, said)


def test_a_role_in_the_ledger(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    ask(database, f"CREATE ROLE {identifier(EVIL)} LOGIN SUPERUSER")
    try:
        runner.upgrade(project, database.set(username=EVIL), "head", lambda _: None)
        for words in ("status", "history --applied"):
            said = command(capsys, project, database, *words.split())
            assert r"by x\n    -> DROP TABLE tags" in said.out, said
    finally:
        ask(database, f"REASSIGN OWNED BY {identifier(EVIL)} TO CURRENT_USER", f"DROP ROLE {identifier(EVIL)}")
