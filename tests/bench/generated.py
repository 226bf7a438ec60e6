"""A project with any number of tables, each with 14 columns, 3 indexes, 1 check and 1 foreign key."""

import shutil
from pathlib import Path

# Tables per revision: with default settings, a transaction has locks for about 6,400 relations.
SLICE = 250

MODELS = '''"""Generated for the benchmark."""
import sqlalchemy as sa

metadata = sa.MetaData()

for number in range({tables}):
    sa.Table(
        f"t{{number}}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent", sa.Integer, sa.ForeignKey(f"t{{max(number - 1, 0)}}.id")),
        *(sa.Column(f"name{{n}}", sa.String(50), nullable=False) for n in range(4)),
        *(sa.Column(f"amount{{n}}", sa.Numeric(10, 2), server_default="0") for n in range(4)),
        *(sa.Column(f"moment{{n}}", sa.DateTime(timezone=True), server_default=sa.func.now()) for n in range(3)),
        sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.CheckConstraint("amount0 >= 0", name=f"t{{number}}_amount"),
        sa.Index(f"t{{number}}_names", "name0", "name1"),
        sa.Index(f"t{{number}}_moment", sa.text("moment0 DESC")),
        sa.Index(f"t{{number}}_open", "name2", postgresql_where=sa.text("NOT done")),
    )
'''

REVISION = '''"""Generated for the benchmark."""
from alembic import op

revision = "{revision}"
down_revision = {parent!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    for number in range({first}, {last}):
        names = ", ".join(f"name{{n}} varchar(50) NOT NULL" for n in range(4))
        amounts = ", ".join(f"amount{{n}} numeric(10, 2) DEFAULT '0'" for n in range(4))
        moments = ", ".join(f"moment{{n}} timestamptz DEFAULT now()" for n in range(3))
        op.execute(
            f"CREATE TABLE public.t{{number}} (id serial PRIMARY KEY, parent integer REFERENCES"
            f" public.t{{max(number - 1, 0)}}, {{names}}, {{amounts}}, {{moments}},"
            f" done boolean DEFAULT false NOT NULL, CONSTRAINT t{{number}}_amount CHECK (amount0 >= 0))"
        )
        op.execute(f"CREATE INDEX t{{number}}_names ON public.t{{number}} (name0, name1)")
        op.execute(f"CREATE INDEX t{{number}}_moment ON public.t{{number}} (moment0 DESC)")
        op.execute(f"CREATE INDEX t{{number}}_open ON public.t{{number}} (name2) WHERE NOT done")


def downgrade() -> None:
    for number in reversed(range({first}, {last})):
        op.execute(f"DROP TABLE public.t{{number}}")
'''

ENV = '''"""The least that plain Alembic needs, and our search_path."""
import os

from alembic import context
from bench_models import metadata
from sqlalchemy import create_engine, pool


def configure(connection):
    options = {"transaction_per_migration": True, **context.config.attributes.get("options", {})}
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True, **options)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    configure(given)
else:
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        configure(connection)
'''


def project(folder: Path, tables: int, root: Path, *, slices: int = SLICE) -> Path:
    """Write the project into `folder`, with this checkout's engine and scripts; a revision has `slices` tables."""
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / "bench_models.py").write_text(MODELS.format(tables=tables))
    parent = None
    for first in range(0, tables, slices):
        revision = f"generated_{first}"
        text = REVISION.format(revision=revision, parent=parent, first=first, last=min(first + slices, tables))
        (versions / f"{revision}.py").write_text(text)
        parent = revision
    (folder / "alembic" / "env.py").write_text(ENV)
    shutil.copy(root / "alembic" / "script.py.mako", folder / "alembic")
    shutil.copy(root / "alembic.ini", folder)
    (folder / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "bench_models:metadata"\n')
    (folder / "whisper_migrate").symlink_to(root / "whisper_migrate")
    shutil.copytree(root / "scripts", folder / "scripts")
    return folder
