"""The schema of WhisperEngine at v1.0.6, as it stood when this history began.

It starts from an empty database. 73 tables with 604 columns and 63 serial sequences, by subject:

    _identity()             7  Who talks to the personas: accounts of Discord, and users across platforms.
    _characters()          14  The personas and what they are: looks, abilities, past, goals and memories.
    _personality()          7  What a persona is like inside: traits, values, emotions and what stirs them.
    _voice()                8  How a persona speaks: tone, vocabulary, patterns, emoji.
    _conversation()         9  What leads a persona through a conversation: modes, flows, directives.
    _roleplay()             6  Scenes a persona plays, and how far each play has come.
    _memory()               4  What was said, and what is remembered of the users.
    _relationships()        4  How a user and a persona stand to each other, and how that came about.
    _learning()             7  How personas adapt to users and are tuned, attempt by attempt.
    _knowledge_graph()      3  Things that can be known, what joins them, and who knows them.
    _operations()           4  Settings, metrics, and the version tables of former tools.

On them 73 primary keys, 33 unique constraints, 58 foreign keys, 23 checks and 108 further indexes. Around them three
extensions, two enum types that no column uses, 17 functions, three views and 13 triggers. Nine of the functions never
worked, since they read what this schema lacks: _retired_functions() keeps their signatures and says what is missing.

This is a record: it imports nothing of the project, and what comes later is a revision of its own. op.f() keeps a name
as it is, whatever naming convention the models have or get; that of a primary key is safe without.

Revision ID: 20251011_baseline_v106
Revises:
Create Date: 2025-10-11
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20251011_baseline_v106"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extensions()
    _enums()
    _identity()
    _characters()
    _personality()
    _voice()
    _conversation()
    _roleplay()
    _memory()
    _relationships()
    _learning()
    _knowledge_graph()
    _operations()
    _timestamp_functions()
    _graph_functions()
    _retired_functions()
    _tuning_views()
    _triggers()


def _extensions() -> None:
    """GIN over plain columns, trigrams, and UUID generators; an administrator may have made them already."""
    for extension in ("btree_gin", "pg_trgm", '"uuid-ossp"'):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")


def _enums() -> None:
    """No column uses them; upsert_character_v2() takes the first as an argument."""
    op.execute("CREATE TYPE public.character_archetype_enum AS ENUM ('real_world', 'fantasy_mystical', 'narrative_ai')")
    op.execute(
        "CREATE TYPE public.workflow_status_enum AS ENUM ('active', 'paused', 'completed', 'failed', 'cancelled')"
    )


def _identity() -> None:
    """Who talks to the personas: accounts of Discord, and users across platforms."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("last_seen", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("message_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("preferences", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.Column("privacy_settings", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
        sa.UniqueConstraint("user_id", name=op.f("users_user_id_key")),
    )

    op.create_table(
        "user_profiles",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("relationship_level", sa.Integer(), server_default=sa.text("1")),
        sa.Column("current_emotion", sa.String(50), server_default=sa.text("'neutral'::character varying")),
        sa.Column("interaction_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("first_interaction", sa.DateTime()),
        sa.Column("last_interaction", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("emotion_history", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")),
        sa.Column("escalation_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("trust_indicators", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")),
        sa.Column("preferences", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("user_id", name="user_profiles_pkey"),
    )
    op.create_index(op.f("idx_user_profiles_last_interaction"), "user_profiles", ["last_interaction"])
    op.create_index(op.f("idx_user_profiles_preferences_gin"), "user_profiles", ["preferences"], postgresql_using="gin")
    op.create_index(op.f("idx_user_profiles_relationship_level"), "user_profiles", ["relationship_level"])

    op.create_table(
        "user_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("event_type", sa.String(100), nullable=False),
        sa.Column("event_data", postgresql.JSONB(), nullable=False),
        sa.Column("location_context", sa.String(255)),
        sa.Column("timestamp_utc", sa.DateTime(), server_default=sa.text("now()")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", name="user_events_pkey"),
    )
    op.create_index(
        op.f("idx_user_events_temporal"),
        "user_events",
        ["user_id", "bot_name", "event_type", sa.text("timestamp_utc DESC")],
    )

    op.create_table(
        "user_preferences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("preference_type", sa.String(100), nullable=False),
        sa.Column("preference_value", sa.String(500), nullable=False),
        sa.Column("confidence", sa.Double(), server_default=sa.text("1.0")),
        sa.Column("context", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", name="user_preferences_pkey"),
    )
    op.create_index(op.f("idx_user_preferences_lookup"), "user_preferences", ["user_id", "bot_name", "preference_type"])

    op.create_table(
        "universal_users",
        sa.Column("universal_id", sa.String(255), nullable=False),
        sa.Column("primary_username", sa.String(255), nullable=False),
        sa.Column("display_name", sa.String(255)),
        sa.Column("email", sa.String(255)),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.Column("last_active", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.Column("preferences", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.Column("privacy_settings", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.PrimaryKeyConstraint("universal_id", name="universal_users_pkey"),
    )
    op.create_index(op.f("idx_universal_users_email"), "universal_users", ["email"])
    op.create_index(op.f("idx_universal_users_username"), "universal_users", ["primary_username"])

    op.create_table(
        "platform_identities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("universal_id", sa.String(255), nullable=False),
        sa.Column("platform", sa.String(50), nullable=False),
        sa.Column("platform_user_id", sa.String(255), nullable=False),
        sa.Column("username", sa.String(255), nullable=False),
        sa.Column("display_name", sa.String(255)),
        sa.Column("email", sa.String(255)),
        sa.Column("verified_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="platform_identities_pkey"),
        sa.UniqueConstraint(
            "platform", "platform_user_id", name=op.f("platform_identities_platform_platform_user_id_key")
        ),
        sa.ForeignKeyConstraint(
            ["universal_id"],
            ["universal_users.universal_id"],
            name=op.f("platform_identities_universal_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_platform_identities_platform_user"), "platform_identities", ["platform", "platform_user_id"]
    )
    op.create_index(op.f("idx_platform_identities_universal_id"), "platform_identities", ["universal_id"])

    op.create_table(
        "banned_users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discord_user_id", sa.Text(), nullable=False),
        sa.Column("banned_by", sa.Text(), nullable=False),
        sa.Column("ban_reason", sa.Text()),
        sa.Column("banned_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("expires_at", sa.DateTime()),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("notes", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="banned_users_pkey"),
        sa.UniqueConstraint("discord_user_id", name=op.f("banned_users_discord_user_id_key")),
    )


def _characters() -> None:
    """The personas and what they are: looks, abilities, past, goals and memories."""
    op.create_table(
        "characters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("normalized_name", sa.String(200), nullable=False),
        sa.Column("occupation", sa.String(500)),
        sa.Column("description", sa.Text()),
        sa.Column("archetype", sa.String(100), server_default=sa.text("'real-world'::character varying")),
        sa.Column("allow_full_roleplay", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="characters_pkey"),
        sa.UniqueConstraint("normalized_name", name=op.f("characters_normalized_name_key")),
        comment="A persona: the root of nearly every table named after a character.",
    )
    op.create_index(op.f("idx_characters_active"), "characters", ["is_active"])
    op.create_index(
        op.f("idx_characters_active_lookup"), "characters", ["id"], postgresql_where=sa.text("is_active = true")
    )
    op.create_index(op.f("idx_characters_name_lookup"), "characters", ["name"])
    op.create_index(op.f("idx_characters_normalized_name"), "characters", ["normalized_name"])

    op.create_table(
        "character_background",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("period", sa.String(100)),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("date_range", sa.Text()),
        sa.Column("importance_level", sa.Integer(), server_default=sa.text("5")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_background_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_background_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_character_background_category"), "character_background", ["character_id", "category"])
    op.create_index(
        op.f("idx_character_background_category_importance"),
        "character_background",
        ["character_id", "category", sa.text("importance_level DESC")],
    )
    op.create_index(
        op.f("idx_character_background_description_trgm"),
        "character_background",
        ["description"],
        postgresql_using="gin",
        postgresql_ops={"description": "public.gin_trgm_ops"},
    )
    op.create_index(
        op.f("idx_character_background_importance"),
        "character_background",
        ["character_id", sa.text("importance_level DESC")],
    )

    op.create_table(
        "character_memories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("memory_type", sa.String(50), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("emotional_impact", sa.Integer(), server_default=sa.text("5")),
        sa.Column("time_period", sa.Text()),
        sa.Column("importance_level", sa.Integer(), server_default=sa.text("5")),
        sa.Column("triggers", postgresql.ARRAY(sa.Text())),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_memories_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_memories_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        op.f("idx_character_memories_emotional_impact"),
        "character_memories",
        ["character_id", sa.text("emotional_impact DESC")],
    )
    op.create_index(
        op.f("idx_character_memories_importance"),
        "character_memories",
        ["character_id", sa.text("importance_level DESC")],
    )
    op.create_index(
        op.f("idx_character_memories_trigger_importance"),
        "character_memories",
        ["character_id", "triggers", "importance_level"],
        postgresql_using="gin",
    )
    op.create_index(
        op.f("idx_character_memories_triggers_gin"), "character_memories", ["triggers"], postgresql_using="gin"
    )
    op.create_index(op.f("idx_character_memories_type"), "character_memories", ["character_id", "memory_type"])

    op.create_table(
        "character_relationships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("related_entity", sa.String(200), nullable=False),
        sa.Column("relationship_type", sa.String(50), nullable=False),
        sa.Column("relationship_strength", sa.Integer(), server_default=sa.text("5")),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.String(20), server_default=sa.text("'active'::character varying")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("communication_style", sa.Text(), comment="the way the persona talks with this person"),
        sa.Column("memory_sharing", sa.Text(), comment="the way memories are shared with this person"),
        sa.Column("name_usage", sa.Text(), comment="the name or nickname the persona uses"),
        sa.Column("connection_nature", sa.Text()),
        sa.Column("recognition_pattern", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_relationships_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_relationships_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_relationships_strength"),
        "character_relationships",
        ["character_id", sa.text("relationship_strength DESC")],
    )
    op.create_index(
        op.f("idx_character_relationships_type"), "character_relationships", ["character_id", "relationship_type"]
    )
    op.create_index(
        op.f("idx_character_relationships_type_strength"),
        "character_relationships",
        ["character_id", "relationship_type", sa.text("relationship_strength DESC")],
    )

    op.create_table(
        "character_current_context",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("living_situation", sa.Text()),
        sa.Column("daily_routine", sa.Text()),
        sa.Column("recent_events", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_current_context_pkey"),
        sa.UniqueConstraint("character_id", name=op.f("character_current_context_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_current_context_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="How a persona lives at present; at most one row each.",
    )

    op.create_table(
        "character_current_goals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("goal_text", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(100)),
        sa.Column("timeframe", sa.String(200)),
        sa.Column("status", sa.String(100)),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_current_goals_pkey"),
        sa.UniqueConstraint(
            "character_id", "display_order", name=op.f("character_current_goals_character_id_display_order_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_current_goals_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_current_goals_active"),
        "character_current_goals",
        ["character_id", "status"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(op.f("idx_current_goals_char"), "character_current_goals", ["character_id"])

    op.create_table(
        "character_abilities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("ability_name", sa.String(100), nullable=False),
        sa.Column("proficiency_level", sa.Integer(), server_default=sa.text("5")),
        sa.Column("description", sa.Text()),
        sa.Column("development_method", sa.Text()),
        sa.Column("usage_frequency", sa.String(20), server_default=sa.text("'regular'::character varying")),
        sa.PrimaryKeyConstraint("id", name="character_abilities_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "category",
            "ability_name",
            name=op.f("character_abilities_character_id_category_ability_name_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_abilities_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_character_abilities_category"), "character_abilities", ["character_id", "category"])
    op.create_index(
        op.f("idx_character_abilities_proficiency"),
        "character_abilities",
        ["character_id", sa.text("proficiency_level DESC")],
    )

    op.create_table(
        "character_expertise_domains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("domain_name", sa.String(200), nullable=False),
        sa.Column("expertise_level", sa.String(50)),
        sa.Column("domain_description", sa.Text()),
        sa.Column("key_concepts", sa.Text()),
        sa.Column("teaching_approach", sa.Text()),
        sa.Column("passion_level", sa.Integer()),
        sa.Column("examples", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_expertise_domains_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_expertise_domains_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A field a persona knows well, and the way it teaches it.",
    )
    op.create_index(
        op.f("idx_expertise_domains_character"), "character_expertise_domains", ["character_id", "domain_name"]
    )

    op.create_table(
        "character_interests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("interest_text", sa.Text(), nullable=False),
        sa.Column("proficiency_level", sa.Integer()),
        sa.Column("importance", sa.String(100)),
        sa.Column("frequency", sa.String(100)),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_interests_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "category",
            "display_order",
            name=op.f("character_interests_character_id_category_display_order_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_interests_character_id_fkey"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "proficiency_level BETWEEN 1 AND 10", name=op.f("character_interests_proficiency_level_check")
        ),
        comment="A hobby, topic or field of interest; the category says which.",
    )
    op.create_index(op.f("idx_interests_char_cat"), "character_interests", ["character_id", "category"])

    op.create_table(
        "character_identity_details",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("full_name", sa.String(500)),
        sa.Column("nickname", sa.String(500)),
        sa.Column("gender", sa.String(200)),
        sa.Column("location", sa.Text()),
        sa.Column("essence_nature", sa.Text()),
        sa.Column("essence_existence_method", sa.Text()),
        sa.Column("essence_anchor", sa.Text()),
        sa.Column("essence_core_identity", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_identity_details_pkey"),
        sa.UniqueConstraint("character_id", name=op.f("character_identity_details_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_identity_details_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Further identity of a persona, human or not; at most one row each.",
    )

    op.create_table(
        "character_metadata",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("version", sa.Integer(), server_default=sa.text("1")),
        sa.Column("character_tags", postgresql.ARRAY(sa.Text())),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("author", sa.Text()),
        sa.Column("notes", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_metadata_pkey"),
        sa.UniqueConstraint("character_id", "version", name=op.f("character_metadata_character_id_version_key")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_metadata_character_id_fkey"), ondelete="CASCADE"
        ),
    )

    op.create_table(
        "character_appearance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("attribute", sa.String(100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_appearance_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "category",
            "attribute",
            name=op.f("character_appearance_character_id_category_attribute_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_appearance_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_character_appearance_category"), "character_appearance", ["character_id", "category"])

    op.create_table(
        "character_attributes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column(
            "category", sa.String(200), nullable=False, comment="what the row describes: fear, dream, quirk and so on"
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("importance", sa.String(100)),
        sa.Column("display_order", sa.Integer()),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_attributes_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "category",
            "display_order",
            name=op.f("character_attributes_character_id_category_display_order_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_attributes_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="A fear, dream, quirk, strength or the like; the category says which.",
    )
    op.create_index(
        op.f("idx_attributes_active"),
        "character_attributes",
        ["character_id", "category"],
        postgresql_where=sa.text("active = true"),
    )
    op.create_index(op.f("idx_attributes_char_cat"), "character_attributes", ["character_id", "category"])

    op.create_table(
        "character_essence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("essence_type", sa.String(50), nullable=False),
        sa.Column("essence_name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("manifestation", sa.Text()),
        sa.Column("power_level", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="character_essence_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "essence_type",
            "essence_name",
            name=op.f("character_essence_character_id_essence_type_essence_name_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_essence_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_character_essence_type"), "character_essence", ["character_id", "essence_type"])


def _personality() -> None:
    """What a persona is like inside: traits, values, emotions and what stirs them."""
    op.create_table(
        "personality_traits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("trait_name", sa.String(200), nullable=False),
        sa.Column("trait_value", sa.Numeric(3, 2)),
        sa.Column("intensity", sa.String(100)),
        sa.Column("description", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="personality_traits_pkey"),
        sa.UniqueConstraint("character_id", "trait_name", name=op.f("personality_traits_character_id_trait_name_key")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("personality_traits_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="The value of one of the Big Five traits.",
    )
    op.create_index(op.f("idx_personality_traits_character"), "personality_traits", ["character_id"])

    op.create_table(
        "character_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("value_key", sa.String(300), nullable=False),
        sa.Column("value_description", sa.Text(), nullable=False),
        sa.Column("importance_level", sa.String(100), server_default=sa.text("'medium'::character varying")),
        sa.Column("category", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="character_values_pkey"),
        sa.UniqueConstraint("character_id", "value_key", name=op.f("character_values_character_id_value_key_key")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_values_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="A value, belief or fear, found by its key.",
    )
    op.create_index(op.f("idx_character_values_character"), "character_values", ["character_id"])

    op.create_table(
        "character_emotion_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("default_mood", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_emotion_profile_pkey"),
        sa.UniqueConstraint("character_id", name=op.f("character_emotion_profile_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_emotion_profile_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )

    op.create_table(
        "character_emotion_range",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("emotion_name", sa.String(200), nullable=False),
        sa.Column("base_intensity", sa.Numeric(3, 2)),
        sa.Column("notes", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_emotion_range_pkey"),
        sa.UniqueConstraint(
            "character_id", "emotion_name", name=op.f("character_emotion_range_character_id_emotion_name_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_emotion_range_character_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("base_intensity BETWEEN 0 AND 1", name=op.f("character_emotion_range_base_intensity_check")),
        comment="How strongly a persona feels one emotion, from 0 to 1.",
    )
    op.create_index(op.f("idx_emotion_range_char"), "character_emotion_range", ["character_id"])

    op.create_table(
        "character_emotional_triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("trigger_type", sa.String(100), nullable=False),
        sa.Column("trigger_category", sa.String(100)),
        sa.Column("trigger_content", sa.Text(), nullable=False),
        sa.Column("emotional_response", sa.Text()),
        sa.Column("response_intensity", sa.String(50)),
        sa.Column("response_examples", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_emotional_triggers_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_emotional_triggers_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="What stirs an emotion in a persona and how it answers; first generation.",
    )
    op.create_index(
        op.f("idx_emotional_triggers_character"), "character_emotional_triggers", ["character_id", "trigger_type"]
    )

    op.create_table(
        "character_emotional_triggers_v2",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("trigger_text", sa.Text(), nullable=False),
        sa.Column("valence", sa.String(100), nullable=False),
        sa.Column("emotion_evoked", sa.String(200)),
        sa.Column("intensity", sa.Integer()),
        sa.Column("response_guidance", sa.Text()),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_emotional_triggers_v2_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "trigger_text",
            "valence",
            name=op.f("character_emotional_triggers__character_id_trigger_text_val_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_emotional_triggers_v2_character_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("intensity BETWEEN 1 AND 10", name=op.f("character_emotional_triggers_v2_intensity_check")),
        comment="What stirs an emotion, with its valence and an intensity from 1 to 10; second generation.",
    )
    op.create_index(
        op.f("idx_emotional_triggers_char_val"), "character_emotional_triggers_v2", ["character_id", "valence"]
    )

    op.create_table(
        "character_behavioral_triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("trigger_type", sa.String(50), nullable=False),
        sa.Column("trigger_value", sa.String(200), nullable=False),
        sa.Column("response_type", sa.String(50), nullable=False),
        sa.Column("response_description", sa.Text(), nullable=False),
        sa.Column("intensity_level", sa.Integer(), server_default=sa.text("5")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_behavioral_triggers_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_behavioral_triggers_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_triggers_type"), "character_behavioral_triggers", ["character_id", "trigger_type"]
    )


def _voice() -> None:
    """How a persona speaks: tone, vocabulary, patterns, emoji."""
    op.create_table(
        "character_voice_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("tone", sa.Text()),
        sa.Column("pace", sa.Text()),
        sa.Column("volume", sa.Text()),
        sa.Column("accent", sa.Text()),
        sa.Column("sentence_structure", sa.Text()),
        sa.Column("punctuation_style", sa.Text()),
        sa.Column("response_length_guidance", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_voice_profile_pkey"),
        sa.UniqueConstraint("character_id", name=op.f("character_voice_profile_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_voice_profile_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Tone, pace, accent and other basics of a voice; at most one row each.",
    )

    op.create_table(
        "character_voice_traits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("trait_type", sa.String(100), nullable=False),
        sa.Column("trait_value", sa.Text(), nullable=False),
        sa.Column("situational_context", sa.Text()),
        sa.Column("examples", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_voice_traits_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_voice_traits_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Any further feature of a voice.",
    )
    op.create_index(op.f("idx_voice_traits_character"), "character_voice_traits", ["character_id", "trait_type"])

    op.create_table(
        "communication_styles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("engagement_level", sa.Numeric(3, 2)),
        sa.Column("formality", sa.String(500)),
        sa.Column("emotional_expression", sa.Numeric(3, 2)),
        sa.Column("response_length", sa.Text()),
        sa.Column("conversation_flow_guidance", sa.Text()),
        sa.Column("ai_identity_handling", sa.Text()),
        sa.Column(
            "response_length_preference",
            sa.String(200),
            comment="concise, medium, detailed or variable; no check enforces it",
        ),
        sa.PrimaryKeyConstraint("id", name="communication_styles_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("communication_styles_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="How engaged, formal and emotional a persona writes; several rows are possible.",
    )
    op.create_index(op.f("idx_communication_styles_character"), "communication_styles", ["character_id"])

    op.create_table(
        "character_communication_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("pattern_type", sa.String(50), nullable=False),
        sa.Column("pattern_name", sa.String(100), nullable=False),
        sa.Column("pattern_value", sa.Text(), nullable=False),
        sa.Column("context", sa.String(100)),
        sa.Column("frequency", sa.String(20), server_default=sa.text("'regular'::character varying")),
        sa.Column("description", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_communication_patterns_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "pattern_type",
            "pattern_name",
            name=op.f("character_communication_patte_character_id_pattern_type_pat_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_communication_patterns_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_patterns_type"), "character_communication_patterns", ["character_id", "pattern_type"]
    )

    op.create_table(
        "character_speech_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("pattern_type", sa.String(100), nullable=False),
        sa.Column("pattern_value", sa.Text(), nullable=False),
        sa.Column("usage_frequency", sa.String(50)),
        sa.Column("context", sa.String(100)),
        sa.Column("priority", sa.Integer(), server_default=sa.text("50")),
        sa.PrimaryKeyConstraint("id", name="character_speech_patterns_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_speech_patterns_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A phrase or habit of speech.",
    )
    op.create_index(
        op.f("idx_speech_patterns_character"), "character_speech_patterns", ["character_id", "pattern_type"]
    )

    op.create_table(
        "character_vocabulary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("word_or_phrase", sa.Text(), nullable=False),
        sa.Column(
            "preference",
            sa.String(100),
            nullable=False,
            comment="preferred, avoided, signature or forbidden; no check enforces it",
        ),
        sa.Column("usage_context", sa.Text()),
        sa.Column("frequency", sa.String(100)),
        sa.Column("reason", sa.Text()),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_vocabulary_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "word_or_phrase",
            "preference",
            name=op.f("character_vocabulary_character_id_word_or_phrase_preference_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_vocabulary_character_id_fkey"), ondelete="CASCADE"
        ),
        comment="A word or phrase that a persona likes, avoids, is known for or never uses.",
    )
    op.create_index(op.f("idx_vocabulary_char_pref"), "character_vocabulary", ["character_id", "preference"])

    op.create_table(
        "character_cultural_expressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("expression_type", sa.String(100), nullable=False),
        sa.Column("expression_value", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text()),
        sa.Column("usage_context", sa.Text()),
        sa.Column("emotional_context", sa.String(50)),
        sa.Column("frequency", sa.String(50)),
        sa.PrimaryKeyConstraint("id", name="character_cultural_expressions_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_cultural_expressions_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A saying or term from a culture or language.",
    )
    op.create_index(
        op.f("idx_cultural_expressions_character"),
        "character_cultural_expressions",
        ["character_id", "expression_type"],
    )

    op.create_table(
        "character_emoji_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("pattern_category", sa.String(100), nullable=False),
        sa.Column("pattern_name", sa.String(100), nullable=False),
        sa.Column("emoji_sequence", sa.Text()),
        sa.Column("usage_context", sa.Text()),
        sa.Column("frequency", sa.String(50)),
        sa.Column("example_usage", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_emoji_patterns_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_emoji_patterns_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A sequence of emoji and when it is used.",
    )
    op.create_index(
        op.f("idx_emoji_patterns_character"), "character_emoji_patterns", ["character_id", "pattern_category"]
    )


def _conversation() -> None:
    """What leads a persona through a conversation: modes, flows, directives."""
    op.create_table(
        "character_conversation_contexts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("context_name", sa.String(500), nullable=False),
        sa.Column("energy_description", sa.Text()),
        sa.Column("approach_strategy", sa.Text()),
        sa.Column("transition_style", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_conversation_contexts_pkey"),
        sa.UniqueConstraint(
            "character_id", "context_name", name=op.f("character_conversation_contexts_character_id_context_name_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_conversation_contexts_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A named situation in conversation and how to approach it.",
    )
    op.create_index(op.f("idx_conv_contexts_char"), "character_conversation_contexts", ["character_id"])

    op.create_table(
        "character_context_guidance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("guidance_type", sa.String(200), nullable=False),
        sa.Column("guidance_text", sa.Text(), nullable=False),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_context_guidance_pkey"),
        sa.UniqueConstraint(
            "context_id",
            "guidance_type",
            "display_order",
            name=op.f("character_context_guidance_context_id_guidance_type_display_key"),
        ),
        sa.ForeignKeyConstraint(
            ["context_id"],
            ["character_conversation_contexts.id"],
            name=op.f("character_context_guidance_context_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Something to do, to avoid or to follow as an example in a conversation context.",
    )
    op.create_index(op.f("idx_context_guidance_type"), "character_context_guidance", ["context_id", "guidance_type"])

    op.create_table(
        "character_conversation_flows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("flow_type", sa.String(200), nullable=False),
        sa.Column("flow_name", sa.String(200)),
        sa.Column("energy_level", sa.String(200)),
        sa.Column("approach_description", sa.Text()),
        sa.Column("transition_style", sa.Text()),
        sa.Column("priority", sa.Integer(), server_default=sa.text("50")),
        sa.Column("context", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_conversation_flows_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_conversation_flows_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Guidance for one kind of interaction.",
    )
    op.create_index(
        op.f("idx_conversation_flows_character"), "character_conversation_flows", ["character_id", "flow_type"]
    )

    op.create_table(
        "character_conversation_directives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_flow_id", sa.Integer()),
        sa.Column("directive_type", sa.String(50), nullable=False),
        sa.Column("directive_content", sa.Text(), nullable=False),
        sa.Column("order_sequence", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="character_conversation_directives_pkey"),
        sa.ForeignKeyConstraint(
            ["conversation_flow_id"],
            ["character_conversation_flows.id"],
            name=op.f("character_conversation_directives_conversation_flow_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Something to do or to avoid within a conversation flow.",
    )

    op.create_table(
        "character_directives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column(
            "directive_type",
            sa.String(200),
            nullable=False,
            comment="what the row demands: principle, formatting rule, constraint and so on",
        ),
        sa.Column("directive_text", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer()),
        sa.Column("display_order", sa.Integer()),
        sa.Column("context", sa.String(500)),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_directives_pkey"),
        sa.UniqueConstraint(
            "character_id",
            "directive_type",
            "display_order",
            name=op.f("character_directives_character_id_directive_type_display_or_key"),
        ),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_directives_character_id_fkey"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("priority BETWEEN 1 AND 10", name=op.f("character_directives_priority_check")),
        comment="A principle, formatting rule or constraint, with a priority from 1 to 10.",
    )
    op.create_index(op.f("idx_directives_char_type"), "character_directives", ["character_id", "directive_type"])
    op.create_index(
        op.f("idx_directives_priority"),
        "character_directives",
        ["character_id", sa.text("priority DESC")],
        postgresql_where=sa.text("active = true"),
    )

    op.create_table(
        "character_instructions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("instruction_type", sa.String(50), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("5")),
        sa.Column("instruction_text", sa.Text(), nullable=False),
        sa.Column("context", sa.Text()),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_instructions_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_instructions_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("idx_character_instructions_type"), "character_instructions", ["character_id", "instruction_type"]
    )

    op.create_table(
        "character_message_triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("trigger_category", sa.String(100), nullable=False),
        sa.Column("trigger_type", sa.String(50), nullable=False),
        sa.Column("trigger_value", sa.Text(), nullable=False),
        sa.Column("response_mode", sa.String(100)),
        sa.Column("priority", sa.Integer(), server_default=sa.text("50")),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true")),
        sa.PrimaryKeyConstraint("id", name="character_message_triggers_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_message_triggers_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A word or phrase that switches to another response mode.",
    )
    op.create_index(
        op.f("idx_message_triggers_character"), "character_message_triggers", ["character_id", "trigger_category"]
    )

    op.create_table(
        "character_response_guidelines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("guideline_type", sa.String(100), nullable=False),
        sa.Column("guideline_name", sa.String(200)),
        sa.Column("guideline_content", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("50")),
        sa.Column("context", sa.String(100)),
        sa.Column("is_critical", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("created_date", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_response_guidelines_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_response_guidelines_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A rule on length, format or behaviour that must not slip.",
    )
    op.create_index(
        op.f("idx_response_guidelines_character"), "character_response_guidelines", ["character_id", "guideline_type"]
    )

    op.create_table(
        "character_response_modes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("mode_name", sa.String(100), nullable=False),
        sa.Column("mode_description", sa.Text()),
        sa.Column("response_style", sa.Text()),
        sa.Column("length_guideline", sa.Text()),
        sa.Column("tone_adjustment", sa.Text()),
        sa.Column("conflict_resolution_priority", sa.Integer()),
        sa.Column("examples", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_response_modes_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_response_modes_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A way of answering: style, length and tone.",
    )
    op.create_index(op.f("idx_response_modes_character"), "character_response_modes", ["character_id", "mode_name"])


def _roleplay() -> None:
    """Scenes a persona plays, and how far each play has come."""
    op.create_table(
        "character_roleplay_config",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("allow_full_roleplay_immersion", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("philosophy", sa.Text()),
        sa.Column("strategy", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_roleplay_config_pkey"),
        sa.UniqueConstraint("character_id", name=op.f("character_roleplay_config_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_roleplay_config_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Whether a persona may immerse itself fully in roleplay, and why; at most one row each.",
    )

    op.create_table(
        "character_roleplay_scenarios_v2",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("scenario_name", sa.String(500), nullable=False),
        sa.Column("response_pattern", sa.String(500)),
        sa.Column("tier_1_response", sa.Text()),
        sa.Column("tier_2_response", sa.Text()),
        sa.Column("tier_3_response", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_roleplay_scenarios_v2_pkey"),
        sa.UniqueConstraint(
            "character_id", "scenario_name", name=op.f("character_roleplay_scenarios_v2_character_id_scenario_name_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_roleplay_scenarios_v2_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A named scenario with answers in three tiers.",
    )
    op.create_index(op.f("idx_roleplay_scenarios_char"), "character_roleplay_scenarios_v2", ["character_id"])

    op.create_table(
        "character_scenario_triggers_v2",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=False),
        sa.Column("trigger_phrase", sa.Text(), nullable=False),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="character_scenario_triggers_v2_pkey"),
        sa.UniqueConstraint(
            "scenario_id", "trigger_phrase", name=op.f("character_scenario_triggers_v2_scenario_id_trigger_phrase_key")
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"],
            ["character_roleplay_scenarios_v2.id"],
            name=op.f("character_scenario_triggers_v2_scenario_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_scenario_triggers_scenario"), "character_scenario_triggers_v2", ["scenario_id"])

    op.create_table(
        "character_ai_scenarios",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer()),
        sa.Column("scenario_type", sa.String(100), nullable=False),
        sa.Column("scenario_name", sa.String(200)),
        sa.Column("trigger_phrases", sa.Text()),
        sa.Column("response_pattern", sa.String(100)),
        sa.Column("tier_1_response", sa.Text()),
        sa.Column("tier_2_response", sa.Text()),
        sa.Column("tier_3_response", sa.Text()),
        sa.Column("example_usage", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="character_ai_scenarios_pkey"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_ai_scenarios_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="Answers in three tiers to questions about being an AI.",
    )
    op.create_index(op.f("idx_ai_scenarios_character"), "character_ai_scenarios", ["character_id", "scenario_type"])

    op.create_table(
        "roleplay_transactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(50), nullable=False),
        sa.Column("transaction_type", sa.String(50), nullable=False),
        sa.Column("state", sa.String(50), server_default=sa.text("'pending'::character varying"), nullable=False),
        sa.Column("context", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="roleplay_transactions_pkey"),
    )
    op.create_index(op.f("idx_roleplay_created"), "roleplay_transactions", [sa.text("created_at DESC")])
    op.create_index(
        op.f("idx_roleplay_state"), "roleplay_transactions", ["state"], postgresql_where=sa.text("completed_at IS NULL")
    )
    op.create_index(op.f("idx_roleplay_user_bot"), "roleplay_transactions", ["user_id", "bot_name"])

    op.create_table(
        "role_transactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column("transaction_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'::text")),
        sa.Column("context", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="role_transactions_pkey"),
        sa.UniqueConstraint("transaction_id", name=op.f("role_transactions_transaction_id_key")),
    )
    op.create_index(op.f("idx_role_transactions_state"), "role_transactions", ["state"])
    op.create_index(op.f("idx_role_transactions_user_bot"), "role_transactions", ["user_id", "bot_name"])


def _memory() -> None:
    """What was said, and what is remembered of the users."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("message_content", sa.Text(), nullable=False),
        sa.Column("bot_response", sa.Text()),
        sa.Column("timestamp", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("context_used", sa.Text()),
        sa.Column("response_time_ms", sa.Integer()),
        sa.Column("ai_model_used", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="conversations_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("conversations_user_id_fkey"), ondelete="CASCADE"
        ),
    )

    op.create_table(
        "memory_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("memory_type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("importance_score", sa.REAL(), server_default=sa.text("0.5")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("last_accessed", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("access_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("tags", sa.Text(), server_default=sa.text("'[]'::text")),
        sa.Column("metadata", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.PrimaryKeyConstraint("id", name="memory_entries_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("memory_entries_user_id_fkey")),
    )

    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("fact_type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("confidence_score", sa.REAL(), server_default=sa.text("0.8")),
        sa.Column("source", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("global_fact", sa.Boolean(), server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("id", name="facts_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("facts_user_id_fkey")),
    )

    op.create_table(
        "emotions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("detected_emotion", sa.Text(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.Column("context", sa.Text()),
        sa.Column("timestamp", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("response_adapted", sa.Boolean(), server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("id", name="emotions_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("emotions_user_id_fkey")),
    )


def _relationships() -> None:
    """How a user and a persona stand to each other, and how that came about."""
    op.create_table(
        "relationship_scores",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("trust", sa.Numeric(5, 4), server_default=sa.text("0.5000"), nullable=False),
        sa.Column("affection", sa.Numeric(5, 4), server_default=sa.text("0.4000"), nullable=False),
        sa.Column("attunement", sa.Numeric(5, 4), server_default=sa.text("0.3000"), nullable=False),
        sa.Column("interaction_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_updated", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "bot_name", name="relationship_scores_pkey"),
        sa.CheckConstraint("trust BETWEEN 0.0 AND 1.0", name=op.f("relationship_scores_trust_check")),
        sa.CheckConstraint("affection BETWEEN 0.0 AND 1.0", name=op.f("relationship_scores_affection_check")),
        sa.CheckConstraint("attunement BETWEEN 0.0 AND 1.0", name=op.f("relationship_scores_attunement_check")),
        sa.CheckConstraint("interaction_count >= 0", name=op.f("relationship_scores_interaction_count_check")),
    )
    op.create_index(op.f("idx_relationship_scores_bot"), "relationship_scores", ["bot_name"])
    op.create_index(
        op.f("idx_relationship_scores_trust"), "relationship_scores", ["trust"], postgresql_where=sa.text("trust < 0.4")
    )
    op.create_index(op.f("idx_relationship_scores_user"), "relationship_scores", ["user_id"])

    op.create_table(
        "relationship_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("event_type", sa.String(50), nullable=False),
        sa.Column("trust_delta", sa.Numeric(5, 4)),
        sa.Column("affection_delta", sa.Numeric(5, 4)),
        sa.Column("attunement_delta", sa.Numeric(5, 4)),
        sa.Column("trust_value", sa.Numeric(5, 4)),
        sa.Column("affection_value", sa.Numeric(5, 4)),
        sa.Column("attunement_value", sa.Numeric(5, 4)),
        sa.Column("conversation_quality", sa.String(20)),
        sa.Column("emotion_variance", sa.Numeric(5, 4)),
        sa.Column("update_reason", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="relationship_events_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id", "bot_name"],
            ["relationship_scores.user_id", "relationship_scores.bot_name"],
            name=op.f("relationship_events_user_id_bot_name_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_relationship_events_timestamp"), "relationship_events", [sa.text("created_at DESC")])
    op.create_index(op.f("idx_relationship_events_type"), "relationship_events", ["event_type"])
    op.create_index(op.f("idx_relationship_events_user_bot"), "relationship_events", ["user_id", "bot_name"])

    op.create_table(
        "trust_recovery_state",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("recovery_stage", sa.String(20), nullable=False),
        sa.Column("initial_trust", sa.Numeric(5, 4), nullable=False),
        sa.Column("current_trust", sa.Numeric(5, 4), nullable=False),
        sa.Column("target_trust", sa.Numeric(5, 4), nullable=False),
        sa.Column("progress_percentage", sa.Numeric(5, 2), server_default=sa.text("0.00"), nullable=False),
        sa.Column("recovery_actions_taken", postgresql.ARRAY(sa.Text())),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("last_updated", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("estimated_completion", sa.DateTime()),
        sa.PrimaryKeyConstraint("user_id", "bot_name", "started_at", name="trust_recovery_state_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id", "bot_name"],
            ["relationship_scores.user_id", "relationship_scores.bot_name"],
            name=op.f("trust_recovery_state_user_id_bot_name_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("initial_trust BETWEEN 0.0 AND 1.0", name=op.f("trust_recovery_state_initial_trust_check")),
        sa.CheckConstraint("current_trust BETWEEN 0.0 AND 1.0", name=op.f("trust_recovery_state_current_trust_check")),
        sa.CheckConstraint("target_trust BETWEEN 0.0 AND 1.0", name=op.f("trust_recovery_state_target_trust_check")),
        sa.CheckConstraint(
            "progress_percentage BETWEEN 0.0 AND 100.0", name=op.f("trust_recovery_state_progress_percentage_check")
        ),
    )
    op.create_index(
        op.f("idx_trust_recovery_stage"),
        "trust_recovery_state",
        ["recovery_stage"],
        postgresql_where=sa.text("recovery_stage::text IN ('active'::varchar::text, 'recovering'::varchar::text)"),
    )
    op.create_index(op.f("idx_trust_recovery_user_bot"), "trust_recovery_state", ["user_id", "bot_name"])

    op.create_table(
        "relationships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("relationship_type", sa.Text(), nullable=False),
        sa.Column("strength", sa.REAL(), server_default=sa.text("0.5")),
        sa.Column("last_interaction", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("interaction_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("notes", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="relationships_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("relationships_user_id_fkey")),
    )


def _learning() -> None:
    """How personas adapt to users and are tuned, attempt by attempt."""
    op.create_table(
        "dynamic_personality_profiles",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("total_conversations", sa.Integer(), server_default=sa.text("0")),
        sa.Column("relationship_depth", sa.Double(), server_default=sa.text("0.0")),
        sa.Column("trust_level", sa.Double(), server_default=sa.text("0.0")),
        sa.Column("preferred_response_style", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb")),
        sa.PrimaryKeyConstraint("user_id", name="dynamic_personality_profiles_pkey"),
    )

    op.create_table(
        "dynamic_personality_traits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255)),
        sa.Column("dimension", sa.String(100)),
        sa.Column("value", sa.Double()),
        sa.Column("confidence", sa.Double()),
        sa.Column("last_updated", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("evidence_count", sa.Integer(), server_default=sa.text("0")),
        sa.Column("evidence_sources", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")),
        sa.PrimaryKeyConstraint("id", name="dynamic_personality_traits_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["dynamic_personality_profiles.user_id"], name=op.f("fk_user_profile"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_dynamic_personality_traits_user_id"), "dynamic_personality_traits", ["user_id"])

    op.create_table(
        "dynamic_conversation_analyses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255)),
        sa.Column("context_id", sa.String(255)),
        sa.Column("timestamp", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("message_length", sa.Integer()),
        sa.Column("formality_score", sa.Double()),
        sa.Column("emotional_openness", sa.Double()),
        sa.Column("conversation_depth", sa.Double()),
        sa.Column("topics_discussed", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")),
        sa.Column("emotional_tone", sa.String(50)),
        sa.Column("humor_detected", sa.Boolean(), server_default=sa.text("false")),
        sa.Column("support_seeking", sa.Boolean(), server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("id", name="dynamic_conversation_analyses_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["dynamic_personality_profiles.user_id"],
            name=op.f("fk_user_profile_analysis"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_dynamic_conversation_analyses_timestamp"), "dynamic_conversation_analyses", ["timestamp"])
    op.create_index(op.f("idx_dynamic_conversation_analyses_user_id"), "dynamic_conversation_analyses", ["user_id"])

    op.create_table(
        "personality_optimization_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("optimization_id", sa.String(100), nullable=False),
        sa.Column("character_name", sa.String(50), nullable=False),
        sa.Column("optimization_approach", sa.String(20), nullable=False),
        sa.Column("expected_improvement", sa.Numeric(5, 3), nullable=False),
        sa.Column("implementation_complexity", sa.String(10), nullable=False),
        sa.Column("parameter_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt_timestamp", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="personality_optimization_attempts_pkey"),
        sa.UniqueConstraint("optimization_id", name=op.f("personality_optimization_attempts_optimization_id_key")),
        sa.CheckConstraint(
            "optimization_approach::text IN ('conservative'::varchar::text, 'moderate'::varchar::text, 'aggressive'::varchar::text)",
            name=op.f("personality_optimization_attempts_optimization_approach_check"),
        ),
        sa.CheckConstraint(
            "expected_improvement BETWEEN 0 AND 1",
            name=op.f("personality_optimization_attempts_expected_improvement_check"),
        ),
        sa.CheckConstraint(
            "implementation_complexity::text IN ('low'::varchar::text, 'medium'::varchar::text, 'high'::varchar::text)",
            name=op.f("personality_optimization_attemp_implementation_complexity_check"),
        ),
        comment="An attempt to tune a persona, and the gain it is hoped to bring.",
    )
    op.create_index(
        op.f("idx_personality_opt_attempts_character"), "personality_optimization_attempts", ["character_name"]
    )
    op.create_index(op.f("idx_personality_opt_attempts_id"), "personality_optimization_attempts", ["optimization_id"])
    op.create_index(
        op.f("idx_personality_opt_attempts_timestamp"), "personality_optimization_attempts", ["attempt_timestamp"]
    )

    op.create_table(
        "personality_optimization_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("optimization_id", sa.String(100), nullable=False),
        sa.Column("character_name", sa.String(50), nullable=False),
        sa.Column("success", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("performance_before", sa.Numeric(5, 3)),
        sa.Column("performance_after", sa.Numeric(5, 3)),
        sa.Column("actual_improvement", sa.Numeric(6, 3)),
        sa.Column("rollback_applied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("issues_encountered", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")),
        sa.Column("completion_timestamp", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="personality_optimization_results_pkey"),
        sa.UniqueConstraint("optimization_id", name=op.f("personality_optimization_results_optimization_id_key")),
        sa.ForeignKeyConstraint(
            ["optimization_id"],
            ["personality_optimization_attempts.optimization_id"],
            name=op.f("personality_optimization_results_optimization_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="How an attempt turned out; at most one row each.",
    )
    op.create_index(
        op.f("idx_personality_opt_results_character"), "personality_optimization_results", ["character_name"]
    )
    op.create_index(
        op.f("idx_personality_opt_results_improvement"), "personality_optimization_results", ["actual_improvement"]
    )
    op.create_index(op.f("idx_personality_opt_results_success"), "personality_optimization_results", ["success"])
    op.create_index(
        op.f("idx_personality_opt_results_timestamp"), "personality_optimization_results", ["completion_timestamp"]
    )

    op.create_table(
        "personality_parameter_adjustments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("optimization_id", sa.String(100), nullable=False),
        sa.Column("adjustment_order", sa.Integer(), nullable=False),
        sa.Column("parameter_path", sa.String(200), nullable=False),
        sa.Column("current_value", sa.Text(), nullable=False),
        sa.Column("target_value", sa.Text(), nullable=False),
        sa.Column("adjustment_reason", sa.Text(), nullable=False),
        sa.Column("expected_improvement", sa.Numeric(5, 3), nullable=False),
        sa.Column("risk_level", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="personality_parameter_adjustments_pkey"),
        sa.ForeignKeyConstraint(
            ["optimization_id"],
            ["personality_optimization_attempts.optimization_id"],
            name=op.f("personality_parameter_adjustments_optimization_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "expected_improvement BETWEEN 0 AND 1",
            name=op.f("personality_parameter_adjustments_expected_improvement_check"),
        ),
        sa.CheckConstraint(
            "risk_level::text IN ('low'::varchar::text, 'medium'::varchar::text, 'high'::varchar::text)",
            name=op.f("personality_parameter_adjustments_risk_level_check"),
        ),
        comment="A parameter that an attempt is to change, in order.",
    )
    op.create_index(op.f("idx_personality_param_adj_opt_id"), "personality_parameter_adjustments", ["optimization_id"])
    op.create_index(
        op.f("idx_personality_param_adj_order"),
        "personality_parameter_adjustments",
        ["optimization_id", "adjustment_order"],
    )
    op.create_index(op.f("idx_personality_param_adj_path"), "personality_parameter_adjustments", ["parameter_path"])

    op.create_table(
        "personality_evolution_timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_name", sa.String(50), nullable=False),
        sa.Column("parameter_path", sa.String(200), nullable=False),
        sa.Column("old_value", sa.Text()),
        sa.Column("new_value", sa.Text(), nullable=False),
        sa.Column("change_magnitude", sa.Numeric(5, 3)),
        sa.Column("optimization_id", sa.String(100)),
        sa.Column("change_timestamp", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("change_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="personality_evolution_timeline_pkey"),
        sa.ForeignKeyConstraint(
            ["optimization_id"],
            ["personality_optimization_attempts.optimization_id"],
            name=op.f("personality_evolution_timeline_optimization_id_fkey"),
            ondelete="SET NULL",
        ),
        comment="A parameter of a persona that changed, known by the name of the persona alone.",
    )
    op.create_index(op.f("idx_personality_evolution_character"), "personality_evolution_timeline", ["character_name"])
    op.create_index(op.f("idx_personality_evolution_magnitude"), "personality_evolution_timeline", ["change_magnitude"])
    op.create_index(op.f("idx_personality_evolution_parameter"), "personality_evolution_timeline", ["parameter_path"])
    op.create_index(op.f("idx_personality_evolution_timestamp"), "personality_evolution_timeline", ["change_timestamp"])


def _knowledge_graph() -> None:
    """Things that can be known, what joins them, and who knows them."""
    op.create_table(
        "fact_entities",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False, comment="the kind of thing"),
        sa.Column("entity_name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("subcategory", sa.Text()),
        sa.Column(
            "attributes",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            comment="anything else known, as free JSON",
        ),
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('english', coalesce(entity_name, '') || ' ' || coalesce(category, '') || ' '"
                " || coalesce(subcategory, '') || ' ' || coalesce(attributes ->> 'tags', ''))",
                persisted=True,
            ),
            comment="what full-text search looks at; computed by PostgreSQL",
        ),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", name="fact_entities_pkey"),
        sa.UniqueConstraint("entity_type", "entity_name", name=op.f("fact_entities_entity_type_entity_name_key")),
        comment="A thing that can be known: a node of the graph, open to full-text search.",
    )
    op.create_index(op.f("idx_fact_entities_attributes"), "fact_entities", ["attributes"], postgresql_using="gin")
    op.create_index(op.f("idx_fact_entities_category"), "fact_entities", ["entity_type", "category"])
    op.create_index(op.f("idx_fact_entities_name_lookup"), "fact_entities", ["entity_name"])
    op.create_index(
        op.f("idx_fact_entities_name_trgm"),
        "fact_entities",
        ["entity_name"],
        postgresql_using="gin",
        postgresql_ops={"entity_name": "public.gin_trgm_ops"},
    )
    op.create_index(op.f("idx_fact_entities_search"), "fact_entities", ["search_vector"], postgresql_using="gin")
    op.create_index(op.f("idx_fact_entities_type"), "fact_entities", ["entity_type"])
    op.create_index(op.f("idx_fact_entities_type_lookup"), "fact_entities", ["entity_type", "entity_name"])

    op.create_table(
        "entity_relationships",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("from_entity_id", sa.Uuid(), nullable=False),
        sa.Column("to_entity_id", sa.Uuid(), nullable=False),
        sa.Column("relationship_type", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), server_default=sa.text("0.5")),
        sa.Column(
            "bidirectional", sa.Boolean(), server_default=sa.text("false"), comment="whether the edge counts both ways"
        ),
        sa.Column("metadata", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb")),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", name="entity_relationships_pkey"),
        sa.UniqueConstraint(
            "from_entity_id",
            "to_entity_id",
            "relationship_type",
            name=op.f("entity_relationships_from_entity_id_to_entity_id_relationsh_key"),
        ),
        sa.ForeignKeyConstraint(
            ["from_entity_id"],
            ["fact_entities.id"],
            name=op.f("entity_relationships_from_entity_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["to_entity_id"],
            ["fact_entities.id"],
            name=op.f("entity_relationships_to_entity_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("from_entity_id <> to_entity_id", name=op.f("entity_relationships_check")),
        sa.CheckConstraint(
            "relationship_type IN ('similar_to', 'part_of', 'category_of', 'related_to', 'opposite_of', 'requires')",
            name=op.f("entity_relationships_relationship_type_check"),
        ),
        sa.CheckConstraint("weight BETWEEN 0 AND 1", name=op.f("entity_relationships_weight_check")),
        comment="A weighted edge of one type between two different nodes.",
    )
    op.create_index(
        op.f("idx_entity_rel_bidirectional"),
        "entity_relationships",
        ["bidirectional", "from_entity_id", "to_entity_id"],
    )
    op.create_index(op.f("idx_entity_rel_forward"), "entity_relationships", ["from_entity_id", sa.text("weight DESC")])
    op.create_index(op.f("idx_entity_rel_reverse"), "entity_relationships", ["to_entity_id", sa.text("weight DESC")])
    op.create_index(op.f("idx_entity_rel_type"), "entity_relationships", ["relationship_type", sa.text("weight DESC")])

    op.create_table(
        "user_fact_relationships",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "relationship_type",
            sa.Text(),
            nullable=False,
            comment="likes, knows, visited or any other word of 1 to 50 characters",
        ),
        sa.Column(
            "confidence",
            sa.Double(),
            server_default=sa.text("0.5"),
            comment="from 0 to 1; grows with repetition and recency",
        ),
        sa.Column("strength", sa.Double(), server_default=sa.text("0.5")),
        sa.Column("emotional_context", sa.Text()),
        sa.Column("context_metadata", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb")),
        sa.Column("source_conversation_id", sa.Text()),
        sa.Column("mentioned_by_character", sa.Text(), comment="the persona that learned the fact"),
        sa.Column("source_platform", sa.Text(), server_default=sa.text("'discord'::text")),
        sa.Column(
            "related_entities",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            comment="other things it is connected with, as a JSON array",
        ),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", name="user_fact_relationships_pkey"),
        sa.UniqueConstraint(
            "user_id",
            "entity_id",
            "relationship_type",
            name=op.f("user_fact_relationships_user_id_entity_id_relationship_type_key"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["universal_users.universal_id"],
            name=op.f("user_fact_relationships_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["fact_entities.id"], name=op.f("user_fact_relationships_entity_id_fkey"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "length(relationship_type) > 0 AND length(relationship_type) <= 50",
            name=op.f("user_fact_relationships_relationship_type_check"),
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("user_fact_relationships_confidence_check")),
        sa.CheckConstraint("strength BETWEEN 0 AND 1", name=op.f("user_fact_relationships_strength_check")),
        comment="What a person has to do with a node, and how sure and strong that is.",
    )
    op.create_index(
        op.f("idx_user_facts_character"),
        "user_fact_relationships",
        ["user_id", "mentioned_by_character", sa.text("confidence DESC")],
    )
    op.create_index(op.f("idx_user_facts_created"), "user_fact_relationships", ["user_id", sa.text("created_at DESC")])
    op.create_index(
        op.f("idx_user_facts_emotional"),
        "user_fact_relationships",
        ["user_id", "emotional_context", sa.text("confidence DESC")],
    )
    op.create_index(op.f("idx_user_facts_entity"), "user_fact_relationships", ["entity_id", sa.text("confidence DESC")])
    op.create_index(
        op.f("idx_user_facts_lookup"),
        "user_fact_relationships",
        ["user_id", sa.text("confidence DESC"), sa.text("updated_at DESC")],
    )
    op.create_index(
        op.f("idx_user_facts_related"), "user_fact_relationships", ["related_entities"], postgresql_using="gin"
    )
    op.create_index(
        op.f("idx_user_facts_type"),
        "user_fact_relationships",
        ["user_id", "relationship_type", sa.text("confidence DESC")],
    )


def _operations() -> None:
    """Settings, metrics, and the version tables of former tools."""
    op.create_table(
        "performance_metrics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("metric_name", sa.Text(), nullable=False),
        sa.Column("metric_value", sa.REAL(), nullable=False),
        sa.Column("timestamp", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("tags", sa.Text(), server_default=sa.text("'{}'::text")),
        sa.PrimaryKeyConstraint("id", name="performance_metrics_pkey"),
    )

    op.create_table(
        "system_settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("key", name="system_settings_pkey"),
    )

    op.create_table(
        "schema_migrations",
        sa.Column("migration_name", sa.String(255), nullable=False),
        sa.Column("applied_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("migration_name", name="schema_migrations_pkey"),
    )

    op.create_table(
        "schema_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(50), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("applied_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name="schema_versions_pkey"),
    )


def _timestamp_functions() -> None:
    """What triggers call to keep a time of last change: of the row itself, or of the persona it belongs to."""
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_character_timestamp()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    UPDATE public.characters
    SET updated_date = CURRENT_TIMESTAMP
    WHERE id IN (OLD.character_id, NEW.character_id);
    RETURN COALESCE(NEW, OLD);
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_roleplay_transaction_timestamp()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    NEW.updated_at := CURRENT_TIMESTAMP;
    RETURN NEW;
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_updated_at_column()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    NEW.updated_at := CURRENT_TIMESTAMP;
    RETURN NEW;
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_updated_at_v2()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    NEW.updated_at := CURRENT_TIMESTAMP;
    RETURN NEW;
END
$function$
""")


def _graph_functions() -> None:
    """Questions to the knowledge graph, and the care of what is read together with a persona."""
    op.execute("""
CREATE OR REPLACE FUNCTION public.discover_similar_entities(
    p_entity_id uuid,
    p_similarity_threshold double precision DEFAULT 0.3,
    p_limit integer DEFAULT 5
)
RETURNS TABLE(similar_entity_id uuid, similar_entity_name text, similarity_score double precision)
LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY
    SELECT other.id, other.entity_name, likeness.score
    FROM public.fact_entities AS given
    JOIN public.fact_entities AS other ON other.entity_type = given.entity_type AND other.id <> given.id
    CROSS JOIN LATERAL (
        SELECT public.similarity(other.entity_name, given.entity_name)::double precision AS score
    ) AS likeness
    WHERE given.id = p_entity_id AND likeness.score > p_similarity_threshold
    ORDER BY likeness.score DESC, other.entity_name
    LIMIT p_limit;
END
$function$
""")
    op.execute(
        "COMMENT ON FUNCTION public.discover_similar_entities(uuid, double precision, integer) IS "
        "'Entities of the same type whose names look alike, the most alike first'"
    )
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_user_facts_with_relations(
    p_user_id uuid,
    p_entity_type text DEFAULT NULL::text,
    p_min_confidence double precision DEFAULT 0.5,
    p_limit integer DEFAULT 20
)
RETURNS TABLE(
    entity_name text,
    entity_category text,
    relationship_type text,
    confidence double precision,
    emotional_context text,
    mentioned_by_character text,
    related_entities_count bigint,
    last_updated timestamp without time zone
) LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY
    SELECT
        entity.entity_name,
        entity.category,
        fact.relationship_type,
        fact.confidence,
        fact.emotional_context,
        fact.mentioned_by_character,
        (SELECT count(*) FROM public.entity_relationships AS edge WHERE edge.from_entity_id = entity.id),
        fact.updated_at
    FROM public.user_fact_relationships AS fact
    JOIN public.fact_entities AS entity ON entity.id = fact.entity_id
    WHERE fact.user_id = p_user_id::text
        AND fact.confidence >= p_min_confidence
        AND (p_entity_type IS NULL OR entity.entity_type = p_entity_type)
    ORDER BY fact.confidence DESC, fact.updated_at DESC, entity.entity_name
    LIMIT p_limit;
END
$function$
""")
    op.execute(
        "COMMENT ON FUNCTION public.get_user_facts_with_relations(uuid, text, double precision, integer) IS "
        "'What is known of a user, the surest first, each with the number of edges that leave its entity'"
    )
    op.execute("""
CREATE OR REPLACE FUNCTION public.analyze_cdl_graph_index_performance()
RETURNS TABLE(
    index_name text,
    table_name text,
    index_size text,
    index_scans bigint,
    tuples_read bigint,
    tuples_fetched bigint
) LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY
    SELECT
        usage.indexrelname::text,
        usage.relname::text,
        pg_size_pretty(pg_relation_size(usage.indexrelid)),
        usage.idx_scan,
        usage.idx_tup_read,
        usage.idx_tup_fetch
    FROM pg_catalog.pg_stat_user_indexes AS usage
    WHERE usage.schemaname = 'public'
        AND usage.relname IN (
            'characters',
            'character_abilities',
            'character_background',
            'character_behavioral_triggers',
            'character_communication_patterns',
            'character_memories',
            'character_relationships'
        )
    ORDER BY usage.idx_scan DESC, usage.relname, usage.indexrelname;
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.maintain_cdl_graph_indexes()
RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    ANALYZE
        public.characters,
        public.character_abilities,
        public.character_background,
        public.character_behavioral_triggers,
        public.character_communication_patterns,
        public.character_memories,
        public.character_relationships;
    RAISE NOTICE 'The statistics of 7 graph tables are up to date';
END
$function$
""")


def _retired_functions() -> None:
    """Functions whose tables or columns this schema lacks: each says so when it is called."""
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_character_cdl_v2(p_normalized_name character varying)
RETURNS jsonb LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'get_character_cdl_v2 cannot run, this schema lacks the relation character_profiles_v2'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_character_v2(char_normalized_name character varying)
RETURNS jsonb LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'get_character_v2 cannot run, this schema lacks the relation character_profiles_v2'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_user_workflows_v2(user_id_param character varying)
RETURNS jsonb LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'get_user_workflows_v2 cannot run, this schema lacks the workflow tables'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.migrate_to_jsonb_schema()
RETURNS integer LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'migrate_to_jsonb_schema cannot run, this schema lacks the normalised tables to copy and the JSON table to fill'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.refresh_character_profiles_v2()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'refresh_character_profiles_v2 cannot run, this schema lacks the materialized view of persona profiles'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.start_workflow_v2(
    user_id_param character varying,
    char_normalized_name character varying,
    workflow_name_param character varying,
    initial_context jsonb DEFAULT '{}'::jsonb,
    workflow_config_param jsonb DEFAULT '{}'::jsonb
)
RETURNS bigint LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'start_workflow_v2 cannot run, this schema lacks the workflow tables'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.track_personality_parameter_changes()
RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'track_personality_parameter_changes cannot run, this schema lacks the personality columns to watch'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute(
        "COMMENT ON FUNCTION public.track_personality_parameter_changes() IS "
        "'Retired: would log changes of personality columns that this schema lacks'"
    )
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_workflow_state_v2(
    p_character_id bigint,
    p_workflow_name character varying,
    p_new_state character varying,
    p_context_data jsonb DEFAULT '{}'::jsonb
)
RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'update_workflow_state_v2 cannot run, this schema lacks the workflow table'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.upsert_character_v2(
    p_name character varying,
    p_normalized_name character varying,
    p_bot_name character varying,
    p_archetype public.character_archetype_enum,
    p_cdl_data jsonb,
    p_workflow_data jsonb DEFAULT '{}'::jsonb,
    p_metadata jsonb DEFAULT '{}'::jsonb
)
RETURNS bigint LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'upsert_character_v2 cannot run, this schema lacks the JSON table of personas and its materialized view'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")


def _tuning_views() -> None:
    """How the tuning of personas went, and which parameters changed by it or by hand."""
    op.execute("""
CREATE VIEW public.personality_optimization_summary AS
SELECT
    attempt.character_name,
    count(*) AS total_attempts,
    count(*) FILTER (WHERE result.success) AS successful_attempts,
    round(100.0 * count(*) FILTER (WHERE result.success) / count(*), 1) AS success_rate_percent,
    avg(result.actual_improvement) FILTER (WHERE result.success) AS avg_successful_improvement,
    max(result.actual_improvement) AS best_improvement,
    min(result.actual_improvement) AS worst_result,
    count(*) FILTER (WHERE result.rollback_applied) AS rollback_count,
    max(result.completion_timestamp) AS last_optimization
FROM public.personality_optimization_attempts AS attempt
LEFT JOIN public.personality_optimization_results AS result ON result.optimization_id = attempt.optimization_id
GROUP BY attempt.character_name
ORDER BY success_rate_percent DESC, attempt.character_name
""")
    op.execute(
        "COMMENT ON VIEW public.personality_optimization_summary IS "
        "'Per persona: tries, successes, gains and rollbacks, the best success rate first'"
    )
    op.execute("""
CREATE VIEW public.personality_parameter_change_history AS
SELECT
    change.character_name,
    change.parameter_path,
    change.old_value,
    change.new_value,
    change.change_magnitude,
    change.change_timestamp,
    change.change_reason,
    attempt.optimization_approach,
    result.success AS optimization_success,
    result.actual_improvement
FROM public.personality_evolution_timeline AS change
LEFT JOIN public.personality_optimization_attempts AS attempt ON attempt.optimization_id = change.optimization_id
LEFT JOIN public.personality_optimization_results AS result ON result.optimization_id = change.optimization_id
ORDER BY change.character_name, change.parameter_path, change.change_timestamp
""")
    op.execute(
        "COMMENT ON VIEW public.personality_parameter_change_history IS "
        "'Every change of a personality parameter, with the try it belongs to and how that went'"
    )
    op.execute("""
CREATE VIEW public.recent_personality_changes AS
SELECT
    change.character_name,
    change.parameter_path,
    change.old_value,
    change.new_value,
    change.change_magnitude,
    change.change_timestamp,
    CASE WHEN change.optimization_id IS NULL THEN 'manual' ELSE 'automated' END AS change_type,
    result.success AS optimization_success,
    attempt.optimization_approach
FROM public.personality_evolution_timeline AS change
LEFT JOIN public.personality_optimization_attempts AS attempt ON attempt.optimization_id = change.optimization_id
LEFT JOIN public.personality_optimization_results AS result ON result.optimization_id = change.optimization_id
WHERE change.change_timestamp >= CURRENT_TIMESTAMP - INTERVAL '30 days'
ORDER BY change.change_timestamp DESC
""")
    op.execute(
        "COMMENT ON VIEW public.recent_personality_changes IS "
        "'The changes of the last 30 days, the newest first, automated or manual'"
    )


def _triggers() -> None:
    """Times of last change, kept without the application."""
    for trigger, table in (
        ("trigger_update_character_timestamp_abilities", "character_abilities"),
        ("trigger_update_character_timestamp_appearance", "character_appearance"),
        ("trigger_update_character_timestamp_background", "character_background"),
        ("trigger_update_character_timestamp_essence", "character_essence"),
        ("trigger_update_character_timestamp_instructions", "character_instructions"),
        ("trigger_update_character_timestamp_memories", "character_memories"),
        ("trigger_update_character_timestamp_metadata", "character_metadata"),
        ("trigger_update_character_timestamp_patterns", "character_communication_patterns"),
        ("trigger_update_character_timestamp_relationships", "character_relationships"),
        ("trigger_update_character_timestamp_triggers", "character_behavioral_triggers"),
    ):
        op.execute(
            f"CREATE TRIGGER {trigger} AFTER INSERT OR DELETE OR UPDATE ON public.{table} "
            "FOR EACH ROW EXECUTE FUNCTION public.update_character_timestamp()"
        )
    for trigger, table, function in (
        (
            "trigger_update_roleplay_transaction_timestamp",
            "roleplay_transactions",
            "update_roleplay_transaction_timestamp",
        ),
        ("update_fact_entities_updated_at", "fact_entities", "update_updated_at_column"),
        ("update_user_fact_relationships_updated_at", "user_fact_relationships", "update_updated_at_column"),
    ):
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON public.{table} "
            f"FOR EACH ROW EXECUTE FUNCTION public.{function}()"
        )


def downgrade() -> None:
    for view in (
        "recent_personality_changes",
        "personality_parameter_change_history",
        "personality_optimization_summary",
    ):
        op.execute(f"DROP VIEW public.{view}")
    for table in (  # each before those that it refers to; indexes, sequences and triggers go with them
        # operations
        "schema_versions",
        "schema_migrations",
        "system_settings",
        "performance_metrics",
        # knowledge graph
        "user_fact_relationships",
        "entity_relationships",
        "fact_entities",
        # learning
        "personality_evolution_timeline",
        "personality_parameter_adjustments",
        "personality_optimization_results",
        "personality_optimization_attempts",
        "dynamic_conversation_analyses",
        "dynamic_personality_traits",
        "dynamic_personality_profiles",
        # relationships
        "relationships",
        "trust_recovery_state",
        "relationship_events",
        "relationship_scores",
        # memory
        "emotions",
        "facts",
        "memory_entries",
        "conversations",
        # roleplay
        "role_transactions",
        "roleplay_transactions",
        "character_ai_scenarios",
        "character_scenario_triggers_v2",
        "character_roleplay_scenarios_v2",
        "character_roleplay_config",
        # conversation
        "character_response_modes",
        "character_response_guidelines",
        "character_message_triggers",
        "character_instructions",
        "character_directives",
        "character_conversation_directives",
        "character_conversation_flows",
        "character_context_guidance",
        "character_conversation_contexts",
        # voice
        "character_emoji_patterns",
        "character_cultural_expressions",
        "character_vocabulary",
        "character_speech_patterns",
        "character_communication_patterns",
        "communication_styles",
        "character_voice_traits",
        "character_voice_profile",
        # personality
        "character_behavioral_triggers",
        "character_emotional_triggers_v2",
        "character_emotional_triggers",
        "character_emotion_range",
        "character_emotion_profile",
        "character_values",
        "personality_traits",
        # characters
        "character_essence",
        "character_attributes",
        "character_appearance",
        "character_metadata",
        "character_identity_details",
        "character_interests",
        "character_expertise_domains",
        "character_abilities",
        "character_current_goals",
        "character_current_context",
        "character_relationships",
        "character_memories",
        "character_background",
        "characters",
        # identity
        "banned_users",
        "platform_identities",
        "universal_users",
        "user_preferences",
        "user_events",
        "user_profiles",
        "users",
    ):
        op.drop_table(table)
    for function in (
        "analyze_cdl_graph_index_performance()",
        "discover_similar_entities(uuid, double precision, integer)",
        "get_character_cdl_v2(character varying)",
        "get_character_v2(character varying)",
        "get_user_facts_with_relations(uuid, text, double precision, integer)",
        "get_user_workflows_v2(character varying)",
        "maintain_cdl_graph_indexes()",
        "migrate_to_jsonb_schema()",
        "refresh_character_profiles_v2()",
        "start_workflow_v2(character varying, character varying, character varying, jsonb, jsonb)",
        "track_personality_parameter_changes()",
        "update_character_timestamp()",
        "update_roleplay_transaction_timestamp()",
        "update_updated_at_column()",
        "update_updated_at_v2()",
        "update_workflow_state_v2(bigint, character varying, character varying, jsonb)",
        "upsert_character_v2(character varying, character varying, character varying, public.character_archetype_enum, jsonb, jsonb, jsonb)",
    ):
        op.execute(f"DROP FUNCTION public.{function}")
    for enum in ("character_archetype_enum", "workflow_status_enum"):
        op.execute(f"DROP TYPE public.{enum}")
    for extension in ("btree_gin", "pg_trgm", '"uuid-ossp"'):
        # An administrator's, which upgrade() only found, stays.
        op.execute(
            f"""DO $$BEGIN
    IF pg_has_role((SELECT extowner FROM pg_extension WHERE quote_ident(extname) = '{extension}'), 'USAGE') THEN
        DROP EXTENSION {extension};
    END IF;
END$$"""
        )
