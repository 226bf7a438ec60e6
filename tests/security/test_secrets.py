"""No password or other secret of an address appears in output or in a list of processes."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from tests.support import little
from tests.support.projects import HEAD, MIGRATE, SECRET, copied, refusal
from whisper_migrate import embedded
from whisper_migrate.addresses.secret_parameters import scrubbed, secret_names, shown
from whisper_migrate.addresses.url import parse, rendered
from whisper_migrate.databases.first_failure import details
from whisper_migrate.databases.psql import psql
from whisper_migrate.errors import Failure

NEWER = {"oauth_client_secret", "scram_client_key", "scram_server_key", "SSLPassword", "access_token", "other_secret"}
ADDRESSES = {
    f"postgresql://me:{SECRET}@host:5/app": "postgresql://me:***@host:5/app",
    f"could not use 'postgres://me:{SECRET}@host/app' here": "could not use 'postgres://me:***@host/app' here",
    f"postgresql+psycopg2://me:a@{SECRET}/x?y@[fe80::1]/app": "postgresql+psycopg2://me:***@[fe80::1]/app",
    f"postgresql:///app?host=/run/pg&password={SECRET}&a=b": "postgresql:///app?host=/run/pg&password=***&a=b",
    f"postgresql://host/app?sslpassword=a@{SECRET}": "postgresql://host/app?sslpassword=***",
    f"(postgresql://:{SECRET}@host/app) and postgresql://u@h/d": "(postgresql://:***@host/app) and postgresql://u@h/d",
    f"postgresql://me:{SECRET}@a:1,b:2/app?oauth_client_secret={SECRET}": (
        "postgresql://me:***@a:1,b:2/app?oauth_client_secret=***"
    ),
    f"at POSTGRESQL://me:{SECRET}@host/app": "at POSTGRESQL://me:***@host/app",
    f"postgresql://me:a'<b{SECRET}@host/app is wrong": "postgresql://me:***@host/app is wrong",
    f"CONNECTION 'host=h password={SECRET}' PUBLICATION p": "CONNECTION 'host=h password=***' PUBLICATION p",
    f"dblink('password=''{SECRET} x'' host=h')": "dblink('password=*** host=h')",
    f"sslpassword={SECRET} host=h": "sslpassword=*** host=h",
    f"host = h password = {SECRET} user=u": "host = h password = *** user=u",
    f"CONNECTION 'password = ''a {SECRET}'' host=h'": "CONNECTION 'password = *** host=h'",
    f"password ={SECRET}": "password =***",
    f"CONNECTION 'password= {SECRET}'": "CONNECTION 'password= ***'",
    f"host=h password=a\\ {SECRET}\\' user=u": "host=h password=*** user=u",
    f"PGPASSWORD={SECRET} psql": "PGPASSWORD=*** psql",
    "CHECK ((password = confirmed))": "CHECK ((password = confirmed))",  # SQL is no connection string
}
# A stand-in for psql that prints its arguments, which all users can see, and the secrets passed to it alone.
PSQL = """#!/bin/sh
printf '<%s>' "$@"
echo; echo "password $PGPASSWORD"
[ -z "${PGSERVICEFILE:-}" ] || { stat -c %a "$PGSERVICEFILE" "${PGSERVICEFILE%/*}"; cat "$PGSERVICEFILE"; }
"""


def test_what_libpq_marks_is_secret() -> None:
    assert secret_names() >= {"password", "sslpassword", "oauth_client_secret", "scram_client_key"}
    assert not secret_names() & {"host", "user", "passfile", "sslkey", "options"}


@pytest.mark.parametrize("name", sorted(secret_names() | NEWER))
def test_no_secret_parameter_is_shown(name: str) -> None:
    for url in (f"postgresql://me@host/app?a=1&{name}={SECRET}", f"postgresql:///app?{name}={SECRET}&{name}={SECRET}"):
        said = shown(parse(url))
        assert SECRET not in said and f"{name}=***" in said
    assert shown(parse("postgresql://me@host/app?sslkey=a&sslmode=require")).endswith("?sslkey=a&sslmode=require")


def test_a_connection_string_in_place_of_a_database_is_not_shown() -> None:
    for text in (f"host=a password={SECRET}", f"postgresql://me:{SECRET}@host/app"):
        for url in (parse("postgresql://host/app").set(database=text), parse(f"postgresql://host/?dbname={text}")):
            assert SECRET not in shown(url)


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_in_texts_of_others_lose_their_secrets(text: str) -> None:
    assert scrubbed(text) == ADDRESSES[text] and scrubbed(ADDRESSES[text]) == ADDRESSES[text]


@pytest.mark.servers("pg18")
def test_psql_is_given_secrets_where_nobody_else_sees_them(tmp_path: Path, database: URL) -> None:
    url = database.update_query_dict({"sslpassword": SECRET, "options": "-c work_mem=1234kB"}).set(password="p w")
    checkout = copied(tmp_path / "project", rendered(url))
    (tmp_path / "psql").write_text(PSQL)
    (tmp_path / "psql").chmod(0o755)
    checkout.variables["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    run = checkout.run(sys.executable, MIGRATE, "psql", "-c", "SELECT 1")
    arguments, password, *service = run.out.splitlines()
    assert SECRET not in arguments and "p w" not in arguments and arguments.endswith("<-c><SELECT 1>")
    assert password == "password p w"
    assert service == ["600", "700", "[whisper_migrate]", f"sslpassword={SECRET}"]
    checkout.variables["PATH"] = f"{embedded.binaries()}:/usr/bin:/bin"
    run = checkout.migrate("psql", "-AtX", "-c", "SELECT current_database()", "-c", "SHOW work_mem")
    assert (run.code, run.out) == (0, f"{database.database}\n1234kB\n"), run


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_no_command_prints_a_secret(tmp_path: Path, database: URL) -> None:
    """Each of these commands prints the database that it works on, or the reason why it does not."""
    url = database.update_query_dict({"sslpassword": SECRET, "password": SECRET})
    checkout = copied(tmp_path / "project", url)
    runs = [checkout.migrate(*arguments) for arguments in (["url"], ["status"], ["upgrade"], ["status"], ["history"])]
    runs += [checkout.check_drift("--format", form) for form in ("text", "json", "sarif", "github", "html")]
    assert [run.code for run in runs[:3]] == [0, 0, 0] and "sslpassword=***" in runs[0].out
    # checkout.python() searches all output for the secret
    for broken in (f"postgresql://me:{SECRET}@127.0.0.1:1/app", f"postgresql://me@127.0.0.1:1/a?passwort={SECRET}"):
        checkout.url = broken
        refusal(checkout.migrate("status"))
    checkout.write_revision("aaaa", HEAD, up=f"raise RuntimeError('no postgresql://me:{SECRET}@host/app')")
    checkout.url = url
    refusal(checkout.migrate("upgrade"))
    (checkout.root / "whisper_models/identity.py").write_text(f"raise OSError('no postgresql://me:{SECRET}@host/app')")
    refusal(checkout.check_drift())
    run = checkout.python("scripts/migrations/test_migration_setup.py")
    assert run.code == 1 and "OSError: no postgresql://me:***@host/app" in run.out, run


@pytest.mark.thorough
@pytest.mark.parametrize(
    "line",
    [
        f"postgresql://me:{SECRET}@host/app bot",
        f"a postgresql://b:{SECRET}@c/d x",
        f"mysql://{SECRET}@b c",
        f"password={SECRET} host=h",
        f"me:{SECRET}@host/app eu",
    ],
)
def test_a_fleet_file_in_the_wrong_order_is_refused_without_its_address(tmp_path: Path, line: str) -> None:
    checkout = copied(tmp_path / "project")
    (tmp_path / "bots").write_text(f"good postgresql://host/app\n{line}\n")
    for action in ("status", "check-drift", "upgrade"):
        assert "bots:2 has " in refusal(checkout.migrate("fleet", str(tmp_path / "bots"), action))


STATEMENTS = (
    "ALTER ROLE r PASSWORD {}", "CREATE ROLE r ENCRYPTED PASSWORD {} LOGIN", "OPTIONS (password {})",
    "ALTER ROLE r PASSWORD\n--x\n{}", "PASSWORD /* new */ {}", 'OPTIONS ("sslpassword" {}, host \'h\')',
    "OPTIONS (user 'x', secret_key {})", "UPDATE users SET password = {}", r"op.execute('PASSWORD \{}",
    "DO $do$ BEGIN ALTER ROLE r PASSWORD {}; END $do$", "SET LOCAL app.secret TO {}", "it 's PASSWORD {}",
    "CREATE FUNCTION f() RETURNS int AS $do$ BEGIN v_token := {}; END $do$",
    "SELECT set_config('app.secret', {}, true)",
    "CALL f(p_password => {})",
)  # fmt: skip


@pytest.mark.parametrize(
    "text", ["'{}'", "E'{}'", "E'it\\'s {}'", "U&'{}'", "$${}$$", "$a$x $$ {}$a$", "'it''s {}'", "'{}"]
)
@pytest.mark.parametrize("words", STATEMENTS)
def test_no_password_of_a_statement_is_shown(words: str, text: str) -> None:
    statement = words.format(text.format(SECRET))
    (said,) = details(DBAPIError(statement, None, Exception()), "It was")
    assert SECRET not in said and "***" in said
    assert SECRET not in scrubbed(statement)


@pytest.mark.servers("pg18")
def test_an_address_in_the_wrong_place_is_not_shown(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project, url = little.project(tmp_path), f"postgresql://u:{SECRET}@localhost:1/x"
    for words in (["fleet", url, "status"], [url], ["status", url], ["--project", url], ["upgrade", "--wait", url]):
        said = little.command(capsys, project, database, *words)
        assert said.code == 2 and SECRET not in said.out + said.err and "u:***@localhost" in said.err, said
    for name in ("upgrade", "downgrade", "stamp", "preflight", "show", "adopt", "prove", "rebase", "squash", "docs"):
        said = little.command(capsys, project, database, name, url)
        assert said.code == 2 and SECRET not in said.out + said.err and "DATABASE_URL names" in said.err, said


def test_no_password_of_an_inner_statement_is_shown() -> None:
    for inner in ("'{}'", "E'{}'", "$a${}$a$"):
        statement = f"EXECUTE 'ALTER ROLE r PASSWORD {inner.format(SECRET).replace(chr(39), chr(39) * 2)} LOGIN'; x"
        assert SECRET not in scrubbed(statement) and scrubbed(statement).endswith("LOGIN'; x")
    assert scrubbed(f"ALTER ROLE r PASSWORD 'a'\n  '{SECRET}' LOGIN") == "ALTER ROLE r PASSWORD '***' LOGIN"
    assert SECRET not in scrubbed(f"ALTER ROLE r PASSWORD /* {'x' * 400} */ '{SECRET}'")


NAMES = (
    "the password's column 'a' is", "'password'", "{'token': 'a'}", "CHECK (password <> '')",
    "nextval('public.tokens_id_seq'::regclass)", "kind IN ('reset password', 'b')", "'app.secret'::regclass, 'x'",
    "ENUM ('token', 'refresh')", "ALTER TYPE token ADD VALUE 'x'", "COMMENT ON COLUMN users.password IS 'x'",
    "CHECK (token ~ 'x')", "f(a, 'token' || 'b')", "SET search_path TO 'x'; SELECT 'token'",
)  # fmt: skip


@pytest.mark.parametrize("text", NAMES)
def test_a_name_alone_is_no_secret(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize("database", [f"host=x password={SECRET}", f"postgresql://me:{SECRET}@host/x"])
def test_psql_is_given_no_connection_string(database: str) -> None:
    urls = URL.create("postgresql", host="h", database=database), URL.create("postgresql", query={"dbname": database})
    for url in urls:
        with pytest.raises(Failure, match="cannot be given a connection string") as caught, psql(url):
            pass
        assert SECRET not in str(caught.value)
