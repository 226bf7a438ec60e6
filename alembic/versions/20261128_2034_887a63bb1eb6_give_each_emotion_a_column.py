"""give each emotion a column

~ table character_emotional_states_json: renamed from character_emotional_states
~ sequence character_emotional_states_json_id_seq: renamed from character_emotional_states_id_seq
~ constraint character_emotional_states_json_pkey on character_emotional_states_json: renamed from character_emotional_states_pkey
+ table character_emotional_states
- table character_emotional_states_json
Allowed: drop-table character_emotional_states_json

The new table has the name of the old one, so this revision joins two drafts: one renames the old table, the other
replaces it. A key of state_data that is named like a column fills this column if it is a number (of the list
recent_emotion_history: a list); other columns get their defaults. Whatever else state_data holds, of any shape, is kept
in system_settings, by the names of persona and user, also after a downgrade.

The downgrade makes state_data of the columns and of what was kept. There, a column that has been changed takes
precedence over a kept value of the same name. Not restored: ids, digits that double precision does not hold, which keys
were missing, rows with a user_id of more than 100 characters, and a history with a character that jsonb cannot hold.

Revision ID: 887a63bb1eb6
Revises: 2328c7090160
Create Date: 2026-11-28 20:34:02.516006+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "887a63bb1eb6"
down_revision = "2328c7090160"
branch_labels = None
depends_on = None

EMOTIONS = {
    "anger": 0.1,
    "anticipation": 0.4,
    "disgust": 0.05,
    "fear": 0.15,
    "joy": 0.7,
    "love": 0.6,
    "optimism": 0.65,
    "pessimism": 0.2,
    "sadness": 0.15,
    "surprise": 0.25,
    "trust": 0.7,
}
LEVELS = {**EMOTIONS, **{f"baseline_{emotion}": usual for emotion, usual in EMOTIONS.items()}}

FUNCTIONS = [
    """
CREATE FUNCTION pg_temp.as_jsonb(value json) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN '[]';
END
$$
""",
    """
CREATE FUNCTION pg_temp.as_level(value jsonb) RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE jsonb_typeof(value) WHEN 'number' THEN value::double precision END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL; -- too large
END
$$
""",
    """
CREATE FUNCTION pg_temp.as_count(value jsonb) RETURNS integer LANGUAGE sql AS $$
    SELECT CASE WHEN jsonb_typeof(value) = 'number' AND value #>> '{}' ~ '^-?[0-9]{1,9}$'
        THEN (value #>> '{}')::integer END
$$
""",
    f"""
CREATE FUNCTION pg_temp.remainder(state jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(state) WHEN 'object' THEN (
        SELECT jsonb_object_agg(part.name, part.said) FROM jsonb_each(state) AS part (name, said)
        WHERE NOT CASE
            WHEN part.name IN ({", ".join(f"'{level}'" for level in LEVELS)}) THEN pg_temp.as_level(part.said) IS NOT NULL
            WHEN part.name = 'total_interactions' THEN pg_temp.as_count(part.said) IS NOT NULL
            ELSE part.name = 'recent_emotion_history' AND jsonb_typeof(part.said) = 'array' END) ELSE state END
$$
""",
]

KEY = "'character_emotional_states ' || jsonb_build_array({table}.character_name, {table}.user_id)::text"

INTO_COLUMNS = [
    f"""
INSERT INTO public.character_emotional_states (character_name, user_id, {", ".join(LEVELS)}, total_interactions,
    recent_emotion_history, last_updated, created_at)
SELECT character_name, user_id,
       {", ".join(f"coalesce(pg_temp.as_level(state_data -> '{level}'), {usual})" for level, usual in LEVELS.items())},
       coalesce(pg_temp.as_count(state_data -> 'total_interactions'), 0),
       CASE jsonb_typeof(state_data -> 'recent_emotion_history')
           WHEN 'array' THEN state_data -> 'recent_emotion_history' ELSE '[]' END::json,
       last_updated, created_at
FROM public.character_emotional_states_json
ORDER BY id
""",
    "DELETE FROM public.system_settings WHERE key LIKE 'character_emotional_states [%'",
    f"""
INSERT INTO public.system_settings (key, value, description)
SELECT {KEY.format(table="state")}, pg_temp.remainder(state.state_data)::text, 'what no column of this state holds'
FROM public.character_emotional_states_json AS state WHERE pg_temp.remainder(state.state_data) IS NOT NULL
""",
]

INTO_JSON = f"""
INSERT INTO public.character_emotional_states_json (character_name, user_id, state_data, last_updated, created_at)
SELECT state.character_name, state.user_id, CASE
           WHEN kept.said IS NULL THEN state.levels
           WHEN jsonb_typeof(kept.said) = 'object' THEN state.levels || kept.said || state.changed
           WHEN state.changed = '{{}}' THEN kept.said
           ELSE state.levels || jsonb_build_object('kept', kept.said) END,
       state.last_updated, state.created_at
FROM (SELECT state.character_name, state.user_id, state.last_updated, state.created_at,
             jsonb_object_agg(part.name, part.said) AS levels,
             coalesce(jsonb_object_agg(part.name, part.said) FILTER (WHERE part.said <> part.usual), '{{}}') AS changed
      FROM public.character_emotional_states AS state
      CROSS JOIN LATERAL (VALUES
          {", ".join(f"('{level}', to_jsonb(state.{level}), '{usual}'::jsonb)" for level, usual in LEVELS.items())},
          ('total_interactions', to_jsonb(state.total_interactions), '0'),
          ('recent_emotion_history', pg_temp.as_jsonb(state.recent_emotion_history), '[]')) AS part (name, said, usual)
      WHERE length(state.user_id) <= 100
      GROUP BY state.id) AS state
LEFT JOIN (SELECT key, value::jsonb AS said FROM public.system_settings
           WHERE key LIKE 'character_emotional_states [%') AS kept ON kept.key = {KEY.format(table="state")}
ORDER BY state.created_at, state.character_name, state.user_id
"""

DROPPED = [
    "DROP FUNCTION pg_temp.remainder",
    "DROP FUNCTION pg_temp.as_count",
    "DROP FUNCTION pg_temp.as_level",
    "DROP FUNCTION pg_temp.as_jsonb",
]


def upgrade() -> None:
    op.rename_table("character_emotional_states", "character_emotional_states_json")
    op.execute(
        "ALTER SEQUENCE public.character_emotional_states_id_seq RENAME TO character_emotional_states_json_id_seq"
    )
    op.execute("ALTER INDEX public.character_emotional_states_pkey RENAME TO character_emotional_states_json_pkey")
    op.create_table(
        "character_emotional_states",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("character_name", sa.String(100), nullable=False, comment="the persona that feels, by its name"),
        sa.Column("user_id", sa.String(255), nullable=False, comment="the user towards whom it feels so"),
        sa.Column(
            "anger",
            sa.Double(),
            server_default=sa.text("'0.1'::double precision"),
            nullable=False,
            comment="irritation and anger, at present",
        ),
        sa.Column(
            "anticipation",
            sa.Double(),
            server_default=sa.text("'0.4'::double precision"),
            nullable=False,
            comment="looking forward, at present",
        ),
        sa.Column(
            "disgust",
            sa.Double(),
            server_default=sa.text("'0.05'::double precision"),
            nullable=False,
            comment="aversion, at present",
        ),
        sa.Column(
            "fear",
            sa.Double(),
            server_default=sa.text("'0.15'::double precision"),
            nullable=False,
            comment="worry and fear, at present",
        ),
        sa.Column(
            "joy",
            sa.Double(),
            server_default=sa.text("'0.7'::double precision"),
            nullable=False,
            comment="joy, at present",
        ),
        sa.Column(
            "love",
            sa.Double(),
            server_default=sa.text("'0.6'::double precision"),
            nullable=False,
            comment="affection, at present",
        ),
        sa.Column(
            "optimism",
            sa.Double(),
            server_default=sa.text("'0.65'::double precision"),
            nullable=False,
            comment="hope, at present",
        ),
        sa.Column(
            "pessimism",
            sa.Double(),
            server_default=sa.text("'0.2'::double precision"),
            nullable=False,
            comment="gloom, at present",
        ),
        sa.Column(
            "sadness",
            sa.Double(),
            server_default=sa.text("'0.15'::double precision"),
            nullable=False,
            comment="sadness, at present",
        ),
        sa.Column(
            "surprise",
            sa.Double(),
            server_default=sa.text("'0.25'::double precision"),
            nullable=False,
            comment="surprise, at present",
        ),
        sa.Column(
            "trust",
            sa.Double(),
            server_default=sa.text("'0.7'::double precision"),
            nullable=False,
            comment="trust, at present",
        ),
        sa.Column(
            "baseline_anger",
            sa.Double(),
            server_default=sa.text("'0.1'::double precision"),
            nullable=False,
            comment="the anger to which it returns",
        ),
        sa.Column(
            "baseline_anticipation",
            sa.Double(),
            server_default=sa.text("'0.4'::double precision"),
            nullable=False,
            comment="the anticipation to which it returns",
        ),
        sa.Column(
            "baseline_disgust",
            sa.Double(),
            server_default=sa.text("'0.05'::double precision"),
            nullable=False,
            comment="the disgust to which it returns",
        ),
        sa.Column(
            "baseline_fear",
            sa.Double(),
            server_default=sa.text("'0.15'::double precision"),
            nullable=False,
            comment="the fear to which it returns",
        ),
        sa.Column(
            "baseline_joy",
            sa.Double(),
            server_default=sa.text("'0.7'::double precision"),
            nullable=False,
            comment="the joy to which it returns",
        ),
        sa.Column(
            "baseline_love",
            sa.Double(),
            server_default=sa.text("'0.6'::double precision"),
            nullable=False,
            comment="the love to which it returns",
        ),
        sa.Column(
            "baseline_optimism",
            sa.Double(),
            server_default=sa.text("'0.65'::double precision"),
            nullable=False,
            comment="the optimism to which it returns",
        ),
        sa.Column(
            "baseline_pessimism",
            sa.Double(),
            server_default=sa.text("'0.2'::double precision"),
            nullable=False,
            comment="the pessimism to which it returns",
        ),
        sa.Column(
            "baseline_sadness",
            sa.Double(),
            server_default=sa.text("'0.15'::double precision"),
            nullable=False,
            comment="the sadness to which it returns",
        ),
        sa.Column(
            "baseline_surprise",
            sa.Double(),
            server_default=sa.text("'0.25'::double precision"),
            nullable=False,
            comment="the surprise to which it returns",
        ),
        sa.Column(
            "baseline_trust",
            sa.Double(),
            server_default=sa.text("'0.7'::double precision"),
            nullable=False,
            comment="the trust to which it returns",
        ),
        sa.Column(
            "total_interactions",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how many exchanges have shaped these levels",
        ),
        sa.Column(
            "recent_emotion_history",
            sa.JSON(),
            server_default=sa.text("'[]'::json"),
            nullable=False,
            comment="recent emotions, as a list",
        ),
        sa.Column(
            "last_updated",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when the levels changed last",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when the row was made",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("character_emotional_states_pkey")),
        comment="The levels of eleven emotions of a persona towards a user, and the baselines to which they return.",
    )
    op.create_index(
        op.f("idx_char_emotional_states_char_user"),
        "character_emotional_states",
        ["character_name", "user_id"],
        unique=True,
    )
    op.create_index(op.f("idx_char_emotional_states_character"), "character_emotional_states", ["character_name"])
    op.create_index(op.f("idx_char_emotional_states_last_updated"), "character_emotional_states", ["last_updated"])
    op.create_index(op.f("idx_char_emotional_states_user"), "character_emotional_states", ["user_id"])
    for statement in [*FUNCTIONS, *INTO_COLUMNS, *DROPPED]:
        op.execute(statement)
    op.drop_table("character_emotional_states_json")


def downgrade() -> None:
    op.create_table(
        "character_emotional_states_json",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_name", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(100), nullable=False),
        sa.Column("state_data", postgresql.JSONB(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_emotional_states_json_pkey")),
        sa.UniqueConstraint("character_name", "user_id", name=op.f("unique_character_user_state")),
    )
    op.create_index(
        op.f("idx_character_emotional_states_last_updated"), "character_emotional_states_json", ["last_updated"]
    )
    op.create_index(
        op.f("idx_character_emotional_states_lookup"), "character_emotional_states_json", ["character_name", "user_id"]
    )
    op.create_index(
        op.f("ix_character_emotional_states_character_name"), "character_emotional_states_json", ["character_name"]
    )
    op.create_index(op.f("ix_character_emotional_states_user_id"), "character_emotional_states_json", ["user_id"])
    for statement in [*FUNCTIONS, INTO_JSON, *DROPPED]:
        op.execute(statement)
    op.drop_table("character_emotional_states")
    op.execute("ALTER INDEX public.character_emotional_states_json_pkey RENAME TO character_emotional_states_pkey")
    op.execute(
        "ALTER SEQUENCE public.character_emotional_states_json_id_seq RENAME TO character_emotional_states_id_seq"
    )
    op.rename_table("character_emotional_states_json", "character_emotional_states")
