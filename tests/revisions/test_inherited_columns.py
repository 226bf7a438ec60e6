"""Child tables in models: with the columns of their parent listed or not, each draft ends at the models."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from whisper_migrate.revisions.draft import draft
from whisper_migrate.state.drift import check

PARENT = """
sa.Table("p", metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Text, server_default="x", nullable=False))
"""
CHILD = 'sa.Table("c", metadata, {}sa.Column("z", sa.Integer), postgresql_inherits="p")\n'
LISTED = 'sa.Column("a", sa.Integer), sa.Column("b", sa.Text, server_default="x", nullable=False), '


@pytest.mark.servers("pg18")
def test_columns_are_listed_or_not(tmp_path: Path, server: URL) -> None:
    """A model that lists them no more leaves unsaid whether they are only inherited: that is no difference."""
    for number, columns in enumerate(("", LISTED)):
        project = edited(tmp_path, PARENT + CHILD.format(columns))
        draft(project, server, "child", revision=f"r{number}")
        assert check(project, server, None).clean
    assert check(edited(tmp_path, PARENT + CHILD.format("")), server, None).clean
