"""Running the system: measurements, settings, background work and the older records of schema changes."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import conv

from whisper_models.base import Base, current_timestamp, intpk, now, real, str_50, str_100, str_255


class PerformanceMetric(Base):
    """A number that was measured."""

    __tablename__ = "performance_metrics"

    id: Mapped[intpk]
    metric_name: Mapped[str]
    metric_value: Mapped[real]
    timestamp: Mapped[current_timestamp | None]
    tags: Mapped[str | None] = mapped_column(server_default="{}")


class SystemSetting(Base):
    """A setting and its value."""

    __tablename__ = "system_settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    description: Mapped[str | None]
    updated_at: Mapped[current_timestamp | None]


class SchemaMigration(Base):
    """An SQL file that was applied, in the record kept by hand before Alembic."""

    __tablename__ = "schema_migrations"

    migration_name: Mapped[str_255] = mapped_column(primary_key=True)
    applied_at: Mapped[current_timestamp | None]


class SchemaVersion(Base):
    """A version of the schema, in another record kept by hand."""

    __tablename__ = "schema_versions"

    id: Mapped[intpk]
    version: Mapped[str_50]
    description: Mapped[str | None]
    applied_at: Mapped[current_timestamp | None]


class EnrichmentProcessingLog(Base):
    """A remembered point that the background worker has processed in one way."""

    __tablename__ = "enrichment_processing_log"
    __table_args__ = (
        PrimaryKeyConstraint(
            "user_id", "bot_name", "point_id", "processing_type", name=conv("pk_enrichment_processing_log")
        ),
        Index("idx_enrichment_log_lookup", "user_id", "bot_name", "processing_type"),
        Index("idx_enrichment_log_processed_at", "processed_at"),
    )

    user_id: Mapped[str_255]
    bot_name: Mapped[str_100]
    point_id: Mapped[str_255]
    processing_type: Mapped[str_50]
    processed_at: Mapped[now]
    feedback_type: Mapped[str_50 | None]
    confidence: Mapped[float | None]
