"""Fixtures of real databases, on each PostgreSQL version that this machine has."""

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor
from sqlalchemy import URL

from tests.state import v106
from tests.support import servers
from whisper_migrate import embedded
from whisper_migrate.errors import Failure

MakeDatabase = servers.Maker
WARM = pytest.StashKey[servers.Servers]()
LEFT = pytest.StashKey[list[str]]()
EVERYTHING = "WHISPER_TEST_EVERYTHING"  # run every test, as CI does
WHOLE = "WHISPER_TEST_WHOLE"  # tells the workers that no file was named


def _noproc() -> ModuleType:
    """Return a plugin with pytest-postgresql's fixtures `pg18_noproc`, `pg15_noproc`, ... on the running servers.

    pytest-postgresql's own server refuses root. These fixtures also create a template database for each process, which
    `factories` can load.
    """
    plugin = ModuleType("whisper_noproc")
    for name, url in servers.urls().items():
        fixture = factories.postgresql_noproc(
            host=str(url.query["host"]), port=str(url.query["port"]), user=url.username, dbname="test_noproc"
        )
        setattr(plugin, f"{name}_noproc", fixture)
    return plugin


def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two processors, because a test waits for its server half of the time."""
    return max(2, 3 * (os.cpu_count() or 2) // 2)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "servers(*names): run on these servers only, such as 'pg18'")
    config.addinivalue_line("markers", f"thorough: takes seconds; not in make test, but in CI, where {EVERYTHING}=1")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        warm = servers.Servers()
        config.stash[WARM] = warm
        os.environ[WHOLE] = "1" if config.args_source is config.ArgsSource.TESTPATHS else ""
        config.add_cleanup(warm.stop)
        os.environ["XDG_CACHE_HOME"] = str(warm.folder / "cache")
        os.environ["WHISPER_NO_PROGRESS"] = "1"  # a slow machine says no more than a fast one
        try:
            warm.start()
        except Failure as failure:
            raise pytest.UsageError(str(failure)) from failure
    config.pluginmanager.register(_noproc(), "whisper_noproc")


def pytest_report_header() -> str:
    return servers.report()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" not in metafunc.fixturenames:
        return
    names = servers.sorted_ids() or list(servers.EXPECTED)
    for marker in metafunc.definition.iter_markers("servers"):
        names = [name for name in names if name in marker.args]
    metafunc.parametrize("server", names, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tests of a run of the whole suite; if folders or files are named, all of theirs run.

    With WHISPER_TEST_EVERYTHING, each case of a quick test runs on one of the servers, its first case on all of them;
    of a thorough test the first case runs, and a fixed third of the others. Without it, the first case of each quick
    test runs, and a fixed twentieth of the others.
    """
    if not os.environ.get(WHOLE):
        return
    everything = bool(os.environ.get(EVERYTHING))
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(_case(item), []).append(item)
    kept, seen = [], set()
    for case, on_servers in cases.items():
        test = case.partition("[")[0]
        quick = on_servers[0].get_closest_marker("thorough") is None
        share, number = divmod(zlib.crc32(case.encode()), 20)
        is_first = test not in seen
        seen.add(test)
        if quick and is_first:
            kept += on_servers if everything else on_servers[:1]
        elif (everything and (quick or is_first or number % 3 == 0)) or (quick and number == 0):
            kept.append(on_servers[share % len(on_servers)])
    chosen = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = kept


def _case(item: pytest.Item) -> str:
    """Return the item's id without its server."""
    called = getattr(item, "callspec", None)
    server = called.params.get("server") if called else None
    return item.nodeid.replace(f"[{server}", "[", 1) if server else item.nodeid


def pytest_sessionfinish(session: pytest.Session) -> None:
    warm = session.config.stash.get(WARM, None)
    left = warm.leftovers() if warm else []
    session.config.stash[LEFT] = left
    if left and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(WARM, None) and servers.absent():
        terminalreporter.line(servers.report(), yellow=True)  # -q hides the header, but this line must be seen
    if left := config.stash.get(LEFT, []):
        terminalreporter.section("throwaway databases left behind", red=True)
        for name in left:
            terminalreporter.line(name)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> URL:
    """The URL of a server's maintenance database, as superuser; the test runs once per server."""
    executor: NoopExecutor = request.getfixturevalue(f"{request.param}_noproc")
    return URL.create(
        "postgresql+psycopg2",
        username=executor.user,
        database="postgres",
        query={"host": str(executor.host), "port": str(executor.port)},
    )


@pytest.fixture(scope="session")
def _makers() -> Iterator[dict[URL, servers.Maker]]:
    made: dict[URL, servers.Maker] = {}
    yield made
    for maker in made.values():
        maker.close()


@pytest.fixture
def make_database(server: URL, _makers: dict[URL, servers.Maker]) -> Iterator[MakeDatabase]:
    """A function that creates a database on `server`, empty or from `template`; dropped at the end of the test."""
    maker = _makers.get(server) or _makers.setdefault(server, servers.Maker(server))
    yield maker
    maker.drop()


@pytest.fixture
def database(make_database: MakeDatabase) -> URL:
    """An empty database on `server`."""
    return make_database()


@pytest.fixture(scope="session")
def old(server: URL) -> Iterator[URL]:
    """A database of v1.0.6 with rows in every table, created once per server as a template."""
    name = f"test_v106_{os.getpid()}"
    with closing(servers.connect(server)) as maintenance, maintenance.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield v106.with_rows(v106.reworded(v106.built(server.set(database=name))))
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory that other users can enter; servers in it are stopped at the end."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="whisper-place-", dir=memory if os.access(memory, os.W_OK) else None))
    folder.chmod(0o755)
    yield folder
    for data in folder.rglob("PG_VERSION"):
        if data.parent.name == "data":
            embedded.stop(data.parent.parent)
    shutil.rmtree(folder, ignore_errors=True)
