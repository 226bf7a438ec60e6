"""Names, labels, defaults and comments that look like SQL, Python or a placeholder are drafted like any other."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft

pytestmark = pytest.mark.servers("pg18")

# Several of them in one name, because a table for each would take long.
HOSTILE = (
    *("a TYPE b, x SET NOT NULL", "a USING b ; DROP TABLE t; -- it's", " VALIDATE CONSTRAINT v, a.b, a::b"),
    *("a RENAME VALUE b, a public.b", "a DROP ATTRIBUTE b, i ON ONLY public.t ", "%s %(a)s %% :name INDEX NOT VALID"),
    *("$1 {0} {a} y ADD z", "SET DEFAULT /* back\\slash", "a (b WHERE new\nline", "<expression>", "$$", "select"),
    *('"""', 'größe, say "hi"', "CONCURRENTLY , c), ' DEFERRABLE"),
)
MODELS = """
for number, h in enumerate({hostile!r}):
    kind = sa.Enum("x", h, *{labels}, name=f"e{{h}}")
    sa.Table(
        h, metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(f"c{{h}}", {text}, server_default=h + {more!r}, nullable={nullable}, comment=h + {more!r}),
        sa.Column(f"d{{h}}", kind),
        sa.Column(f"n{{h}}", sa.{number}),
        *{columns},
        sa.CheckConstraint(sa.column(f"n{{h}}") > {check}, name=f"k{{h}}"),
        sa.Index(f"i{{h}}", f"d{{h}}", {index}),
        comment=h + {more!r},
    )
"""
BEFORE = {
    "labels": "[]",
    "text": "sa.String(200)",
    "more": "",
    "nullable": True,
    "number": "Integer",
    "columns": "[]",
    "check": -7,
    "index": 'f"n{h}"',
}
AFTER = {
    "labels": '[h + " 2"]',
    "text": "sa.Text",
    "more": " too",
    "nullable": False,
    "number": "BigInteger",
    "columns": '[sa.Column(f"m{h}", sa.Text, server_default=h, nullable=False)]',
    "check": -8,
    "index": 'postgresql_where=sa.column(f"c{h}") != sa.literal(h, literal_execute=True)',
}


def name(text: str) -> str:
    """Return an identifier as PostgreSQL prints it."""
    plain = text.isascii() and text.isidentifier() and text != "select"
    return text if plain else '"' + text.replace('"', '""') + '"'


@pytest.mark.thorough
@pytest.mark.parametrize("online", [False, True], ids=["", "online"])
def test_hostile_names(server: URL, tmp_path: Path, online: bool) -> None:
    filling = [f"{name(h)}.{name('c' + h)}='filled'" for h in HOSTILE]
    for number, state in enumerate((BEFORE, AFTER)):
        models = edited(tmp_path, MODELS.format(hostile=HOSTILE, **state))
        draft(models, server, f"step {number}", online=online, filling=filling if number else ())
    assert draft(models, server, "nothing").path is None


def test_hostile_backfill_to_write(server: URL, tmp_path: Path) -> None:
    """Only a requested backfill is a place for an expression, though other texts look like one."""
    h = "<expression>"
    for number, state in enumerate((BEFORE, AFTER)):
        models = edited(tmp_path, MODELS.format(hostile=[h], **state))
        found = draft(models, server, f"step {number}", filling=[f"{name(h)}.{name('c' + h)}"] if number else ())
        assert found.unfilled == bool(number)
    with pytest.raises(Failure, match=r"is yet to be written: .*= <expression> WHERE"):
        draft(models, server, "more")


@pytest.mark.thorough
def test_a_foreign_key_to_names_with_dots(server: URL, tmp_path: Path) -> None:
    """SQLAlchemy would split the target at each dot: it is written as SQL, inside of a new table and on an old one."""
    first = 'a = sa.Table("a.b", metadata, sa.Column("i.d", sa.Integer, primary_key=True))\n'
    there = 'sa.Table("c.d", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("r", sa.Integer){})\n'
    made = 'sa.Table("e.f", metadata, sa.Column("r", sa.ForeignKey(a.c["i.d"], name="k"), primary_key=True))\n'
    added = ', sa.ForeignKeyConstraint(["r"], [a.c["i.d"]], name="f")'
    for number, models in enumerate((first + there.format(""), first + there.format(added) + made)):
        allowed = ['add-constraint f on "c.d"'] if number else []
        drafted = draft(edited(tmp_path, models), server, f"step {number}", allowed=allowed)
    assert drafted.path is not None
    assert 'FOREIGN KEY (r) REFERENCES public."a.b"("i.d")' in drafted.path.read_text()
