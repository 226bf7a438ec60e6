"""Wires Alembic to the models and to the database that the environment names."""

from pathlib import Path

from alembic import context
from sqlalchemy import MetaData

from whisper_migrate.inspect import BOOKKEEPING
from whisper_migrate.project import Project
from whisper_migrate.running import literals, plain

PROJECT = Project(Path(__file__).resolve().parent.parent)


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
    compare = {
        "compare_type": True,
        "compare_server_default": True,
        "include_schemas": False,
        "include_name": is_schema,
    }
    context.configure(**compare, **options)
    with context.begin_transaction():
        if context.is_offline_mode():
            literals.use(context.get_context())
            context.execute(PROJECT.session)
        context.run_migrations()


given = context.config.attributes
if context.is_offline_mode():
    # Named parameters, since the others would double every % in the script.
    dialect = {"dialect_name": "postgresql", "dialect_opts": {"paramstyle": "named"}, "literal_binds": True}
    configure(**dialect, transaction_per_migration=True, version_table_schema="public")
elif "connection" in given:
    configure(connection=given["connection"], **{"transaction_per_migration": True, **given.get("options", {})})
else:
    plain.run(PROJECT, context, configure, models)
