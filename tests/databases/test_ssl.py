"""A server with SSL: the parameters in the URL take effect, and a mismatch is reported in one sentence."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.users import start
from tests.support import servers
from tests.support.connections import connected
from tests.support.projects import ask, copied, refusal
from whisper_migrate import embedded
from whisper_migrate.databases.settings import parse
from whisper_migrate.embedded.installed import account
from whisper_migrate.errors import Failure

SPEAKING = [
    folder
    for folder in servers.available().values()
    if "--with-openssl" in subprocess.check_output([folder / "pg_config", "--configure"], text=True)
]
pytestmark = pytest.mark.skipif(
    not SPEAKING or not shutil.which("openssl"), reason="no PostgreSQL here speaks SSL, or there is no openssl"
)


def certificate(folder: Path, name: str, host: str) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    command += ["-addext", f"subjectAltName=DNS:{host}", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def secure(place: Path) -> Iterator[Callable[[str], str]]:
    """Return the URL, with any string of parameters, of a server that accepts only SSL over TCP."""
    url = start(place / "pg", binaries=SPEAKING[0])
    data = place / "pg" / "data"
    who = account(data.stat().st_uid)
    embedded.stop(place / "pg")
    for name, host in (("server", "localhost"), ("other", "elsewhere.example")):
        certificate(place, name, host)
    shutil.copy(place / "server.crt", data)
    shutil.copy(place / "server.key", data)
    for file in (data / "server.key", data / "server.crt"):
        os.chown(file, data.stat().st_uid, data.stat().st_gid)
        file.chmod(0o600)
    (data / "pg_hba.conf").write_text("hostssl all all all trust\nhostnossl all all all reject\n")
    port = free_port()
    settings = ("ssl=on", "listen_addresses=localhost", f"port={port}", "unix_socket_directories=", "fsync=off")
    command = [str(SPEAKING[0] / "postgres"), "-D", str(data)]
    for setting in settings:
        command += ["-c", setting]
    with (place / "ssl.log").open("w") as log:
        process = subprocess.Popen(command, stderr=log, cwd=data, **who.popen())
    base = f"postgresql://{url.username}@localhost:{port}/{url.database}"

    def answers() -> bool:
        assert process.poll() is None, (place / "ssl.log").read_text()
        try:
            with connected(parse(f"{base}?sslmode=require")):
                return True
        except Failure:
            return False

    servers.until(answers)
    yield lambda parameters: f"{base}?{parameters}"
    process.terminate()
    process.wait()


@pytest.mark.thorough
def test_ssl_parameters_of_the_url_count(secure: Callable[[str], str], place: Path, tmp_path: Path) -> None:
    checkout = copied(tmp_path, secure(f"sslmode=verify-full&sslrootcert={place}/server.crt"))
    run = checkout.migrate("upgrade", "+1")
    assert run.code == 0, run
    encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert ask(parse(secure("sslmode=require")), encrypted) == [(True,)]
    assert checkout.migrate("psql", "--", "-c", "SELECT 1").code == 0
    unverified = "The certificate of PostgreSQL at localhost"
    for parameters, said in {
        "sslmode=disable": "lets nobody in from here as",
        f"sslmode=verify-full&sslrootcert={place}/other.crt": unverified,
        f"sslmode=verify-ca&sslrootcert={place}/nowhere.crt": unverified,
        "sslmode=verified": "DATABASE_URL has a value for sslmode that PostgreSQL's client does not know.",
    }.items():
        with pytest.raises(Failure) as caught, connected(parse(secure(parameters))):
            pass
        assert said in caught.value.what and caught.value.remedy, caught.value
    elsewhere = secure(f"sslmode=verify-full&sslrootcert={place}/server.crt").replace("@localhost", "@127.0.0.1")
    checkout.url = elsewhere
    assert refusal(checkout.migrate("status")).startswith("The certificate of PostgreSQL at 127.0.0.1")
