"""`show`: the changes of one revision, its SQL in both directions, and its hazards."""

import json
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little

pytestmark = pytest.mark.servers("pg18")

# The revision, its parents, its SQL up and down, and lines that `show` prints for it.
REVISIONS = {
    "three": (
        ("two",),
        "ALTER TABLE public.tags ADD COLUMN seen text",
        "ALTER TABLE public.tags DROP COLUMN seen",
        (
            "three say [three]",
            "  after   two",
            "  before  five",
            "  + column tags.seen text",
            "Upgrade: no loss of data was found",
            "ALTER TABLE public.tags ADD COLUMN seen text;",
            "Downgrade: it may lose data",
            "  ! column tags.seen",
        ),
    ),
    "four": (
        ("two",),
        "DELETE FROM public.tags; ALTER TABLE public.tags ALTER state TYPE text",
        "ALTER TABLE nothing RENAME TO x",
        (
            "  ~ column tags.state: type character varying(10) -> text",
            "Upgrade: it may lose data",
            "  ! may delete rows: DELETE FROM public.tags; ALTER TABLE public.tags ALTER state TYPE text",
        ),
    ),
    "five": (
        ("three", "four"),
        "",
        "",
        ("five (head) say [five]", "  after   four, three", "The schema does not change."),
    ),
}


def project(folder: Path) -> little.Project:
    """The little project with two branches and the revision that joins them."""
    made = little.project(folder)
    for revision, (parents, up, down, _) in REVISIONS.items():
        parent = parents[0] if len(parents) == 1 else parents
        text = little.REVISION.format(message=f"say [{revision}]", revision=revision, parent=parent, sql=up)
        text = text.replace("raise NotImplementedError", f'op.execute("""{down}""")' if down else "pass")
        (made.root / f"alembic/versions/{revision}.py").write_text(
            text if up else text.replace('op.execute("""""")', "pass")
        )
    return made


def test_a_revision_is_shown(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path)
    shadow = {"SHADOW_URL": little.plain(server)}
    for name, (_, _, _, expected) in REVISIONS.items():
        said = little.command(capsys, made, None, "show", name, **shadow)
        assert said.code == 0, said
        assert [words for words in expected if words not in said.out.splitlines()] == [], said.out
        if name == "four":
            assert "Downgrade: four" not in said.out and 'relation "nothing" does not exist' in said.out
    said = little.command(capsys, made, None, "show", "one", "--format", "json", **shadow)
    document = json.loads(said.out)
    assert (document["parents"], document["followers"], document["is_head"]) == ([], ["two"], False)
    assert document["upgrade"]["sql"].strip().startswith('CREATE SCHEMA "Odd Place";')
    assert "NotImplementedError" in document["downgrade"]["failure"] and document["downgrade"]["sql"] is None
    assert {"table", "schema", "view"} <= {change["kind"] for change in document["changes"]}
    said = little.command(capsys, made, None, "show", "nine", **shadow)
    assert said.code == 2 and "nine" in said.err and "migrate.py history" in said.err
