"""A draft tells its author which running programs it breaks, by the rules of preflight."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little

# By name: an edit of the models, the options of create, and the notes by rule.
EDITS = {
    "a new column": (
        "    name: Mapped[str] = mapped_column(String(50))  # 1\n",
        "{0}    age: Mapped[int | None]\n",
        (),
        [],
    ),
    "a value that must be given": (
        "    born: Mapped[int | None]\n",
        "{0}    age: Mapped[int]\n",
        ("--backfill", "authors.age=1"),
        ["WM302 value-required: authors.age must be given from now on; a running program that does not know it fails."],
    ),
    "a column that is dropped": (
        '    Column("state", String(10), nullable=False, server_default="new"),\n'
        "    CheckConstraint(\"state IN ('new', 'old')\", name=\"tags_state_check\"),\n",
        "",
        ("--allow", "drop-column tags.state"),
        ["WM301 name-gone: removes or renames column tags.state; a running program that uses it fails."],
    ),
    "a column that is renamed": (
        '    Column("label", Text, primary_key=True),\n',
        '    Column("word", Text, primary_key=True, info={{"renamed_from": "label"}}),\n',
        (),
        [
            "WM301 name-gone: removes or renames column tags.label; a running program that uses it fails.",
            "WM302 value-required: tags.word must be given from now on; a running program that does not know it fails.",
        ],
    ),
    "a foreign key without an index": (
        "    born: Mapped[int | None]\n",
        '{0}    parent: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))\n',
        (),
        [
            "WM303 unindexed-reference: foreign key authors_parent_fkey on authors has no index on parent: deletes of"
            " the other table read all of this one."
        ],
    ),
    "a foreign key with an index": (
        "    born: Mapped[int | None]\n",
        '{0}    parent: Mapped[int | None] = mapped_column(ForeignKey("authors.id"), index=True)\n',
        (),
        [],
    ),
}


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("edit", EDITS)
def test_what_a_draft_breaks(edit: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, options, notes = EDITS[edit]
    made = little.project(tmp_path)
    shutil.copy(little.ROOT / "alembic/script.py.mako", tmp_path / "alembic")
    models = tmp_path / little.models(made)
    assert models.read_text().count(old) == 1
    models.write_text(models.read_text().replace(old, new.format(old)))
    said = little.command(capsys, made, little.at(database), "create", edit, *options)
    assert said.code == 0, said
    assert [line.removeprefix("Note: ") for line in said.out.splitlines() if line.startswith("Note: WM")] == notes
