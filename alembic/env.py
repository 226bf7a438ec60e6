"""Wires Alembic to the models and to the database that the environment names."""

from pathlib import Path

from alembic import context
from sqlalchemy import MetaData

from whisper_migrate.databases.settings import database, engine
from whisper_migrate.project import Project

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


def configure(**options: object) -> None:
    context.configure(
        include_schemas=False,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        **context.config.attributes.get("options", {}),
        **options,
    )
    with context.begin_transaction():
        if context.is_offline_mode():
            context.execute(PROJECT.session)
        context.run_migrations()


if context.is_offline_mode():
    # Named parameters, since the others would double every % in the script.
    configure(dialect_name="postgresql", literal_binds=True, dialect_opts={"paramstyle": "named"})
elif (connection := context.config.attributes.get("connection")) is not None:
    configure(connection=connection)
else:
    with engine(database(ROOT).url).connect() as connection:
        PROJECT.prepare(connection)
        configure(connection=connection, target_metadata=models())
        connection.commit()
