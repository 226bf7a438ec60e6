"""New rules on renamed tables and columns: rows with the old names are asked, as they are without a rename."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft

pytestmark = pytest.mark.thorough

COLUMNS = 'sa.Column("id", sa.Integer, primary_key=True), sa.Column({}), sa.Column("b", sa.String(3), nullable=False)'
OLD = '"a", sa.Integer'
NEW = '"new", sa.Integer, info={"renamed_from": "a"}'
WIDER = NEW.replace("Integer", "Numeric(12, 2)")
RULES = 'sa.CheckConstraint("{0} < 10000", name="few"), sa.UniqueConstraint("b", "{0}", name="once")'


def table(name: str, column: str, *more: str) -> str:
    return f'sa.Table("{name}", metadata, {", ".join((COLUMNS.format(column), *more))})\n'


RENAMED = 'info={"renamed_from": "t"}'
CASES = {
    "table": (table("u", OLD, RULES.format("a"), RENAMED), ["add-constraint few on u", "add-constraint once on u"]),
    "column": (table("t", NEW, RULES.format("new")), ["add-constraint few on t", "add-constraint once on t"]),
    "both": (table("u", NEW, RULES.format("new"), RENAMED), ["add-constraint few on u", "add-constraint once on u"]),
    "type as well": (
        table("u", WIDER, RULES.format("new"), RENAMED),
        ["add-constraint few on u", "add-constraint once on u"],
    ),
    "not null": (table("u", f"{NEW}, nullable=False", RENAMED), ["set-not-null u.new"]),
    "schema": (
        table("t", OLD, RULES.format("a"), 'info={"renamed_from": "public.t"}, schema="s"'),
        ["add-constraint few on s.t", "add-constraint once on s.t"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_new_rules_are_asked(name: str, tmp_path: Path, server: URL) -> None:
    models, words = CASES[name]
    draft(edited(tmp_path, table("t", OLD)), server, "first")
    with pytest.raises(Failure) as refused:
        draft(edited(tmp_path, models), server, "second")
    assert [word for word in words if word not in refused.value.what] == []
    made = draft(edited(tmp_path, models), server, "second", allowed=words)
    assert not any("tried" in note or "without rows" in note for note in made.notes), made.notes
