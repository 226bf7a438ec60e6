"""The line of objects that plain DDL says of others, such as grants and comments, and of enums made from classes."""

from pathlib import Path

from sqlalchemy import URL

from tests.objects.roles import ROLES
from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.catalog.names import shown
from whisper_migrate.models.source_lines import place
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import upgrade
from whisper_migrate.state.drift import check

MODELS = """
import enum

class Mood(enum.Enum):
    glad = 1

class Tone(enum.Enum):
    high = 1

sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("mood", sa.Enum(Mood)),
    sa.Column("tones", postgresql.ARRAY(sa.Enum(Tone))), comment="people")
ENTITIES += [
    sa.DDL("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"),
    sa.DDL("CREATE TRIGGER two BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()"),
    sa.DDL("CREATE VIEW public.all_users AS SELECT id FROM public.users"),
    sa.DDL("GRANT SELECT ON users TO {role}"),
    sa.DDL("GRANT SELECT (id) ON all_users TO {role}"),
    sa.DDL("COMMENT ON TRIGGER two ON users IS 'hi'"),
    sa.DDL("COMMENT ON COLUMN public.users.mood IS 'now'"),
    sa.DDL("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}"),
]
"""
DRIFT = (
    "REVOKE ALL ON users, all_users FROM {role}; REVOKE SELECT (id) ON all_users FROM {role}",
    "COMMENT ON TRIGGER two ON users IS NULL; COMMENT ON COLUMN users.mood IS NULL; COMMENT ON TABLE users IS NULL",
    "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM {role}",
    "ALTER TYPE mood ADD VALUE 'sad'; ALTER TYPE tone ADD VALUE 'low'",
    "COMMENT ON SCHEMA public IS 'x'; GRANT CREATE ON SCHEMA public TO {role}; COMMENT ON VIEW all_users IS 'y'",
)
LINES = {
    "grant on table users to {role}": "GRANT SELECT ON users",
    "grant on column all_users.id to {role}": "GRANT SELECT (id)",
    "comment trigger two on users": "COMMENT ON TRIGGER",
    "comment table column users.mood": "COMMENT ON COLUMN",
    "comment table users": 'comment="people"',
    "default_privilege on tables to {role}": "ALTER DEFAULT",
    "enum mood": "class Mood(",
    "enum tone": "class Tone(",
    "comment schema public": None,
    "comment view all_users": None,
    "grant on schema public to {role}": None,
}


def test_lines_of_statements_and_classes(tmp_path: Path, server: URL, database: URL) -> None:
    role = "reader"
    ask(database, ROLES)
    project = edited(tmp_path, MODELS.replace("{role}", role))
    draft(project, server, "first")
    upgrade(project, database, "head", lambda applied: None)
    ask(database, *(statement.replace("{role}", role) for statement in DRIFT))
    (source,) = tmp_path.glob("edited*.py")
    lines = source.read_text().splitlines()
    found = {}
    for change in check(project, server, database, "database").drift:
        at = place(project, change.object)
        found[f"{change.object.kind} {shown(change.object.identity)}"] = lines[at.line - 1] if at else None
    wanted = {name.replace("{role}", role): words for name, words in LINES.items()}
    assert {name: words and words in (found.get(name) or "") for name, words in wanted.items()} == {
        name: words and True for name, words in wanted.items()
    }, "\n".join(map(str, found.items()))
    assert set(found) == set(wanted)
