"""Edits of models, as people make them: each is drafted, keeps the values, and can be reverted."""

import shlex
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import command, plain
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check


def table(*columns: str) -> str:
    return f'sa.Table("t", metadata, {", ".join(columns)})\n'


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_numbers_go_on_where_they_were(tmp_path: Path, server: URL, database: URL) -> None:
    serial = table('sa.Column("id", sa.Integer, primary_key=True)', 'sa.Column("a", sa.Integer)')
    identity = table('sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)', 'sa.Column("a", sa.Integer)')
    draft(edited(tmp_path, serial), server, "first")
    upgrade(edited(tmp_path, serial), database, "head", lambda applied: None)
    ask(database, "INSERT INTO t (a) VALUES (1), (2)")
    project = edited(tmp_path, identity)
    draft(project, server, "second", allowed=["drop-sequence t_id_seq"])
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, "INSERT INTO t (a) VALUES (3) RETURNING id") == [(3,)]
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "INSERT INTO t (a) VALUES (4) RETURNING id") == [(4,)]
    assert not check(edited(tmp_path, serial), server, database, "database").drift


@pytest.mark.servers("pg18")
def test_plain_ddl_comes_in_any_order(tmp_path: Path, server: URL) -> None:
    """DDL statements are run in the order that works, like entities, if the order of declaration fails."""
    statements = (
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    )
    models = table('sa.Column("id", sa.Integer)') + "".join(f"ENTITIES.append(sa.DDL({one!r}))\n" for one in statements)
    assert draft(edited(tmp_path, models), server, "first").lines == ["+ table t", "+ function f()"]


MISTAKES = [
    ("ENTITIES.append(sa.DDL(\"CREATE DOMAIN d AS text CHECK (VALUE LIKE '%@%')\"))", "a percent sign is written %%"),
    (table('sa.Column("a")'), "The models do not make a schema: .*type"),
    (table('sa.Column("a", sa.types.UserDefinedType)'), "AttributeError: .*get_col_spec'. It was at table t."),
    (
        table('sa.Column("a", sa.Text)', """sa.CheckConstraint("a <> ':x'")"""),
        "In a check of t, SQLAlchemy takes :x for a parameter, and would write NULL in its place",
    ),
    (
        table("""sa.Column("a", sa.Text, server_default=sa.text("'{\\"a\\":true}'"))"""),
        "In the default of t.a, SQLAlchemy takes :true for a parameter",
    ),
    (table('sa.Column("a", sa.Text)', """sa.Index("i", sa.text("(a || ':x')"))"""), "In index i, SQLAlchemy takes :x"),
]


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(("models", "said"), MISTAKES)
def test_mistakes_in_models_are_told(models: str, said: str, tmp_path: Path, server: URL) -> None:
    with pytest.raises(Failure, match=said):
        draft(edited(tmp_path, models), server, "x")


def domain(rest: str) -> str:
    ddl = f"CREATE DOMAIN d AS text {rest}".replace("%", "%%")
    return f"ENTITIES.append(sa.DDL({ddl!r}))\n" + table('sa.Column("a", postgresql.DOMAIN("d", sa.Text))')


PAIR = 'sa.Column("a", sa.Integer), sa.Column("b", sa.Integer)'
PARENT = table('sa.Column("a", sa.Integer)', 'sa.Column("b", sa.Integer)', 'sa.UniqueConstraint("a", "b")')
PARENT = PARENT.replace('"t"', '"p"')
BOTH = 'sa.ForeignKeyConstraint(["a", "b"], ["p.a", "p.b"], name="both_of_t", match="FULL")'
LABELS = 'm = sa.Enum({}, name="m")\n'
# Models before and after, the message of the refusal, and the permissions.
REFUSED = {
    "a check of a domain": (
        domain("CHECK (VALUE LIKE '%@%')"),
        domain("CHECK (VALUE LIKE '%@%.%')"),
        "t: the upgrade fails where a row does not keep d_check. Look first: SELECT count(*) FROM t WHERE NOT ((a ~~",
        ["add-domain-constraint d_check on d"],
    ),
    "a domain that is never NULL": (
        domain(""),
        domain("NOT NULL"),
        "t.a: the upgrade fails where it is NULL.",
        ["set-not-null t.a"],
    ),
    "an exclusion": (
        table('sa.Column("a", postgresql.INT4RANGE)', 'sa.Column("b", sa.Integer)'),
        table(
            'sa.Column("a", postgresql.INT4RANGE)',
            'sa.Column("b", sa.Integer)',
            'postgresql.ExcludeConstraint(("a", "&&"), name="apart", where=sa.text("b > 0"), deferrable=True)',
        ),
        "t: the upgrade fails where two rows do not keep apart. Look first: SELECT count(*) FROM "
        "(SELECT tableoid, ctid, a AS k0",
        ["add-constraint apart on t"],
    ),
    "two rules at once, one of which nothing keeps": (
        PARENT + table(PAIR),
        PARENT
        + table(PAIR, 'sa.CheckConstraint("a < b AND a > b", name="never")', 'sa.UniqueConstraint("b", name="u")'),
        "t: the upgrade fails where two rows have the same b.",
        ["add-constraint never on t", "add-constraint u on t"],
    ),
    "both columns or none": (
        PARENT + table(PAIR),
        PARENT + table(PAIR, BOTH),
        "WHERE ((a, b) IS NOT NULL) <> NOT ((a, b) IS NULL) OR a IS NOT NULL AND b IS NOT NULL AND",
        ["add-constraint both_of_t on t"],
    ),
    "a table that becomes a partitioned one": (
        table(PAIR),
        table(PAIR, 'postgresql_partition_by="RANGE (a)"'),
        "drop-table t: with everything in it Objects that are to stay",
        ["drop-table t"],
    ),
    "a type that goes with its table": (
        LABELS.format('"x", "y"') + table('sa.Column("a", m)'),
        "",
        "drop-enum m: the type itself",
        ["drop-table t", "drop-enum m"],
    ),
    "a label that nothing uses": (
        'postgresql.ENUM("x", "y", name="m", metadata=metadata)',
        'postgresql.ENUM("x", name="m", metadata=metadata)',
        "change-enum m: loses the value y",
        ["change-enum m"],
    ),
}


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize(("before", "after", "said", "words"), REFUSED.values(), ids=REFUSED)
def test_what_could_fail_or_be_lost_needs_a_word(
    before: str, after: str, said: str, words: list[str], tmp_path: Path, server: URL
) -> None:
    draft(edited(tmp_path, before), server, "first")
    project = edited(tmp_path, after)
    with pytest.raises(Failure) as refused:
        draft(project, server, "second")
    told = f"{refused.value.what} {refused.value.remedy}"
    assert said in told and all(word in told for word in words), told
    made = draft(project, server, "second", allowed=[*words, "drop-column t.z"])
    assert made.path and [note for note in made.notes if "Nothing needs" in note] == [
        'Nothing needs allow="drop-column t.z".'
    ]
    assert all(f"Allowed: {word}\n" in made.path.read_text() for word in words)


@pytest.mark.servers("pg18")
def test_a_refusal_names_what_is_allowed_already(tmp_path: Path, server: URL) -> None:
    before, _, _, words = REFUSED["a type that goes with its table"]
    draft(edited(tmp_path, before), server, "first")
    with pytest.raises(Failure) as refused:
        draft(edited(tmp_path, ""), server, "second", allowed=words[:1])
    assert str(refused.value.remedy).endswith('allow="drop-table t, drop-enum m"'), refused.value.remedy


@pytest.mark.thorough
def test_rules_that_are_not_valid_ask_no_row_that_is_there(tmp_path: Path, server: URL, database: URL) -> None:
    before = domain("") + table(PAIR).replace('"t"', '"pairs"') + PARENT
    rules = (
        "DOMAIN d ADD CONSTRAINT at CHECK (VALUE LIKE '%%@%%') NOT VALID",
        "TABLE pairs ADD CONSTRAINT ordered CHECK (a < b) NOT VALID",
        "TABLE pairs ADD CONSTRAINT known FOREIGN KEY (a, b) REFERENCES p (a, b) NOT VALID",
    )
    draft(edited(tmp_path, before), server, "first")
    upgrade(edited(tmp_path, before), database, "head", lambda applied: None)
    ask(database, "INSERT INTO t (a) VALUES ('x'); INSERT INTO pairs (a, b) VALUES (2, 1)")
    project = edited(tmp_path, before + "".join(f'ENTITIES.append(sa.DDL("ALTER {rule}"))\n' for rule in rules))
    draft(project, server, "second")
    upgrade(project, database, "head", lambda applied: None)
    assert check(project, server, database).clean
    valid = edited(
        tmp_path,
        before + "".join(f'ENTITIES.append(sa.DDL("ALTER {rule.removesuffix(" NOT VALID")}"))\n' for rule in rules),
    )
    with pytest.raises(Failure) as refused:
        draft(valid, server, "third")
    assert all(name in str(refused.value) for name in ("add-domain-constraint at on d", "ordered on pairs"))


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_backfills_come_before_what_needs_them(tmp_path: Path, server: URL) -> None:
    for folder, before, after, filling, steps in (
        ("domain", domain(""), domain("NOT NULL"), "t.a='x'", ("UPDATE t SET a = 'x' WHERE a IS NULL", "SET NOT NULL")),
        ("check", domain(""), domain("CHECK (VALUE <> '')"), "t.a='x'", ("UPDATE t SET a = 'x' WHERE NOT ", "ADD CON")),
    ):
        draft(edited(tmp_path / folder, before), server, "first")
        made = draft(edited(tmp_path / folder, after), server, "second", filling=[filling])
        assert made.path and not any("the upgrade fails" in note for note in made.notes), made
        places = [made.path.read_text().index(step) for step in steps]
        assert places == sorted(places)


@pytest.mark.servers("pg18")
def test_an_enum_that_does_not_have_some_values(tmp_path: Path, server: URL) -> None:
    """All such values give one note; the place for data steps is before the conversion."""
    draft(edited(tmp_path, table('sa.Column("a", sa.Text)')), server, "first")
    project = edited(tmp_path, LABELS.format('"x"') + table('sa.Column("a", m)'))
    made = draft(project, server, "second", allowed=["change-column t.a"])
    notes = [note for note in made.notes if "the upgrade fails" in note]
    assert len(notes) == 1 and notes[0].endswith(", since m has no such label."), notes
    assert made.path
    text = made.path.read_text()
    assert text.index("# Data steps go here.") < text.index("op.alter_column(")


@pytest.mark.servers("pg18")
def test_a_default_of_the_model_is_the_first_choice(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table('sa.Column("a", sa.Integer)')), server, "first")
    project = edited(tmp_path, table('sa.Column("a", sa.Integer, nullable=False, server_default="5")'))
    with pytest.raises(Failure, match=r'backfill="t\.a=5" or allow="set-not-null t\.a"'):
        draft(project, server, "second")


@pytest.mark.servers("pg18")
def test_a_backfill_is_never_left_out(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, table('sa.Column("a", sa.Integer)')), server, "first")
    project = edited(tmp_path, table('sa.Column("a", sa.Integer)', 'sa.Column("b", sa.Integer)'))
    with pytest.raises(Failure, match="upgrade fails in a shadow, so it was not kept: syntax error"):
        draft(project, server, "second", filling=["t.b=nowhere("])


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_names_in_quotes_are_allowed_as_they_are_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL
) -> None:
    draft(
        edited(tmp_path, table('sa.Column("a", sa.Integer)', 'sa.Column("Author, of: it", sa.Text)')), server, "first"
    )
    project = edited(tmp_path, table('sa.Column("a", sa.Integer)'))
    shadows = {"SHADOW_URL": plain(server)}
    said = command(capsys, project, None, "create", "x", **shadows)
    (_, allow) = shlex.split(said.err.rpartition("make revision ")[2])
    assert said.code == 2 and allow == 'allow=drop-column t."Author, of: it"'
    said = command(capsys, project, None, "create", "x", "--allow", allow.removeprefix("allow="), **shadows)
    assert (said.code, said.err) == (0, "")
