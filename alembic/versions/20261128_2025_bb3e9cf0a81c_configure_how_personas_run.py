"""configure how personas run

+ table bot_deployments
+ table character_deployment_config
+ table character_discord_config
+ table character_llm_config

Revision ID: bb3e9cf0a81c
Revises: a32d1865758e
Create Date: 2026-11-28 20:25:42.783779+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "bb3e9cf0a81c"
down_revision = "a32d1865758e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bot_deployments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("container_name", sa.String(255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(50), server_default=sa.text("'deploying'::character varying"), nullable=False),
        sa.Column("config", sa.JSON()),
        sa.Column("error_message", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        sa.Column("deployed_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("bot_deployments_pkey")),
        sa.UniqueConstraint("character_id", name=op.f("unique_character_deployment")),
        sa.UniqueConstraint("container_name", name=op.f("unique_container_name")),
        sa.UniqueConstraint("port", name=op.f("unique_port")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("bot_deployments_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_bot_deployments_character_id"), "bot_deployments", ["character_id"])
    op.create_index(op.f("idx_bot_deployments_port"), "bot_deployments", ["port"])
    op.create_index(op.f("idx_bot_deployments_status"), "bot_deployments", ["status"])
    op.create_table(
        "character_deployment_config",
        sa.Column("id", sa.Integer(), nullable=False, comment="the number of this row"),
        sa.Column("character_id", sa.Integer(), nullable=False, comment="the persona that this row configures"),
        sa.Column("container_port", sa.Integer(), comment="the port on which the container serves"),
        sa.Column("health_check_port", sa.Integer(), comment="the port of the container's health check"),
        sa.Column(
            "memory_limit",
            sa.String(20),
            server_default=sa.text("'512m'::character varying"),
            comment="the most memory, as Docker writes it",
        ),
        sa.Column(
            "cpu_limit",
            sa.String(20),
            server_default=sa.text("'0.5'::character varying"),
            comment="the largest share of processors, as Docker writes it",
        ),
        sa.Column(
            "restart_policy",
            sa.String(50),
            server_default=sa.text("'unless-stopped'::character varying"),
            comment="when Docker starts the container again",
        ),
        sa.Column("environment_variables", sa.JSON(), comment="further variables of the container's environment"),
        sa.Column("volume_mounts", sa.JSON()),
        sa.Column(
            "network_mode", sa.String(50), server_default=sa.text("'whisperengine-multi_default'::character varying")
        ),
        sa.Column("deployment_status", sa.String(50), server_default=sa.text("'stopped'::character varying")),
        sa.Column("auto_deploy", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("last_deployed_at", sa.DateTime(timezone=True)),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_deployment_config_pkey")),
        sa.UniqueConstraint("character_id", "is_active", name=op.f("uq_character_deployment_config_active")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_deployment_config_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="The container that a persona is to run in: its ports, limits and environment.",
    )
    op.create_index(op.f("idx_character_deployment_config_active"), "character_deployment_config", ["is_active"])
    op.create_index(
        op.f("idx_character_deployment_config_character_id"), "character_deployment_config", ["character_id"]
    )
    op.create_index(
        op.f("idx_character_deployment_config_status"), "character_deployment_config", ["deployment_status"]
    )
    op.create_table(
        "character_discord_config",
        sa.Column("id", sa.Integer(), nullable=False, comment="the number of this row"),
        sa.Column("character_id", sa.Integer(), nullable=False, comment="the persona that this row configures"),
        sa.Column("discord_bot_token", sa.Text(), comment="the bot's token; a secret in clear text"),
        sa.Column("discord_application_id", sa.String(100), comment="the id of the application on Discord"),
        sa.Column("discord_guild_id", sa.String(100), comment="the id of the server that the bot belongs to"),
        sa.Column("discord_status_message", sa.String(200), comment="the text beside the bot's name"),
        sa.Column(
            "discord_activity_type",
            sa.String(50),
            server_default=sa.text("'playing'::character varying"),
            comment="the verb before the status message, such as playing",
        ),
        sa.Column(
            "max_message_length",
            sa.Integer(),
            server_default=sa.text("2000"),
            comment="the most characters of one message",
        ),
        sa.Column(
            "typing_delay_seconds",
            sa.Numeric(3, 1),
            server_default=sa.text("2.0"),
            comment="how long the bot seems to type before it answers",
        ),
        sa.Column(
            "enable_reactions",
            sa.Boolean(),
            server_default=sa.text("true"),
            comment="whether the bot reacts to messages with emoji",
        ),
        sa.Column(
            "enable_typing_indicator",
            sa.Boolean(),
            server_default=sa.text("true"),
            comment="whether others see that the bot types",
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column(
            "enable_discord",
            sa.Boolean(),
            server_default=sa.text("true"),
            comment="whether the persona is on Discord at all",
        ),
        sa.Column("discord_guild_restrictions", sa.JSON(), comment="the servers to which the bot keeps"),
        sa.Column("discord_channel_restrictions", sa.JSON(), comment="the channels to which the bot keeps"),
        sa.Column(
            "discord_status",
            sa.String(50),
            server_default=sa.text("'online'::character varying"),
            comment="the presence that others see, such as online",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("character_discord_config_pkey")),
        sa.UniqueConstraint("character_id", "is_active", name=op.f("uq_character_discord_config_active")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_discord_config_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="The Discord account of a persona, and how it behaves there.",
    )
    op.create_index(op.f("idx_character_discord_config_active"), "character_discord_config", ["is_active"])
    op.create_index(op.f("idx_character_discord_config_character_id"), "character_discord_config", ["character_id"])
    op.create_table(
        "character_llm_config",
        sa.Column("id", sa.Integer(), nullable=False, comment="the number of this row"),
        sa.Column("character_id", sa.Integer(), nullable=False, comment="the persona that this row configures"),
        sa.Column(
            "llm_client_type",
            sa.String(100),
            server_default=sa.text("'openrouter'::character varying"),
            nullable=False,
            comment="the kind of client, by the name of a provider or protocol",
        ),
        sa.Column(
            "llm_chat_api_url",
            sa.String(500),
            server_default=sa.text("'https://openrouter.ai/api/v1'::character varying"),
            nullable=False,
            comment="the base URL of the provider's API",
        ),
        sa.Column(
            "llm_chat_model",
            sa.String(200),
            server_default=sa.text("'anthropic/claude-3-haiku'::character varying"),
            nullable=False,
            comment="the model, as the provider names it",
        ),
        sa.Column("llm_chat_api_key", sa.Text(), comment="the provider's key; a secret in clear text"),
        sa.Column(
            "llm_temperature",
            sa.Numeric(3, 2),
            server_default=sa.text("0.7"),
            comment="how freely the model samples; 0 is nearly deterministic",
        ),
        sa.Column(
            "llm_max_tokens", sa.Integer(), server_default=sa.text("4000"), comment="the most tokens of one response"
        ),
        sa.Column(
            "llm_top_p",
            sa.Numeric(3, 2),
            server_default=sa.text("0.9"),
            comment="the share of probability that the model samples from",
        ),
        sa.Column(
            "llm_frequency_penalty",
            sa.Numeric(3, 2),
            server_default=sa.text("0.0"),
            comment="how strongly repeated tokens are avoided",
        ),
        sa.Column(
            "llm_presence_penalty",
            sa.Numeric(3, 2),
            server_default=sa.text("0.0"),
            comment="how strongly tokens that occurred at all are avoided",
        ),
        sa.Column(
            "is_active",
            sa.Boolean(),
            server_default=sa.text("true"),
            comment="whether this row is in use; a persona has at most one row that is, and one that is not",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_llm_config_pkey")),
        sa.UniqueConstraint("character_id", "is_active", name=op.f("uq_character_llm_config_active")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_llm_config_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="The language model that answers for a persona, where it is reached, and how it samples.",
    )
    op.create_index(op.f("idx_character_llm_config_active"), "character_llm_config", ["is_active"])
    op.create_index(op.f("idx_character_llm_config_character_id"), "character_llm_config", ["character_id"])


def downgrade() -> None:
    op.drop_table("bot_deployments")
    op.drop_table("character_deployment_config")
    op.drop_table("character_discord_config")
    op.drop_table("character_llm_config")
