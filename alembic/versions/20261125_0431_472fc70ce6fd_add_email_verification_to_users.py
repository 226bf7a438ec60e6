"""add email verification to users

+ column users.email_verified boolean NOT NULL DEFAULT false

Revision ID: 472fc70ce6fd
Revises: a7eb08030574
Create Date: 2026-11-25 04:31:11.563265+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "472fc70ce6fd"
down_revision = "a7eb08030574"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("users", "email_verified")
