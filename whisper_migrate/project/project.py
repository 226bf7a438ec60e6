"""A project: a folder with a pyproject.toml, a MetaData, its entities and an Alembic history."""

from __future__ import annotations

import gc
import importlib
import sys
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whisper_migrate.catalog.collector import keep
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.shadow_name import NAME
from whisper_migrate.errors import Failure
from whisper_migrate.project.alembic_folders import NoHistory, configuration
from whisper_migrate.project.ignore import Ignoring, patterns

if TYPE_CHECKING:  # for fast commands: imported only by those that need them
    from alembic.config import Config
    from sqlalchemy import Connection, MetaData

SECTION = "whisper_migrate"
FILTERS = ("include_object", "include_name")  # options of env.py
OTHERS = (Path(__file__).parents[1], Path(sys.prefix))  # not the project's code, even in its folder

# Dates, intervals and times without a zone depend on these settings in SQL. A function's SQL may name a later object,
# so bodies are not checked, as in pg_dump.
NOWHERE = "SELECT pg_catalog.set_config('search_path', '', false)"
SESSION = {"DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "TimeZone": "UTC", "check_function_bodies": "off"}


@dataclass(frozen=True)
class Project:
    """A project by its root folder; everything else is read when it is first needed."""

    root: Path

    @classmethod
    def find(cls, start: Path, say: Callable[[str], None] = lambda _: None) -> Project:
        """Return the project of the folder `start`: the nearest folder upwards whose pyproject.toml has our section.

        `say` gets a message if a nearer pyproject.toml lacks our section.
        """
        nearest = None
        for folder in (start, *start.parents):
            if (folder / "pyproject.toml").is_file():
                nearest = nearest or folder
                if cls(folder).section is not None:
                    if folder != nearest:
                        say(f"Project {folder}: {nearest / 'pyproject.toml'} is nearer, but has no [tool.{SECTION}].")
                    return cls(folder)
        raise Failure(
            f"No project here: neither {start} nor a folder above it has a pyproject.toml with [tool.{SECTION}].",
            "Change to the project's folder, or name it with --project FOLDER.",
        )

    @classmethod
    def at(cls, folder: Path) -> Project:
        """Return the project in exactly this folder."""
        if cls(folder).section is None:
            raise Failure(f"{folder / 'pyproject.toml'} has no [tool.{SECTION}].")
        return cls(folder)

    @cached_property
    def section(self) -> dict[str, Any] | None:
        """`[tool.whisper_migrate]` of pyproject.toml, possibly empty; None if there is no such section."""
        file = self.root / "pyproject.toml"
        try:
            tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
        except (OSError, ValueError) as error:
            raise Failure(f"{file} cannot be read: {error}.") from error
        section = tools.get(SECTION) if isinstance(tools, dict) else None
        if not isinstance(section, dict | None):
            raise Failure(f"{SECTION} is no table in {file}.", f"[tool.{SECTION}]")
        return section

    @property
    def options(self) -> dict[str, Any]:
        """The options in the section; none if there is no section."""
        return self.section or {}

    @cached_property
    def metadata(self) -> MetaData:
        """The models' MetaData, as named by `models = "package:attribute"`, or else by env.py's `target_metadata`."""
        from sqlalchemy import MetaData

        if self.options.get("models"):
            found, where = self.named("models"), f"[tool.{SECTION}] models = {self.options['models']!r}"
        else:
            found, where = self._of_env_py(), "The target_metadata of alembic/env.py"
        if found is None:
            raise Failure(
                "Neither pyproject.toml nor alembic/env.py says where the models are.",
                f'[tool.{SECTION}] models = "package:name"',
            )
        if isinstance(found, list | tuple) and found and all(isinstance(one, MetaData) for one in found):
            from whisper_migrate.project.declared import merged

            found = merged(found)
        if not isinstance(found, MetaData):
            raise Failure(f"{where} is no SQLAlchemy MetaData.")
        return found

    def _of_env_py(self) -> Any:
        try:
            return self.env_py.get("target_metadata")
        except NoHistory:
            return None

    @cached_property
    def env_py(self) -> Mapping[str, Any]:
        """The options with which env.py configures Alembic, and the `version_locations` that it may set."""
        from alembic.script import ScriptDirectory

        from whisper_migrate.project.environment import configured

        config = self.alembic()
        scripts = ScriptDirectory.from_config(config)
        options = self._imported("env.py", lambda: configured(config, scripts))
        return {**options, "version_locations": scripts.version_locations}

    @cached_property
    def entities(self) -> Sequence[Any]:
        """Objects other than tables: alembic_utils entities and `sqlalchemy.DDL`, in the order of `entities`."""
        return tuple(self.named("entities")) if self.options.get("entities") else ()

    @property
    def is_tables_only(self) -> bool:
        """Whether the project has no `entities`, so that it can declare only what a MetaData knows."""
        return not self.options.get("entities")

    @property
    def search_path(self) -> str:
        """The schemas that names without a schema refer to: `public`, or as configured. The first gets new tables."""
        return str(self.options.get("search_path", "public"))

    @property
    def owner(self) -> str | None:
        """The role that should own every object, as named by `owner = "..."`; None if not configured."""
        owner = self.options.get("owner")
        if owner is not None and not (isinstance(owner, str) and owner):
            raise Failure(f"[tool.{SECTION}] owner = {owner!r} names no role.", 'owner = "whisper_owner"')
        return owner

    @cached_property
    def ignored(self) -> list[Ignoring]:
        """The patterns for objects that are not compared, from `[[tool.whisper_migrate.ignore]]`, and env.py's filters.

        env.py runs only if its text names such a filter.
        """
        found: list[Ignoring] = [*patterns(self.options.get("ignore", ()))]
        if any(name in self.env_py_text for name in FILTERS):
            from whisper_migrate.project.env_filters import Filter

            objects, names = (self.env_py.get(name) for name in FILTERS)
            if objects or names:
                found.append(Filter(objects, names, self.metadata, self.first_schema))
        return found

    @property
    def first_schema(self) -> str:
        """The schema of models and names without one, unquoted."""
        from whisper_migrate.catalog.names import split_list, unquoted

        return str(self.metadata.schema or unquoted(split_list(self.search_path)[0]))

    @cached_property
    def env_py_text(self) -> str:
        """The text of env.py; empty if there is none."""
        from alembic.script import ScriptDirectory

        try:
            file = Path(ScriptDirectory.from_config(self.alembic()).env_py_location)
        except NoHistory:
            return ""
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    @property
    def version_options(self) -> Mapping[str, Any]:
        """The options with which env.py may place the version table. env.py runs only if its text names one."""
        return self.env_py if "version_table" in self.env_py_text else {}

    @cached_property
    def elsewhere(self) -> dict[str, str]:
        """The owner of each revision of another project, by id: `[tool.whisper_migrate.elsewhere]` has ids by owner."""
        owners: dict[str, list[str]] = self.options.get("elsewhere", {})
        return {revision: owner for owner, revisions in owners.items() for revision in revisions}

    def alembic(self, connection: Connection | None = None, versions: Sequence[Path] = ()) -> Config:
        """Return Alembic's configuration; its commands use `connection`, if given, not the configured database.

        `versions` are the folders with the revisions, if not the project's own.
        """
        config = configuration(self.root, self.options, versions)
        if connection is not None:
            self.prepare(connection)
            config.attributes["connection"] = connection
        return config

    @property
    def session(self) -> str:
        """The statement that gives SQL one meaning for every role, overriding settings of the role and the database."""
        settings = {**SESSION, "search_path": self.search_path}
        return "SELECT " + ", ".join(
            f"pg_catalog.set_config({literal(name)}, {literal(value)}, false)" for name, value in settings.items()
        )

    def prepare(self, connection: Connection) -> None:
        """Apply `session` to a connection until it closes.

        In a database that is not a shadow, the search_path is emptied again: only `inside` uses the project's.
        """
        run(connection, self.session)
        if not NAME.fullmatch(connection.engine.url.database or ""):
            run(connection, NOWHERE)
        connection.commit()

    @contextmanager
    def inside(self, connection: Connection) -> Iterator[None]:
        """Set the project's search_path in this context, and empty it afterwards unless in a shadow.

        After an error it stays set.
        """
        run(connection, self.session)
        yield
        if not NAME.fullmatch(connection.engine.url.database or ""):
            run(connection, NOWHERE)

    def named(self, option: str) -> Any:
        """Return the object that an option of pyproject.toml names, as `package:attribute`."""
        name = str(self.options[option])
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
        module, _, attribute = name.partition(":")
        return self._imported(name, lambda: attrgetter(attribute)(importlib.import_module(module)))

    def _imported(self, name: str, load: Callable[[], Any]) -> Any:
        """Return what `load` returns, which imports models: their places are recorded. Raises Failure if it fails."""
        from whisper_migrate.project.made_at import recording

        # Thousands of models are no garbage: repeated collections would double the time.
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            with recording(self.root):
                return load()
        except BaseException as error:
            if is_of_a_signal(error) or isinstance(error, Failure):
                raise
            raise Failure(f"{name} does not import: {self.blame(error)}.") from error
        finally:
            keep()
            if was_enabled:
                gc.enable()

    def blame(self, error: BaseException) -> str:
        """Describe an error of the project's own code with its place: `NameError: ... (alembic/x.py:3)`."""
        said = f"{type(error).__name__}: {error}".strip().partition("\n")[0].rstrip(".:")
        if isinstance(error, SyntaxError) and error.filename:
            said = f"{type(error).__name__}: {error.msg}"
        place = self.whereabouts(error)
        return f"{said} ({place})" if place else said

    def whereabouts(self, error: BaseException) -> str | None:
        """Return the innermost line of the project's own code in an error's traceback: `alembic/x.py:3`."""
        places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            places.append((error.filename, error.lineno))
        for file, number in reversed(places):
            if self.is_own(file):
                return f"{Path(file).relative_to(self.root)}:{number}"
        return None

    def shown(self, path: Path) -> Path:
        """Return a file's path as messages show it: from the root, if it is in the project."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path

    def is_own(self, file: str | None) -> bool:
        """Whether a file with Python code is the project's own, not that of a package or of this program."""
        path = Path(file or "")
        return path.is_relative_to(self.root) and not any(path.is_relative_to(folder) for folder in OTHERS)
