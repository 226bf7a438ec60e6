"""Alembic's autogenerate; a MetaData reflected from the wanted database stands for the models."""

import textwrap
from collections.abc import Callable

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render
from alembic.autogenerate.api import AutogenContext
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from loop import Compared, serve
from sqlalchemy.dialects import postgresql

OPTIONS = {"compare_type": True, "compare_server_default": True, "include_schemas": True}
RENDERED = {
    "sqlalchemy_module_prefix": "sa.",
    "alembic_module_prefix": "op.",
    "render_item": None,
    "render_as_batch": False,
    "user_module_prefix": None,
}
# The draft of the last comparison: its body and its imports.
_draft: list[str] = []


def engine(address: str) -> sa.Engine:
    """Return an engine without a pool, so that no connection stays open."""
    return sa.create_engine(address.replace("postgresql:", "postgresql+psycopg2:", 1), poolclass=sa.NullPool)


def reflected(connection: sa.Connection) -> sa.MetaData:
    """Return the tables of all schemas, read as autogenerate reads them: a serial column has no default."""
    models, inspector = sa.MetaData(), sa.inspect(connection)
    sa.event.listen(models, "column_reflect", MigrationContext.configure(connection).impl.autogen_column_reflect)
    for schema in inspector.get_schema_names():
        if schema != "information_schema":
            models.reflect(connection, schema=None if schema == inspector.default_schema_name else schema)
    return models


def prepare(
    wanted: str, actual: str, register: Callable[[sa.Connection], None] | None = None, **options: object
) -> Callable[[], Compared]:
    """Reflect the models. `register` gives a plug-in the wanted objects that are no tables; `options` are env.py's."""
    with engine(wanted).connect() as connection:
        models = reflected(connection)
        if register:
            register(connection)

    def compare() -> Compared:
        with engine(actual).connect() as connection:
            context = MigrationContext.configure(connection, opts={**OPTIONS, "target_metadata": models, **options})
            found = produce_migrations(context, models).upgrade_ops
            drafting = AutogenContext(context, opts=RENDERED)  # as render_python_code does, but with its imports
            body = render._indent(render._render_cmd_body(found, drafting))
        _draft[:] = [body, *sorted(drafting.imports)]
        return "" if found.is_empty() else body, None

    return compare


def apply(address: str) -> None:
    """Run the draft's upgrade, as a revision file would."""
    body, *imports = _draft
    with engine(address).begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        scope = {"op": operations, "sa": sa, "postgresql": postgresql}
        exec("\n".join([*imports, "def upgrade():", textwrap.indent(textwrap.dedent(body), "    ")]), scope)
        scope["upgrade"]()


if __name__ == "__main__":
    serve(prepare, apply)
