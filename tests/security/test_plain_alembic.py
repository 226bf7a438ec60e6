"""Plain alembic shows no password of a statement that fails, whether it is in the text or bound."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.projects import HEAD, SECRET, copied

pytestmark = pytest.mark.thorough

READ = "import os, sqlalchemy as sa; word = os.environ['APP_PASSWORD']; "
FAILING = {
    "syntax": READ + "op.execute(f\"CREATE ROLE whisper_x PASSWORD '{word}'; SELEC 1\")",
    "text": READ + "op.execute(f\"CREATE ROLE whisper_x PASSWORD '{word}'; SELECT 1 / 0\")",
    "bound": READ + "op.get_bind().execute(sa.text('SELECT 1 / 0, CAST(:word AS text)'), {'word': word})",
}


def test_an_error_shows_no_password(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    checkout.variables["APP_PASSWORD"] = SECRET
    assert checkout.alembic("upgrade", HEAD).code == 0
    for name, up in FAILING.items():
        checkout.write_revision("zz", HEAD, up=up)
        for run in (checkout.alembic("upgrade", "head"), checkout.migrate("upgrade")):
            assert run.code != 0 and SECRET not in run.said, (name, run)
            assert "syntax error" in run.said or "division by zero" in run.said, (name, run)
            assert "Traceback" not in run.said, (name, run)
