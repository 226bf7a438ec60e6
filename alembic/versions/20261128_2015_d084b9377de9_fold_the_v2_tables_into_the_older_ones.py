"""fold the v2 tables into the older ones

- table character_emotional_triggers_v2
- table character_roleplay_scenarios
- table character_scenario_triggers
Allowed: drop-table character_emotional_triggers_v2
Allowed: drop-table character_scenario_triggers
Allowed: drop-table character_roleplay_scenarios

Rows of character_roleplay_scenarios, with their triggers as a JSON list, go to character_ai_scenarios, where
scenario_type names the old table. A name or pattern that is too long for the new column is shortened there, and whole
in example_usage. Rows of character_emotional_triggers_v2 go to character_emotional_triggers, where trigger_category
names the old table: valence is trigger_type, emotion_evoked is emotional_response, response_guidance is
response_examples.

The downgrade brings these rows back. A row that has been changed so that the old table cannot hold it, or that has
become equal to another, stays where it is. Not restored: ids, created_at, and the gaps in display_order.

Revision ID: d084b9377de9
Revises: 3d67119b92ae
Create Date: 2026-11-28 20:15:30.786284+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "d084b9377de9"
down_revision = "3d67119b92ae"
branch_labels = None
depends_on = None

AS_JSONB = """
CREATE FUNCTION pg_temp.as_jsonb(value text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END
$$
"""

MOVED = [
    """
INSERT INTO public.character_ai_scenarios (character_id, scenario_type, scenario_name, trigger_phrases,
    response_pattern, tier_1_response, tier_2_response, tier_3_response, example_usage)
SELECT scenario.character_id, 'character_roleplay_scenarios', left(scenario.scenario_name, 200),
       (SELECT jsonb_agg(trigger.trigger_phrase ORDER BY trigger.display_order, trigger.id)
        FROM public.character_scenario_triggers AS trigger WHERE trigger.scenario_id = scenario.id)::text,
       left(scenario.response_pattern, 100), scenario.tier_1_response, scenario.tier_2_response,
       scenario.tier_3_response, nullif(jsonb_strip_nulls(jsonb_build_object(
            'scenario_name', CASE WHEN length(scenario.scenario_name) > 200 THEN scenario.scenario_name END,
            'response_pattern', CASE WHEN length(scenario.response_pattern) > 100 THEN scenario.response_pattern END
       )), '{}')::text
FROM public.character_roleplay_scenarios AS scenario
ORDER BY scenario.id
""",
    """
INSERT INTO public.character_emotional_triggers (character_id, trigger_type, trigger_category, trigger_content,
    emotional_response, response_intensity, response_examples)
SELECT character_id, valence, 'character_emotional_triggers_v2', trigger_text, emotion_evoked, intensity::text,
       response_guidance
FROM public.character_emotional_triggers_v2
ORDER BY character_id, display_order, id
""",
]

SCENARIOS = """
    (SELECT DISTINCT ON (character_id, whole_name) *
     FROM (SELECT *, coalesce(pg_temp.as_jsonb(example_usage) ->> 'scenario_name', scenario_name) AS whole_name,
                  coalesce(pg_temp.as_jsonb(example_usage) ->> 'response_pattern', response_pattern) AS whole_pattern,
                  CASE WHEN trigger_phrases IS NULL THEN '[]' ELSE pg_temp.as_jsonb(trigger_phrases) END AS phrases
           FROM public.character_ai_scenarios WHERE scenario_type = 'character_roleplay_scenarios') AS moved
     WHERE character_id IS NOT NULL AND length(whole_name) <= 500 AND coalesce(length(whole_pattern), 0) <= 500
       AND jsonb_typeof(phrases) = 'array' AND NOT jsonb_path_exists(phrases, '$[*] ? (@.type() != "string")')
       AND (example_usage IS NULL OR pg_temp.as_jsonb(example_usage) ?| ARRAY['scenario_name', 'response_pattern'])
     ORDER BY character_id, whole_name, id)"""

TRIGGERS = """
    (SELECT DISTINCT ON (character_id, trigger_content, trigger_type) *
     FROM public.character_emotional_triggers
     WHERE trigger_category = 'character_emotional_triggers_v2' AND character_id IS NOT NULL
       AND coalesce(length(emotional_response), 0) <= 200 AND coalesce(response_intensity, '1') ~ '^([1-9]|10)$'
     ORDER BY character_id, trigger_content, trigger_type, id)"""

MOVED_BACK = [
    f"""
INSERT INTO public.character_roleplay_scenarios (character_id, scenario_name, response_pattern, tier_1_response,
    tier_2_response, tier_3_response)
SELECT character_id, whole_name, whole_pattern, tier_1_response, tier_2_response, tier_3_response
FROM {SCENARIOS} AS moved
ORDER BY id
""",
    f"""
INSERT INTO public.character_scenario_triggers (scenario_id, trigger_phrase, display_order)
SELECT scenario.id, phrase.said, min(phrase.place)
FROM {SCENARIOS} AS moved
JOIN public.character_roleplay_scenarios AS scenario
    ON scenario.character_id = moved.character_id AND scenario.scenario_name = moved.whole_name
CROSS JOIN jsonb_array_elements_text(moved.phrases) WITH ORDINALITY AS phrase (said, place)
GROUP BY scenario.id, phrase.said
ORDER BY scenario.id, min(phrase.place)
""",
    f"DELETE FROM public.character_ai_scenarios WHERE id IN (SELECT id FROM {SCENARIOS} AS moved)",
    f"""
INSERT INTO public.character_emotional_triggers_v2 (character_id, trigger_text, valence, emotion_evoked, intensity,
    response_guidance, display_order)
SELECT character_id, trigger_content, trigger_type, emotional_response, response_intensity::integer, response_examples,
       row_number() OVER (PARTITION BY character_id ORDER BY id)
FROM {TRIGGERS} AS moved
ORDER BY id
""",
    f"DELETE FROM public.character_emotional_triggers WHERE id IN (SELECT id FROM {TRIGGERS} AS moved)",
]


def upgrade() -> None:
    for statement in MOVED:
        op.execute(statement)
    op.drop_table("character_emotional_triggers_v2")
    op.drop_table("character_scenario_triggers")
    op.drop_table("character_roleplay_scenarios")


def downgrade() -> None:
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
        sa.CheckConstraint(
            "(intensity >= 1) AND (intensity <= 10)", name=op.f("character_emotional_triggers_v2_intensity_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("character_emotional_triggers_v2_pkey")),
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
        comment="What stirs an emotion, with its valence and an intensity from 1 to 10; second generation.",
    )
    op.create_index(
        op.f("idx_emotional_triggers_char_val"), "character_emotional_triggers_v2", ["character_id", "valence"]
    )
    op.create_table(
        "character_roleplay_scenarios",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("scenario_name", sa.String(500), nullable=False),
        sa.Column("response_pattern", sa.String(500)),
        sa.Column("tier_1_response", sa.Text()),
        sa.Column("tier_2_response", sa.Text()),
        sa.Column("tier_3_response", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_roleplay_scenarios_pkey")),
        sa.UniqueConstraint(
            "character_id", "scenario_name", name=op.f("character_roleplay_scenarios_character_id_scenario_name_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_roleplay_scenarios_character_id_fkey"),
            ondelete="CASCADE",
        ),
        comment="A named scenario with answers in three tiers.",
    )
    op.create_index(op.f("idx_roleplay_scenarios_char"), "character_roleplay_scenarios", ["character_id"])
    op.create_table(
        "character_scenario_triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scenario_id", sa.Integer(), nullable=False),
        sa.Column("trigger_phrase", sa.Text(), nullable=False),
        sa.Column("display_order", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("id", name=op.f("character_scenario_triggers_pkey")),
        sa.UniqueConstraint(
            "scenario_id", "trigger_phrase", name=op.f("character_scenario_triggers_scenario_id_trigger_phrase_key")
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"],
            ["character_roleplay_scenarios.id"],
            name=op.f("character_scenario_triggers_scenario_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_scenario_triggers_scenario"), "character_scenario_triggers", ["scenario_id"])
    op.execute(AS_JSONB)
    for statement in MOVED_BACK:
        op.execute(statement)
    op.execute("DROP FUNCTION pg_temp.as_jsonb")
