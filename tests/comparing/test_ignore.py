"""Ignored objects are left out of comparisons and counted in reports; objects beyond the pattern are compared."""

import json
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import little
from whisper_migrate import reports
from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.catalog.model import Change
from whisper_migrate.errors import Failure
from whisper_migrate.project.ignore import patterns
from whisper_migrate.state.drift import check

pytestmark = pytest.mark.thorough

SCRATCH = (
    "CREATE TABLE tmp_rows (id serial PRIMARY KEY, label text REFERENCES tags CHECK (label <> ''), UNIQUE (label))",
    "CREATE INDEX rows_by_label ON tmp_rows (lower(label))",
    "COMMENT ON TABLE tmp_rows IS 'scratch'",
    "COMMENT ON COLUMN tmp_rows.label IS 'scratch'",
    "GRANT SELECT ON tmp_rows TO PUBLIC",
    "CREATE FUNCTION trigger_of_mine() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
    "CREATE TRIGGER rows_touched BEFORE UPDATE ON tmp_rows FOR EACH ROW EXECUTE FUNCTION trigger_of_mine()",
    "ALTER TABLE tmp_rows ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON tmp_rows USING (true)",
    "CREATE STATISTICS rows_together ON id, label FROM tmp_rows",
)
VIEW = "CREATE VIEW tmp_view AS SELECT label FROM tags"
INDEX = "DROP INDEX authors_name_idx"
NULLABLE = "ALTER TABLE tags ALTER COLUMN state DROP NOT NULL"
PARTED = """
day = Column("day", Integer, primary_key=True, autoincrement=False)
parts = Table("parts", metadata, day, postgresql_partition_by="RANGE (day)")
"""
PARTS = (
    "CREATE TABLE parts (day integer PRIMARY KEY) PARTITION BY RANGE (day)",
    "CREATE TABLE parts_p1 PARTITION OF parts FOR VALUES FROM (1) TO (10)",
    "CREATE TABLE parts_p2 PARTITION OF parts FOR VALUES FROM (10) TO (20)",
    "CREATE INDEX parts_p1_day ON parts_p1 (day DESC)",
)


def pattern(kind: str, identity: str, reason: str = "ours") -> str:
    return (
        f"[[tool.whisper_migrate.ignore]]\nkind = {json.dumps(kind)}\nidentity = {json.dumps(identity)}\n"
        f"reason = {json.dumps(reason)}\n"
    )


# Patterns, changes of the database; the beginnings of the ignored lines and of the remaining lines.
CASES = {
    "a table, with all that is in it": (
        [("table", "public.tmp_*")],
        SCRATCH,
        ["+ table tmp_rows"],
        ["+ function trigger_of_mine()"],
    ),
    "a function besides": (
        [("table", "public.tmp_*"), ("function", "public.*_of_mine()")],
        SCRATCH,
        ["+ table tmp_rows", "+ function trigger_of_mine()"],
        [],
    ),
    "a kind by a glob": (
        [("*view", "public.tmp_*")],
        (VIEW, INDEX),
        ["+ view tmp_view"],
        ["- index authors_name_idx ON authors USING btree (name)"],
    ),
    "all views, and nothing of tables": (
        [("view", "*"), ("domain", "public.*")],
        (VIEW, INDEX, NULLABLE),
        ["+ view tmp_view"],
        ["- index authors_name_idx ON authors USING btree (name)", "~ column tags.state: not null yes -> no"],
    ),
    "everything of a schema": (
        [("*", "extra*")],
        ("CREATE SCHEMA extra", "CREATE TABLE extra.t (a integer)", "CREATE TYPE extra.mood AS ENUM ('ok')", INDEX),
        ["+ schema extra", "+ enum extra.mood", "+ table extra.t"],
        ["- index authors_name_idx ON authors USING btree (name)"],
    ),
    "one attribute's change": ([("column", "public.tags.state")], (NULLABLE,), ["~ column tags.state: not null"], []),
    "one object, not its namesakes": (
        [("index", "elsewhere.*")],
        (INDEX,),
        [],
        ["- index authors_name_idx ON authors USING btree (name)"],
    ),
    "another case": ([("table", "public.TMP_*")], ("CREATE TABLE tmp_t (a integer)",), [], ["+ table tmp_t"]),
    "what matches nothing": ([("table", "public.no_such_*")], (), [], []),
    "what is lost": ([("view", "public.author_names")], ("DROP VIEW author_names",), ["- view author_names"], []),
}


@pytest.mark.parametrize("name", CASES)
def test_ignored(name: str, tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    given, done, ignored, left = CASES[name]
    settings = "".join(pattern(kind, identity, f"because of {identity}") for kind, identity in given)
    project = little.project(tmp_path, settings=settings)
    little.at(database, "two", *done)
    verdict = check(project, server, database)
    assert_lines([found.change for found in verdict.ignored], ignored)
    assert_lines(outline(verdict.drift), left)
    assert {found.pattern.reason.removeprefix("because of ") for found in verdict.ignored} <= {i for _, i in given}
    assert verdict.clean == (not left)

    # A repair does not touch ignored objects, and reverts everything else.
    words = [word for told in left if told.startswith("+ table") for word in ("--allow", f"drop-{told[2:]}")]
    said = little.command(capsys, project, database, "repair", "--apply", *words)
    if name == "a table, with all that is in it":  # a trigger of the ignored table needs the function
        assert said.code == 2 and "Nothing was repaired: cannot drop function" in said.err
    else:
        assert said.code == 0, said.err
        after = check(project, server, database)
        assert after.clean and [found.change for found in after.ignored] == [found.change for found in verdict.ignored]


def assert_lines(changes: list[Change], begin: list[str]) -> None:
    lines = sorted(map(line, changes))
    assert [found[: len(said)] for found, said in zip(lines, sorted(begin), strict=True)] == sorted(begin)


def test_partitions_made_outside_the_models(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path, more=PARTED, settings=pattern("table", "public.parts_p*", "made by the hour"))
    (tmp_path / "alembic" / "versions" / "three.py").write_text(
        little.REVISION.format(message="parts", revision="three", parent="two", sql=PARTS[0])
    )
    little.at(
        database, "two", *PARTS, "UPDATE alembic_version SET version_num = 'three'", "INSERT INTO parts VALUES (3)"
    )
    verdict = check(project, server, database)
    assert [line(change) for change in verdict.unwritten + verdict.drift] == []
    assert [line(found.change) for found in verdict.ignored] == ["+ table parts_p1", "+ table parts_p2"]
    little.execute(database, "ALTER TABLE parts ALTER COLUMN day SET STATISTICS 7")
    assert [line(change) for change in check(project, server, database).drift] == [
        "~ column parts.day: statistics none -> 7"
    ]
    said = little.command(capsys, project, database, "repair", "--apply")
    assert said.code == 0 and "parts_p" not in said.out, said
    assert little.value(database, "SELECT day FROM parts_p1") == 3
    assert check(project, server, database).clean


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("form", reports.NAMES)
def test_every_format_lists_and_counts(
    form: str, tmp_path: Path, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path, settings=pattern("table", "public.tmp_*", "scratch"))
    little.at(database := make_database(), "two", *(f"CREATE TABLE tmp_{number} (a integer)" for number in range(3)))
    said = little.command(capsys, project, database, "check-drift", "--format", form)
    assert said.code == 0
    assert said.out.count("scratch") == 3 and all(f"tmp_{number}" in said.out for number in range(3))
    assert form != "text" or "nothing differs, 3 ignored." in said.out


BAD = {
    "no reason": ('kind = "table"\nidentity = "public.x"', "reason"),
    "an empty reason": ('kind = "table"\nidentity = "public.x"\nreason = " "', "reason"),
    "no identity": ('kind = "table"\nreason = "ours"', "identity"),
    "nothing at all": ("", "identity, kind, reason"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_pattern_is_complete(name: str) -> None:
    entry, lacks = BAD[name]
    with pytest.raises(Failure, match=f"lacks {lacks}") as caught:
        patterns([tomllib.loads(entry)])
    assert "\n" not in caught.value.what and "reason" in str(caught.value.remedy)


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("command", ["check-drift", "repair"])
def test_a_pattern_without_a_reason_stops(
    command: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = '[[tool.whisper_migrate.ignore]]\nkind = "table"\nidentity = "public.x"\n'
    project = little.project(tmp_path, settings=settings)
    said = little.command(capsys, project, little.at(database), command)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Failed: An ignore pattern in pyproject.toml lacks reason")
