"""The choice of the database, the parsing of its address, and the messages if it cannot be reached."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import servers
from whisper_migrate import embedded
from whisper_migrate.addresses.connection_failures import connection_failure
from whisper_migrate.databases import settings
from whisper_migrate.databases.connect import engine
from whisper_migrate.databases.settings import configured, parse, shown
from whisper_migrate.errors import Failure

SECRET = "s3cr3t-geheim"


def parts(url: URL) -> tuple[str | None, str | None, str | None, int | None, str | None]:
    return url.username, url.password, url.host, url.port, url.database


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+asyncpg", "POSTGRES"])
def test_every_spelling_of_postgresql_is_taken(tmp_path: Path, scheme: str) -> None:
    found = configured(tmp_path, {"DATABASE_URL": f" {scheme}://me:{SECRET}@db.example:6432/app?sslmode=require\n"})
    assert found is not None and found.source == "DATABASE_URL"
    assert found.url.drivername == "postgresql+psycopg2"
    assert parts(found.url) == ("me", SECRET, "db.example", 6432, "app")
    assert found.url.query == {"sslmode": "require"}
    assert SECRET not in str(found) and SECRET not in repr(found)


@pytest.mark.parametrize(
    ("raw", "password"),
    [
        ("p%40w", "p@w"),
        ("p@w", "p@w"),
        ("100%", "100%"),
        ("100%zz", "100%zz"),
        ("a%e9b", "a%e9b"),  # not UTF-8, so not percent-encoded
        ("p:w", "p:w"),
        ("p/w", "p/w"),
        ("p?w", "p?w"),
        ("p?a=b", "p?a=b"),
        ("p#w", "p#w"),
        ("p[w]+ x&y", "p[w]+ x&y"),
        ("p/w@x", "p/w@x"),
        ("", ""),
    ],
)
def test_raw_passwords_are_understood(raw: str, password: str) -> None:
    assert parts(parse(f"postgresql://me:{raw}@host/app?sslmode=prefer")) == ("me", password, "host", None, "app")


@given(password=st.text(st.characters(exclude_categories=("Cs",)), min_size=1), user=st.text("a@/%: é", min_size=1))
def test_encoded_passwords_always_are(password: str, user: str) -> None:
    text = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@host:5/app"
    assert parts(parse(text)) == (user, password, "host", 5, "app")


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("postgresql:///app?host=/run/pg", {"dbname": "app", "host": "/run/pg"}),
        ("postgresql://%2Frun%2Fpg:6/app", {"dbname": "app", "host": "/run/pg", "port": "6"}),
        ("postgresql://me@[::1]:5/app", {"dbname": "app", "user": "me", "host": "::1", "port": 5}),
        ("postgresql://a:1,b:2/app", {"dbname": "app", "host": "a,b", "port": "1,2"}),
        ("postgresql://h/my%2Fapp?options=x@y", {"dbname": "my/app", "host": "h", "options": "x@y"}),
    ],
)
def test_what_reaches_the_client(text: str, arguments: dict[str, object]) -> None:
    url = parse(text)
    assert engine(url).dialect.create_connect_args(url) == ([], arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"mysql://me:{SECRET}@host/app", "is for mysql, but only PostgreSQL is supported"),
        ("sqlite:///app.db", "is for sqlite"),
        (f"me:{SECRET}@host", "is no database URL"),
        (f"postgresql:me:{SECRET}@host", "is no database URL"),
        (f"postgresql://me:{SECRET}@host", "names no database"),
        (f"postgresql://me:{SECRET}@host:54x2/app", "a port that is no number"),
        (f"postgresql://me:{SECRET}@host:99999/app", "a port that is no number"),
        (f"postgresql://me:{SECRET}@ho[st/app", "a host that cannot be understood"),
        (f"postgresql://me:1/{SECRET}@host/app", "in more than one way"),
        (f"postgresql://me:a@b/{SECRET}@host/app", "in more than one way"),
        (f"postgresql://me:a/{SECRET}@host/app?options=x@y", "in more than one way"),
    ],
)
def test_bad_urls_are_said_without_the_password(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        configured(tmp_path, {"DATABASE_URL": text})
    assert SECRET not in str(caught.value)
    assert "\n" not in caught.value.what and caught.value.remedy


@pytest.mark.parametrize("password", ["p%40w", "p@w:x/y z", "100%", "#'\"\\$x", "ü"])
def test_parts_are_taken_as_they_are(tmp_path: Path, password: str) -> None:
    found = configured(tmp_path, {"POSTGRES_HOST": "db", "POSTGRES_PASSWORD": password})
    assert found is not None and found.source == "POSTGRES_HOST"
    assert parts(found.url) == ("whisperengine", password, "db", 5433, "whisperengine")


def test_parts_in_full_and_wrong(tmp_path: Path) -> None:
    whole = {"POSTGRES_HOST": "db", "POSTGRES_PORT": "1", "POSTGRES_DB": "app", "POSTGRES_USER": "me"}
    found = configured(tmp_path, whole)
    assert found is not None and parts(found.url) == ("me", None, "db", 1, "app")
    found = configured(tmp_path, {**whole, "POSTGRES_HOST": "/run/pg"})
    assert found is not None and found.url.query == {"host": "/run/pg", "port": "1"}
    with pytest.raises(Failure, match="POSTGRES_PORT has the port 'x' that is no number"):
        configured(tmp_path, {**whole, "POSTGRES_PORT": "x"})
    assert configured(tmp_path, {"POSTGRES_PORT": "1", "POSTGRES_PASSWORD": "x"}) is None


def test_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://file/file"
    (tmp_path / ".env").write_text(f"DATABASE_URL={url}\nPOSTGRES_PASSWORD='a b#%'\nPOSTGRES_HOST=file\n")

    def source(**environ: str) -> tuple[str, str | None, str | None]:
        found = configured(tmp_path, environ)
        assert found is not None
        return found.source, found.url.host, found.url.password

    assert source() == ("DATABASE_URL in .env", "file", None)
    assert source(DATABASE_URL="") == ("DATABASE_URL in .env", "file", None)
    assert source(DATABASE_URL="postgres://real/real") == ("DATABASE_URL", "real", None)
    assert source(POSTGRES_HOST="real") == ("POSTGRES_HOST", "real", "a b#%")
    assert source(POSTGRES_HOST="real", POSTGRES_PASSWORD="x") == ("POSTGRES_HOST", "real", "x")
    monkeypatch.setenv("DATABASE_URL", "postgres://process/app")
    found = configured(tmp_path)
    assert found is not None and found.url.host == "process"
    assert configured(tmp_path / "elsewhere", {}) is None


def test_unreadable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATABASE_URL=\xff\xfe")
    with pytest.raises(Failure, match=r"\.env cannot be read as text"):
        configured(tmp_path, {})


def test_nothing_configured_means_the_embedded_server(tmp_path: Path) -> None:
    assert settings.embedded_folder(tmp_path, {}) == tmp_path / ".pgdata"
    assert settings.embedded_folder(tmp_path, {"WHISPER_PGDATA": "x/y"}) == tmp_path / "x" / "y"
    assert settings.embedded_folder(tmp_path, {"WHISPER_PGDATA": "/x/y"}) == Path("/x/y")
    assert settings.database(tmp_path, {}, start=False).source == "the embedded server in .pgdata"
    assert not (tmp_path / ".pgdata").exists()
    try:
        found = settings.database(tmp_path, {})
        with engine(found.url).connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_database()")) == "whisperengine"
        assert settings.database(tmp_path, {}, start=False) == found
    finally:
        embedded.stop(tmp_path / ".pgdata")


def test_passwords_are_never_shown() -> None:
    url = parse(f"postgresql://me:{SECRET}@host/app?password={SECRET}&sslpassword={SECRET}&sslmode=require")
    assert shown(url) == "postgresql://me:***@host/app?password=***&sslmode=require&sslpassword=***"


def test_engine_keeps_no_connection_and_names_itself(database: URL) -> None:
    made = engine(database.set(drivername="postgresql"))
    assert isinstance(made.pool, sqlalchemy.pool.NullPool)
    with made.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SHOW application_name")) == "whisper-migrate"
    named = engine(database.update_query_dict({"application_name": "mine"}))
    with named.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SHOW application_name")) == "mine"


def test_databases_are_made_from_a_template(make_database: MakeDatabase) -> None:
    first = make_database()
    with contextlib.closing(servers.connect(first)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t AS SELECT 1")
    with contextlib.closing(servers.connect(make_database(first))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == (1,)


def unreachable(url: URL) -> Failure:
    """Return the failure to connect to this address: one sentence, without the password."""
    with pytest.raises(sqlalchemy.exc.DBAPIError) as caught:
        engine(url).connect()
    failure = connection_failure(url, caught.value)
    assert "\n" not in failure.what and "Traceback" not in str(failure) and failure.remedy
    assert url.password is None or url.password not in str(failure)
    return failure


@contextlib.contextmanager
def listener(reply: bytes | None) -> Iterator[int]:
    """A server on a port of this machine that sends a reply, hangs up (None), or stays silent (b"")."""
    held = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    held.append(connection)
                    if reply is None:
                        connection.close()
                    elif reply:
                        connection.recv(100)
                        connection.sendall(reply)
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


@pytest.mark.parametrize("sslmode", ["prefer", "disable", "require"])
@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"J\x00\x00\x00\x0a8.0.36\x00", None])
def test_other_servers_are_not_postgresql(reply: bytes | None, sslmode: str) -> None:
    with listener(reply) as port:
        failure = unreachable(parse(f"postgresql://me:{SECRET}@127.0.0.1:{port}/app?sslmode={sslmode}"))
    assert "not PostgreSQL" in failure.what and f"127.0.0.1:{port}" in failure.what


def test_silent_server_is_given_up() -> None:
    with listener(b"") as port:
        failure = unreachable(parse(f"postgresql://me:{SECRET}@127.0.0.1:{port}/app?connect_timeout=2"))
    assert failure.what == f"Nothing answered at 127.0.0.1:{port} in time."


def test_wrong_addresses_are_said() -> None:
    with listener(None) as port:
        pass  # a port that was free a moment ago
    assert unreachable(parse(f"postgresql://127.0.0.1:{port}/a")).what == f"Nothing listens at 127.0.0.1:{port}."
    assert unreachable(parse("postgresql://no.such.host.invalid:5/a")).what == (
        "The host no.such.host.invalid:5 is unknown."
    )
    assert "No PostgreSQL listens on a socket in /nowhere" in unreachable(parse("postgresql:///a?host=/nowhere")).what
    assert "does not know: ssl" in unreachable(parse(f"postgresql://127.0.0.1:{port}/a?ssl=1")).what
    assert "a value for sslmode" in unreachable(parse(f"postgresql://127.0.0.1:{port}/a?sslmode=yes")).what


def test_missing_database_and_user_are_said(server: URL) -> None:
    where = server.query["host"]
    missing = unreachable(server.set(database="nope it"))
    assert missing.what == f"PostgreSQL at {where} has no database nope it."
    address = f"-h {server.query['host']} -p {server.query['port']} -U {server.username}"
    assert missing.remedy == f"Check DATABASE_URL or POSTGRES_*, or create it: createdb {address} 'nope it'"
    assert unreachable(server.set(username="nobody")).what == f"PostgreSQL at {where} has no user nobody."


@pytest.fixture
def guarded(server: URL, database: URL) -> Iterator[URL]:
    """A database whose user must authenticate by password (SCRAM)."""
    role = f"guarded_{database.database}"
    with contextlib.closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET password_encryption = 'scram-sha-256'; CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
        cursor.execute("SHOW hba_file")
        rules = Path(cursor.fetchone()[0])
        before = rules.read_text()
        rules.write_text(f"local all {role} scram-sha-256\n{before}")
        cursor.execute("SELECT pg_reload_conf()")
        url = database.set(username=role, password=SECRET)
        try:
            yield url
        finally:
            rules.write_text(before)
            cursor.execute(f"SELECT pg_reload_conf(); DROP ROLE {role}")


def test_wrong_password_is_said(guarded: URL) -> None:
    without = guarded._replace(password=None)  # URL.set() ignores None

    def asked() -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            servers.connect(without).close()
            return False
        return True

    servers.until(asked)  # the server has reloaded pg_hba.conf
    engine(guarded).connect().close()
    said = f"refused the user {guarded.username}: the password is wrong or missing."
    assert said in unreachable(guarded.set(password="wrong@%")).what
    assert said in unreachable(without).what
    opened = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(sqlalchemy.exc.DBAPIError) as caught:
        engine(without).connect()
    assert set(Path("/proc/self/fd").iterdir()) == opened and caught.value  # which keeps no connection open
