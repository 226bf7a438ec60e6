"""The line of each object in the models: its own line if it has one, else its table's."""

from pathlib import Path

import pytest

from tests.support import little
from whisper_migrate.catalog.model import Object
from whisper_migrate.models.source_lines import place
from whisper_migrate.project.project import Project

# Kind, identity, table, name of a part, and the words of the line (None: no line).
CASES = (
    ("table", "public.authors", None, None, "class Author("),
    ("table", '"Odd Place"."Order [x]"', None, None, "class Order("),
    ("table", "elsewhere.authors", None, None, "class ElsewhereAuthor("),
    ("table", "public.tags", None, None, "tags = Table("),
    ("table", "public.nowhere", None, None, None),
    ("table", "other.authors", None, None, None),
    ("column", "public.authors.name", "public.authors", "name", "name: Mapped[str] = mapped_column(String(50))  # 1"),
    (
        "column",
        "elsewhere.authors.name",
        "elsewhere.authors",
        "name",
        "name: Mapped[str] = mapped_column(String(50))  # 2",
    ),
    ("column", "public.authors.email", "public.authors", "email", "email_ = "),
    ("column", "public.authors.by_hand", "public.authors", "by_hand", "class Author("),
    ("column", "a.b", '"Odd Place"."Order [x]"', '"Author, of: it"', "author = mapped_column("),
    ("column", "public.tags.state", "public.tags", "state", 'Column("state"'),
    ("column", "public.nowhere.name", "public.nowhere", "name", None),
    (
        "constraint",
        "authors_born_check on public.authors",
        "public.authors",
        "authors_born_check",
        'CheckConstraint("born',
    ),
    ("constraint", "authors_pkey on public.authors", "public.authors", "authors_pkey", "class Author("),
    ("constraint", "tags_state_check on public.tags", "public.tags", "tags_state_check", 'CheckConstraint("state'),
    ("index", "public.authors_name_idx", "public.authors", "authors_name_idx", "Index("),
    ("function", "public.greet(text)", None, None, '"greet(who text)"'),
    ("view", "public.author_names", None, None, "PGView("),
    (
        "comment",
        "table column public.authors.name",
        "public.authors",
        "public.authors.name",
        "name: Mapped[str] = mapped_column(String(50))  # 1",
    ),
    ("comment", "table public.authors", "public.authors", "public.authors", "class Author("),
    ("schema", "nowhere", None, None, None),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = little.project(tmp_path_factory.mktemp("lines"))
    assert made.metadata is not None  # only imported models have a source
    return made


@pytest.mark.parametrize(("kind", "identity", "parent", "name", "words"), CASES, ids=lambda value: str(value))
def test_place(
    project: Project, kind: str, identity: str, parent: str | None, name: str | None, words: str | None
) -> None:
    item = Object(kind, identity, parent, ("name",) if name else (), (name,) if name else ())
    found = place(project, item)
    assert (str(found) if found else None) == (little.line_of(project, words) if words else None)


MORE = """

class Stamped:
    made_at: Mapped[int | None]  # of the mixin


class Letter(Stamped, Base):
    __tablename__ = "letters"
    __table_args__ = (
        ForeignKeyConstraint(["one", "two"], ["authors.id", "authors.born"]),
        UniqueConstraint("one", "three"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)  # the key
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))  # the author
    one: Mapped[int]
    two: Mapped[int]
    three: Mapped[int]


ENTITIES += [
    PGTrigger("public", "touch", "BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION f()", on_entity="public.tags"),
    PGTrigger(
        "public",
        "touch",  # of letters
        "BEFORE UPDATE ON public.letters FOR EACH ROW EXECUTE FUNCTION f()",
        on_entity="public.letters",
    ),
]
"""
IMPORTS = """
from alembic_utils.pg_trigger import PGTrigger
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
"""


@pytest.mark.parametrize(
    ("kind", "name", "definition", "words"),
    [
        ("trigger", "touch", "", "# of letters"),
        ("column", "made_at", "", "# of the mixin"),
        ("constraint", "letters_author_id_fkey", "FOREIGN KEY (author_id) REFERENCES authors(id)", "# the author"),
        ("constraint", "letters_pkey", "PRIMARY KEY (id)", "# the key"),
        ("constraint", "a_fkey", "FOREIGN KEY (one, two) REFERENCES authors(id, born)", "ForeignKeyConstraint(["),
        ("constraint", "a_key", "UNIQUE (one, three)", 'UniqueConstraint("one"'),
        ("constraint", "other_key", "UNIQUE (one, two)", "class Letter("),
        ("index", "ix_letters_three", "CREATE INDEX ix_letters_three ON letters USING btree (three)", "three: Mapped"),
    ],
)
def test_what_has_no_name_in_its_class(tmp_path: Path, kind: str, name: str, definition: str, words: str) -> None:
    made = little.project(tmp_path, IMPORTS + MORE)
    assert made.metadata is not None
    item = Object(kind, f"{name} on public.letters", "public.letters", ("name", "definition"), (name, definition))
    assert str(place(made, item)) == little.line_of(made, words)


def test_entities_may_be_in_another_package(tmp_path: Path) -> None:
    made = little.project(tmp_path)
    (tmp_path / "little_apart.py").write_text('ENTITIES = []\nNAMES = "apart()"\n')
    settings = (tmp_path / "pyproject.toml").read_text()
    entities = f"{little.models(made).removesuffix('.py')}:ENTITIES"
    (tmp_path / "pyproject.toml").write_text(settings.replace(entities, "little_apart:ENTITIES"))
    project = Project(tmp_path)
    assert project.metadata is not None and project.entities == ()
    item = Object("function", "public.apart()", None, (), ())
    assert str(place(project, item)) == "little_apart.py:2"


def test_a_schema_said_once_for_all(tmp_path: Path) -> None:
    made = little.project(tmp_path)
    file = tmp_path / little.models(made)
    file.write_text(file.read_text().replace("MetaData()", 'MetaData(schema="one")'))
    assert made.metadata.schema == "one"
    item = Object("table", "one.tags", None, (), ())
    assert str(place(made, item)) == little.line_of(made, "tags = Table(")


INHERITED = """
from sqlalchemy.orm import declared_attr, registry


class Elsewhere:
    made: Mapped[str] = mapped_column("made_at")

    @declared_attr.directive
    def __table_args__(cls):
        return (Index(f"ix_{cls.__tablename__}_made", "made_at"), {"schema": "elsewhere"})


class Doc(Elsewhere, Base):
    __tablename__ = "docs"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)  # of docs


class Person(Base):
    __tablename__ = "persons"
    __table_args__ = {"comment": "who there is"}

    id: Mapped[int] = mapped_column(primary_key=True)  # of persons


class Boss(Person):
    bonus: Mapped[int | None]


NAME = "constant"


class Constant(Base):
    __tablename__ = NAME

    z: Mapped[int] = mapped_column(primary_key=True)


class Computed(Base):
    @declared_attr.directive
    def __tablename__(cls):
        return cls.__name__.lower()

    q: Mapped[int] = mapped_column(primary_key=True)


noted = Table(
    "noted",
    metadata,
    Column("id", Integer, primary_key=True),
    comment="by a call",
)


class Imperative:
    pass


imperative = Table("imperative", metadata, Column("id", Integer, primary_key=True))
registry().map_imperatively(Imperative, imperative)
"""
# Like CASES; the last item of each is a definition.
FOUND = (
    ("table", "elsewhere.docs", None, "docs", None, "class Doc("),
    ("column", "elsewhere.docs.made_at", "elsewhere.docs", "made_at", None, 'mapped_column("made_at")'),
    ("column", "elsewhere.docs.title", "elsewhere.docs", "title", None, "# of docs"),
    ("constraint", "docs_title_key", "elsewhere.docs", "docs_title_key", "UNIQUE (title)", "# of docs"),
    (
        "index",
        "elsewhere.ix",
        "elsewhere.docs",
        "ix",
        "CREATE INDEX ix ON t USING btree (made_at)",
        '_made", "made_at"',
    ),
    ("column", "public.persons.bonus", "public.persons", "bonus", None, "bonus: Mapped"),
    ("column", "public.persons.id", "public.persons", "id", None, "# of persons"),
    ("table", "public.persons", None, "persons", None, "class Person("),
    ("comment", "table public.persons", "public.persons", "public.persons", None, '"who there is"'),
    ("comment", "table public.noted", "public.noted", "public.noted", None, '"by a call"'),
    ("table", "public.imperative", None, "imperative", None, "imperative = Table("),
    ("table", "public.constant", None, "constant", None, "class Constant("),
    ("column", "public.constant.z", "public.constant", "z", None, "z: Mapped"),
    ("table", "public.computed", None, "computed", None, "class Computed("),
    ("column", "public.computed.q", "public.computed", "q", None, "q: Mapped"),
)


def test_a_table_is_found_whoever_names_it(tmp_path: Path) -> None:
    """A mixin names the schema, a constant or a function the table; a subclass may extend its parent's table."""
    made = little.project(tmp_path, more=INHERITED)
    assert made.metadata is not None
    for kind, identity, parent, name, definition, words in FOUND:
        item = Object(kind, identity, parent, ("name", "definition"), (name, definition or ""))
        assert str(place(made, item)) == little.line_of(made, words), identity
