"""WhisperEngine with an env.py of plain Alembic, without this engine, as the tool to compare with."""

from pathlib import Path

from tests.support.projects import Checkout, copied

ENV = '''"""Alembic's own comparison, with alembic_utils for what is no table."""

import os

from alembic import context
from alembic_utils.replaceable_entity import ReplaceableEntity, register_entities
from sqlalchemy import create_engine, pool

from whisper_models import metadata
from whisper_models.entities import ENTITIES

register_entities([entity for entity in ENTITIES if isinstance(entity, ReplaceableEntity)])

given = context.config.attributes.get("connection")
with given or create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True,
        transaction_per_migration=True, **context.config.attributes.get("options", {}),
    )
    with context.begin_transaction():
        context.run_migrations()
'''


def peer(folder: Path) -> Checkout:
    """Copy the project to `folder`, with an env.py for `alembic` alone."""
    checkout = copied(folder)
    (folder / "alembic/env.py").write_text(ENV)
    return checkout
