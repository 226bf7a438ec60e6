"""log what the background worker has processed

+ table enrichment_processing_log

Revision ID: 679de952288a
Revises: af1ae79d2807
Create Date: 2026-11-28 20:30:03.878228+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "679de952288a"
down_revision = "af1ae79d2807"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrichment_processing_log",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("point_id", sa.String(255), nullable=False),
        sa.Column("processing_type", sa.String(50), nullable=False),
        sa.Column("processed_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("feedback_type", sa.String(50)),
        sa.Column("confidence", sa.Double()),
        sa.PrimaryKeyConstraint(
            "user_id", "bot_name", "point_id", "processing_type", name=op.f("pk_enrichment_processing_log")
        ),
    )
    op.create_index(
        op.f("idx_enrichment_log_lookup"), "enrichment_processing_log", ["user_id", "bot_name", "processing_type"]
    )
    op.create_index(op.f("idx_enrichment_log_processed_at"), "enrichment_processing_log", ["processed_at"])


def downgrade() -> None:
    op.drop_table("enrichment_processing_log")
