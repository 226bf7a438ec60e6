"""Enum types of the schema that no column uses yet."""

from sqlalchemy.dialects.postgresql import ENUM

from whisper_models.base import metadata

character_archetype = ENUM(
    "real_world",
    "fantasy_mystical",
    "narrative_ai",
    name="character_archetype_enum",
    metadata=metadata,
)
workflow_status = ENUM(
    "active",
    "paused",
    "completed",
    "failed",
    "cancelled",
    name="workflow_status_enum",
    metadata=metadata,
)
