"""Wires Alembic to the models and to the database that the environment names."""

from pathlib import Path

from alembic import context

from whisper_migrate.alembic_plugin import plain
from whisper_migrate.project.project import Project
from whisper_migrate.running import literals

PROJECT = Project(Path(__file__).resolve().parent.parent)


def configure(**options: object) -> None:
    context.configure(**options)
    with context.begin_transaction():
        if context.is_offline_mode():
            literals.use(context.get_context())
            context.execute(PROJECT.session)
        context.run_migrations()


if context.is_offline_mode():
    configure(**plain.OFFLINE)
else:
    plain.run(PROJECT, context, configure)
