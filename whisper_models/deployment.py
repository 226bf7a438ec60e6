"""How each persona runs: its language model, its Discord account and its container."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Index, Numeric, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamptz,
    intpk,
    now_with_zone,
    num_3_2,
    str_20,
    str_50,
    str_100,
    str_200,
    str_255,
    str_500,
    with_zone,
)

if TYPE_CHECKING:
    from whisper_models.characters import Character

OWNER = "the persona that this row configures"
NUMBER = "the number of this row"
ACTIVE = "whether this row is in use; a persona has at most one row that is, and one that is not"


class CharacterLlmConfig(Base):
    """The language model that answers for a persona, where it is reached, and how it samples."""

    __tablename__ = "character_llm_config"
    __table_args__ = (
        UniqueConstraint("character_id", "is_active", name="uq_character_llm_config_active"),
        Index("idx_character_llm_config_active", "is_active"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment=NUMBER)
    character_id: Mapped[character_fk] = mapped_column(index=True, comment=OWNER)
    llm_client_type: Mapped[str_100] = mapped_column(
        server_default="openrouter", comment="the kind of client, by the name of a provider or protocol"
    )
    llm_chat_api_url: Mapped[str_500] = mapped_column(
        server_default="https://openrouter.ai/api/v1", comment="the base URL of the provider's API"
    )
    llm_chat_model: Mapped[str_200] = mapped_column(
        server_default="anthropic/claude-3-haiku", comment="the model, as the provider names it"
    )
    llm_chat_api_key: Mapped[str | None] = mapped_column(comment="the provider's key; a secret in clear text")
    llm_temperature: Mapped[num_3_2 | None] = mapped_column(
        server_default=text("0.7"), comment="how freely the model samples; 0 is nearly deterministic"
    )
    llm_max_tokens: Mapped[int | None] = mapped_column(
        server_default=text("4000"), comment="the most tokens of one response"
    )
    llm_top_p: Mapped[num_3_2 | None] = mapped_column(
        server_default=text("0.9"), comment="the share of probability that the model samples from"
    )
    llm_frequency_penalty: Mapped[num_3_2 | None] = mapped_column(
        server_default=text("0.0"), comment="how strongly repeated tokens are avoided"
    )
    llm_presence_penalty: Mapped[num_3_2 | None] = mapped_column(
        server_default=text("0.0"), comment="how strongly tokens that occurred at all are avoided"
    )
    is_active: Mapped[bool | None] = mapped_column(server_default=true(), comment=ACTIVE)
    created_at: Mapped[current_timestamptz | None]
    updated_at: Mapped[current_timestamptz | None]

    character: Mapped[Character] = relationship(back_populates="llm_configs")


class CharacterDiscordConfig(Base):
    """The Discord account of a persona, and how it behaves there."""

    __tablename__ = "character_discord_config"
    __table_args__ = (
        UniqueConstraint("character_id", "is_active", name="uq_character_discord_config_active"),
        Index("idx_character_discord_config_active", "is_active"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment=NUMBER)
    character_id: Mapped[character_fk] = mapped_column(index=True, comment=OWNER)
    discord_bot_token: Mapped[str | None] = mapped_column(comment="the bot's token; a secret in clear text")
    discord_application_id: Mapped[str_100 | None] = mapped_column(comment="the id of the application on Discord")
    discord_guild_id: Mapped[str_100 | None] = mapped_column(comment="the id of the server that the bot belongs to")
    discord_status_message: Mapped[str_200 | None] = mapped_column(comment="the text beside the bot's name")
    discord_activity_type: Mapped[str_50 | None] = mapped_column(
        server_default="playing", comment="the verb before the status message, such as playing"
    )
    max_message_length: Mapped[int | None] = mapped_column(
        server_default=text("2000"), comment="the most characters of one message"
    )
    typing_delay_seconds: Mapped[Decimal | None] = mapped_column(
        Numeric(3, 1), server_default=text("2.0"), comment="how long the bot seems to type before it answers"
    )
    enable_reactions: Mapped[bool | None] = mapped_column(
        server_default=true(), comment="whether the bot reacts to messages with emoji"
    )
    enable_typing_indicator: Mapped[bool | None] = mapped_column(
        server_default=true(), comment="whether others see that the bot types"
    )
    is_active: Mapped[bool | None] = mapped_column(server_default=true())
    created_at: Mapped[current_timestamptz | None]
    updated_at: Mapped[current_timestamptz | None]
    enable_discord: Mapped[bool | None] = mapped_column(
        server_default=true(), comment="whether the persona is on Discord at all"
    )
    discord_guild_restrictions: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True), comment="the servers to which the bot keeps"
    )
    discord_channel_restrictions: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True), comment="the channels to which the bot keeps"
    )
    discord_status: Mapped[str_50 | None] = mapped_column(
        server_default="online", comment="the presence that others see, such as online"
    )

    character: Mapped[Character] = relationship(back_populates="discord_configs")


class CharacterDeploymentConfig(Base):
    """The container that a persona is to run in: its ports, limits and environment."""

    __tablename__ = "character_deployment_config"
    __table_args__ = (
        UniqueConstraint("character_id", "is_active", name="uq_character_deployment_config_active"),
        Index("idx_character_deployment_config_active", "is_active"),
        Index("idx_character_deployment_config_status", "deployment_status"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment=NUMBER)
    character_id: Mapped[character_fk] = mapped_column(index=True, comment=OWNER)
    container_port: Mapped[int | None] = mapped_column(comment="the port on which the container serves")
    health_check_port: Mapped[int | None] = mapped_column(comment="the port of the container's health check")
    memory_limit: Mapped[str_20 | None] = mapped_column(
        server_default="512m", comment="the most memory, as Docker writes it"
    )
    cpu_limit: Mapped[str_20 | None] = mapped_column(
        server_default="0.5", comment="the largest share of processors, as Docker writes it"
    )
    restart_policy: Mapped[str_50 | None] = mapped_column(
        server_default="unless-stopped", comment="when Docker starts the container again"
    )
    environment_variables: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), comment="further variables of the container's environment"
    )
    volume_mounts: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    network_mode: Mapped[str_50 | None] = mapped_column(server_default="whisperengine-multi_default")
    deployment_status: Mapped[str_50 | None] = mapped_column(server_default="stopped")
    auto_deploy: Mapped[bool | None] = mapped_column(server_default=false())
    last_deployed_at: Mapped[with_zone | None]
    is_active: Mapped[bool | None] = mapped_column(server_default=true())
    created_at: Mapped[current_timestamptz | None]
    updated_at: Mapped[current_timestamptz | None]

    character: Mapped[Character] = relationship(back_populates="deployment_configs")


class BotDeployment(Base):
    """The container that a persona runs in now; at most one for each persona, name and port."""

    __tablename__ = "bot_deployments"
    __table_args__ = (
        UniqueConstraint("character_id", name="unique_character_deployment"),
        UniqueConstraint("container_name", name="unique_container_name"),
        UniqueConstraint("port", name="unique_port"),
        Index("idx_bot_deployments_character_id", "character_id"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    container_name: Mapped[str_255]
    port: Mapped[int] = mapped_column(index=True)
    status: Mapped[str_50] = mapped_column(index=True, server_default="deploying")
    config: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error_message: Mapped[str | None]
    created_at: Mapped[now_with_zone | None]
    deployed_at: Mapped[with_zone | None]
    stopped_at: Mapped[with_zone | None]

    character: Mapped[Character] = relationship(back_populates="deployment")
