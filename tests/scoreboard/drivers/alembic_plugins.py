"""Alembic's autogenerate with plug-ins: checkconstraint_byname, alembic-postgresql-enum and alembic-utils."""

from collections.abc import Callable

import alembic_postgresql_enum  # noqa: F401  registers its comparison
import alembic_utils
import sqlalchemy as sa
from alembic_alone import apply, prepare
from alembic_utils.experimental import collect_subclasses
from alembic_utils.replaceable_entity import ReplaceableEntity, register_entities, registry
from loop import Compared, serve
from sqlalchemy.orm import Session

PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]


# A partition has a copy of its parent's trigger, which nobody declares.
COPIES = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgparentid <> 0"


def register(connection: sa.Connection) -> None:
    """Declare every entity of the wanted database that alembic-utils knows."""
    registry.clear()
    schemas = [name for name in sa.inspect(connection).get_schema_names() if name != "information_schema"]
    session = Session(connection)
    kinds = sorted(collect_subclasses(alembic_utils, ReplaceableEntity), key=lambda kind: kind.__name__)
    found = [entity for kind in kinds for name in schemas for entity in kind.from_database(session, name)]
    copies = {(table.rpartition(".")[2], name) for table, name in connection.execute(sa.text(COPIES))}
    register_entities([entity for entity in found if (_table_of(entity), _name_of(entity)) not in copies])


def _table_of(entity: ReplaceableEntity) -> str:
    return str(getattr(entity, "on_entity", "")).rpartition(".")[2]


def _name_of(entity: ReplaceableEntity) -> str:
    return entity.signature.strip('"')


def with_plugins(wanted: str, actual: str) -> Callable[[], Compared]:
    return prepare(wanted, actual, register, autogenerate_plugins=PLUGINS)


if __name__ == "__main__":
    serve(with_plugins, apply)
