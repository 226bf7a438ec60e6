"""let personas be curious

+ table character_entity_categories
+ table character_interest_topics
+ table character_question_templates
+ table generic_keyword_templates

Revision ID: e9fbf949a39f
Revises: 03bfe2298f4e
Create Date: 2026-11-28 20:04:05.019547+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e9fbf949a39f"
down_revision = "03bfe2298f4e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "character_entity_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("entity_keyword", sa.String(100), nullable=False),
        sa.Column("category_type", sa.String(50), nullable=False),
        sa.Column("question_preference", sa.String(50)),
        sa.Column("priority_level", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_entity_categories_pkey")),
        sa.UniqueConstraint("character_id", "entity_keyword", name=op.f("uq_character_entity_keyword")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_entity_categories_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_entity_categories_character_id"), "character_entity_categories", ["character_id"]
    )
    op.create_index(op.f("idx_character_entity_categories_keyword"), "character_entity_categories", ["entity_keyword"])
    op.create_index(op.f("idx_character_entity_categories_priority"), "character_entity_categories", ["priority_level"])
    op.create_index(op.f("idx_character_entity_categories_type"), "character_entity_categories", ["category_type"])
    op.create_table(
        "character_interest_topics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("topic_keyword", sa.String(100), nullable=False),
        sa.Column("boost_weight", sa.Double(), server_default=sa.text("'0.3'::double precision"), nullable=False),
        sa.Column("gap_type_preference", sa.String(50)),
        sa.Column("category", sa.String(50), server_default=sa.text("'general'::character varying")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_interest_topics_pkey")),
        sa.UniqueConstraint("character_id", "topic_keyword", name=op.f("uq_character_topic")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_interest_topics_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_character_interest_topics_character_id"), "character_interest_topics", ["character_id"])
    op.create_index(op.f("idx_character_interest_topics_keyword"), "character_interest_topics", ["topic_keyword"])
    op.create_table(
        "character_question_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("gap_type", sa.String(50), nullable=False),
        sa.Column("template_text", sa.Text(), nullable=False),
        sa.Column("personality_style", sa.String(50)),
        sa.Column("priority_order", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.String(100))),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_question_templates_pkey")),
        sa.UniqueConstraint("character_id", "gap_type", "template_text", name=op.f("uq_character_gap_template")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_question_templates_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_question_templates_character_id"), "character_question_templates", ["character_id"]
    )
    op.create_index(op.f("idx_character_question_templates_gap_type"), "character_question_templates", ["gap_type"])
    op.create_index(
        op.f("idx_character_question_templates_priority"), "character_question_templates", ["priority_order"]
    )
    op.create_index(
        op.f("idx_character_question_templates_style"), "character_question_templates", ["personality_style"]
    )
    op.create_table(
        "generic_keyword_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("template_name", sa.String(100), nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("priority_order", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("generic_keyword_templates_pkey")),
    )
    op.create_index(op.f("idx_generic_keyword_templates_active"), "generic_keyword_templates", ["is_active"])
    op.create_index(op.f("idx_generic_keyword_templates_category"), "generic_keyword_templates", ["category"])


def downgrade() -> None:
    op.drop_table("character_entity_categories")
    op.drop_table("character_interest_topics")
    op.drop_table("character_question_templates")
    op.drop_table("generic_keyword_templates")
