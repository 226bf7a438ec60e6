"""Objects that no string names: made in loops, by functions, outside of their class; each is found at its own line."""

import pytest

from tests.support import little
from whisper_migrate.catalog.model import Object
from whisper_migrate.models.source_lines import place
from whisper_migrate.project.project import Project

MORE = """
from typing import Annotated
from alembic_utils.pg_trigger import PGTrigger
from sqlalchemy import DDL, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import declared_attr, registry

str_50 = Annotated[str, mapped_column(String(50))]
to_author = Annotated[int, mapped_column(ForeignKey("authors.id"), index=True)]

for colour in ("red", "blue"):
    Table(  # a loop
        f"log_{colour}",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("note", Text),  # of the logs
        Index(f"log_{colour}_note", "note"),  # index of the logs
        CheckConstraint("id > 0", name=f"log_{colour}_check"),  # check of the logs
    )

for plain in ("alpha", "beta"):
    Table(plain, metadata, Column("id", Integer, primary_key=True))  # a plain loop


def audit(of):
    return Table(
        of + "_audit",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("who", Text),  # of audits
    )


audit("tags")  # tags audited
audits = [audit(one) for one in ("x", "y")]  # x and y audited


def view_of(table):
    return PGView("public", f"{table}_view", f"SELECT 1 AS {table}")


ENTITIES.append(view_of("tags"))  # the view of tags
ENTITIES += [
    PGTrigger(  # triggers in a comprehension
        "public", f"touch_{table}", f"BEFORE UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION f()",
        on_entity=f"public.{table}",
    )
    for table in ("tags", "authors")
]
for table in ("tags", "authors"):
    ENTITIES.append(PGView("public", "all_" + table, f"SELECT * FROM public.{table}"))  # views in a loop
ENTITIES.append(DDL("CREATE SEQUENCE public.by_ddl"))  # by DDL


class Noted(Base):
    __tablename__ = "noted"
    __table_args__ = (
        CheckConstraint("length(label) > 2"),  # unnamed check
        UniqueConstraint("label", "other", name="noted_both"),  # named unique
        ForeignKeyConstraint(["editor_id"], ["authors.id"], name="noted_fk"),  # named key
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str_50]  # annotated
    other: Mapped[str_50]
    author_id: Mapped[to_author]  # annotated key
    editor_id: Mapped[int | None]


Index("noted_later", Noted.label)  # an index outside


class Held(Base):
    __table__ = Table(
        "held",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("inside", Text),  # in __table__
        UniqueConstraint("inside"),  # unique in __table__
    )


def common():
    return [Column("made", Integer), Column("changed", Integer)]  # common columns


shared = Table("shared", metadata, Column("id", Integer, primary_key=True), *common())
appended = Table("appended", metadata, Column("id", Integer, primary_key=True))
appended.append_column(Column("late", Integer))  # appended later
appended.append_constraint(CheckConstraint("late > 1", name="late_check"))  # constraint appended
Index("ix_appended_late", appended.c.late)  # index on a table


def model(name):
    class Made(Base):  # a class in a function
        __tablename__ = name
        id: Mapped[int] = mapped_column(primary_key=True)  # id in a function
        text_: Mapped[str] = mapped_column("text")  # column in a function

    return Made


One = model("ones")  # the call for ones
"""
# Kind, table, name, definition, and the words of the line.
CASES = (
    ("table", None, "log_red", "", "Table(  # a loop"),
    ("column", "public.log_red", "log_red.note", "", "# of the logs"),
    (
        "index",
        "public.log_blue",
        "log_blue_note",
        "CREATE INDEX log_blue_note ON public.log_blue USING btree (note)",
        "# index of the logs",
    ),
    ("constraint", "public.log_red", "log_red_check", "CHECK ((id > 0))", "# check of the logs"),
    ("table", None, "alpha", "", "# a plain loop"),
    ("table", None, "tags_audit", "", "# tags audited"),
    ("column", "public.tags_audit", "tags_audit.who", "", "# of audits"),
    ("table", None, "x_audit", "", "# x and y audited"),
    ("view", None, "tags_view", "", "# the view of tags"),
    ("trigger", "public.tags", "touch_tags", "", "# triggers in a comp"),
    ("view", None, "all_tags", "", "# views in a loop"),
    ("sequence", None, "by_ddl", "", "# by DDL"),
    ("column", "public.noted", "noted.label", "", "# annotated"),
    (
        "constraint",
        "public.noted",
        "noted_author_id_fkey",
        "FOREIGN KEY (author_id) REFERENCES authors(id)",
        "# annotated key",
    ),
    (
        "index",
        "public.noted",
        "ix_noted_author_id",
        "CREATE INDEX ix_noted_author_id ON public.noted USING btree (author_id)",
        "# annotated key",
    ),
    ("constraint", "public.noted", "noted_label_check", "CHECK ((length((label)::text) > 2))", "# unnamed check"),
    ("constraint", "public.noted", "noted_both", "UNIQUE (label, other)", "# named unique"),
    ("constraint", "public.noted", "noted_fk", "FOREIGN KEY (editor_id) REFERENCES authors(id)", "# named key"),
    (
        "index",
        "public.noted",
        "noted_later",
        "CREATE INDEX noted_later ON public.noted USING btree (label)",
        "# an index outside",
    ),
    ("table", None, "held", "", "class Held("),
    ("column", "public.held", "held.inside", "", "# in __table__"),
    ("constraint", "public.held", "held_inside_key", "UNIQUE (inside)", "# unique in __table__"),
    ("column", "public.shared", "shared.changed", "", "# common columns"),
    ("column", "public.appended", "appended.late", "", "# appended later"),
    ("constraint", "public.appended", "late_check", "CHECK ((late > 1))", "# constraint appended"),
    (
        "index",
        "public.appended",
        "ix_appended_late",
        "CREATE INDEX ix_appended_late ON public.appended USING btree (late)",
        "# index on a table",
    ),
    ("table", None, "ones", "", "# the call for ones"),
    ("column", "public.ones", "ones.text", "", "# column in a function"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = little.project(tmp_path_factory.mktemp("styles"), more=MORE)
    assert made.metadata is not None and made.entities
    return made


@pytest.mark.parametrize(("kind", "table", "name", "definition", "words"), CASES, ids=lambda value: str(value)[:30])
def test_every_style_has_its_line(
    project: Project, kind: str, table: str | None, name: str, definition: str, words: str
) -> None:
    own = name.rpartition(".")[2]
    item = Object(kind, f"public.{name}", table, ("name", "definition"), (own, definition))
    assert str(place(project, item)) == little.line_of(project, words)
