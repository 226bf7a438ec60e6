"""Wires Alembic to the models and to the database that the environment names."""

from functools import partial
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, MetaData

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.settings import database
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.history import History
from whisper_migrate.inspect import BOOKKEEPING
from whisper_migrate.project import Project
from whisper_migrate.running.session import session

ROOT = Path(__file__).resolve().parent.parent
PROJECT = Project(ROOT)


def models() -> MetaData:
    """What Alembic's own commands compare with; ours need it not, and migrate even where a model does not import."""
    from alembic_utils.replaceable_entity import ReplaceableEntity, register_entities, registry

    from whisper_models import metadata
    from whisper_models.entities import ENTITIES

    registry.clear()
    register_entities([entity for entity in ENTITIES if isinstance(entity, ReplaceableEntity)])
    return metadata


def is_schema(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name not in BOOKKEEPING


def configure(**options: object) -> None:
    context.configure(compare_type=True, compare_server_default=True, include_schemas=False, **options)
    with context.begin_transaction():
        if context.is_offline_mode():
            context.execute(PROJECT.session)
        context.run_migrations()


def require_unfolded(connection: Connection) -> None:
    """Alembic itself cannot go on from what a squash has folded: say what can."""
    History(PROJECT).require_unfolded(stamped(connection) or [])
    connection.rollback()


def asked() -> None:
    """Do what `alembic` itself was asked for: in a session of ours, if it is to change the database."""
    context.configure(dialect_name="postgresql")
    task, url = context.get_context().opts, database(ROOT).url
    if "destination_rev" in task:
        with session(PROJECT, url) as opened:
            if not task.get("purge"):
                require_unfolded(opened.connection)
            opened.run(task["fn"], partial(configure, connection=opened.connection))
    else:
        with connected(url) as connection:
            PROJECT.prepare(connection)
            require_unfolded(connection)
            configure(connection=connection, target_metadata=models(), include_name=is_schema)


given = context.config.attributes
if context.is_offline_mode():
    # Named parameters, since the others would double every % in the script.
    dialect = {"dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}, "literal_binds": True}
    configure(**dialect, transaction_per_migration=True)
elif "connection" in given:
    configure(connection=given["connection"], **{"transaction_per_migration": True, **given.get("options", {})})
else:
    asked()
