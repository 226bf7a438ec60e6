"""The extensions: GIN over plain columns, trigrams, and UUID generators."""

from alembic_utils.pg_extension import PGExtension

EXTENSIONS = tuple(PGExtension("public", name) for name in ("btree_gin", "pg_trgm", "uuid-ossp"))
