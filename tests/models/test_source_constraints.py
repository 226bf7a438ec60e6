"""Constraints and indexes of columns, mixins, `__table_args__` and Table(): each is reported at its own line."""

from pathlib import Path

import pytest
from sqlalchemy import URL, schema

from tests.support import little
from tests.support.connections import connected
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.source_lines import place

# A comment `# at:` is followed by the constraints and indexes of that line, almost as PostgreSQL prints them.
MORE = """
from typing import Annotated
from sqlalchemy import Enum, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, INT4RANGE
from sqlalchemy.orm import declared_attr

positive = Annotated[int, mapped_column(CheckConstraint("0 < 1"), unique=True)]


class Base2(DeclarativeBase):
    metadata = metadata


class Owned:
    owner_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))  # at: KEY (owner_id) -> authors(id)

    @declared_attr
    def keeper_id(cls) -> Mapped[int]:
        return mapped_column(
            Integer,
            ForeignKey("authors.id"),  # at: KEY (keeper_id) -> authors(id)
        )


class Ruled:
    @declared_attr.directive
    def __table_args__(cls):
        return (
            UniqueConstraint("a", "b"),  # at: UNIQUE (a, b)
            Index(None, "b", "a"),  # at: INDEX (b, a)
        )


class One(Owned, Base2):
    __tablename__ = "ones"
    __table_args__ = (
        ForeignKeyConstraint(["author_id"], ["elsewhere.authors.id"]),  # at: KEY (author_id) -> elsewhere.authors(id)
        UniqueConstraint("y", "x"),  # at: UNIQUE (y, x)
        UniqueConstraint("x", "y"),  # at: UNIQUE (x, y)
        CheckConstraint("x > 5"),  # at: CHECK (x > 5)
        CheckConstraint("x BETWEEN y AND 9"),  # at: CHECK ((x >= y) AND (x <= 9))
        Index(None, "mood", "x", postgresql_where=text("y > 0")),  # at: INDEX (mood, x) WHERE (y > 0)
        ExcludeConstraint(("during", "&&")),  # at: EXCLUDE USING gist (during WITH &&)
    )

    id: Mapped[int] = mapped_column(primary_key=True)  # at: PK (id)
    author_id: Mapped[int] = mapped_column(
        ForeignKey("authors.id"),  # at: KEY (author_id) -> authors(id)
    )
    x: Mapped[int] = mapped_column(  # at: INDEX (x)
        CheckConstraint("x < 100"),  # at: CHECK (x < 100)
        index=True,
    )
    y: Mapped[int] = mapped_column(index=True, unique=True)  # at: UNIQUE INDEX (y)
    z: Mapped[int] = mapped_column(CheckConstraint("z <> 1", name="author_id"))  # at: CHECK (z <> 1)
    mood: Mapped[str] = mapped_column(Enum("a", "x", native_enum=False, create_constraint=True))  # at: CHECK (mood)
    during = mapped_column(INT4RANGE)
    positive_: Mapped[positive] = mapped_column("pos")  # at: CHECK (0 < 1); UNIQUE (pos)


class Two(Ruled, Base2):
    __tablename__ = "twos"

    a: Mapped[int] = mapped_column(ForeignKey("authors.id"), primary_key=True)  # at: KEY (a) -> authors(id); PK (a)
    b: Mapped[int]


threes = Table(
    "threes",
    metadata,
    Column("p", Integer, ForeignKey("authors.id"), unique=True),  # at: KEY (p) -> authors(id); UNIQUE (p)
    Column(  # at: INDEX (q)
        "q",
        Integer,
        ForeignKey("elsewhere.authors.id"),  # at: KEY (q) -> elsewhere.authors(id)
        index=True,
    ),
    PrimaryKeyConstraint("p", "q"),  # at: PK (p, q)
    ForeignKeyConstraint(["q"], ["authors.id"]),  # at: KEY (q) -> authors(id)
    UniqueConstraint("q", "p"),  # at: UNIQUE (q, p)
    CheckConstraint("p > q"),  # at: CHECK (p > q)
)
"""


def short(item: Object) -> str:
    """Return a definition as the comments have it: the constraint's, or the columns and condition of an index."""
    definition = shown(str(item["definition"])).replace("((", "(").replace("))", ")")
    if item.kind == "index":
        unique = "UNIQUE " if definition.startswith("CREATE UNIQUE") else ""
        return f"{unique}INDEX {definition.partition(' USING btree ')[2]}"
    definition = definition.replace("FOREIGN ", "").replace("PRIMARY KEY", "PK").replace("REFERENCES", "->")
    return "CHECK (mood)" if "mood" in definition else definition


@pytest.mark.servers("pg18")
def test_each_has_the_line_that_declares_it(tmp_path: Path, database: URL) -> None:
    project = little.project(tmp_path, more=MORE)
    with connected(database) as connection:
        for name in ("Odd Place", "elsewhere"):
            connection.execute(schema.CreateSchema(name))
        project.metadata.create_all(connection)
        catalog = inspect(connection)
    lines = (tmp_path / little.models(project)).read_text().splitlines()
    wanted: dict[str, list[int]] = {}
    found: dict[str, list[int]] = {}
    for number, line in enumerate(lines, 1):
        for definition in filter(None, line.partition("  # at: ")[2].split("; ")):
            wanted.setdefault(definition, []).append(number)
    for item in catalog:
        if item.parent in ("public.ones", "public.twos", "public.threes") and item.kind in ("constraint", "index"):
            at = place(project, item)
            found.setdefault(short(item), []).append(at.line if at else 0)
    assert {name: sorted(where) for name, where in found.items()} == wanted
