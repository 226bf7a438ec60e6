"""take the suffix from the roleplay tables

~ table character_roleplay_scenarios: renamed from character_roleplay_scenarios_v2
~ table character_scenario_triggers: renamed from character_scenario_triggers_v2
~ sequence character_roleplay_scenarios_id_seq: renamed from character_roleplay_scenarios_v2_id_seq
~ sequence character_scenario_triggers_id_seq: renamed from character_scenario_triggers_v2_id_seq
~ constraint character_roleplay_scenarios_character_id_fkey on character_roleplay_scenarios: renamed from character_roleplay_scenarios_v2_character_id_fkey
~ constraint character_roleplay_scenarios_character_id_scenario_name_key on character_roleplay_scenarios: renamed from character_roleplay_scenarios_v2_character_id_scenario_name_key
~ constraint character_roleplay_scenarios_pkey on character_roleplay_scenarios: renamed from character_roleplay_scenarios_v2_pkey
~ constraint character_scenario_triggers_pkey on character_scenario_triggers: renamed from character_scenario_triggers_v2_pkey
~ constraint character_scenario_triggers_scenario_id_fkey on character_scenario_triggers: renamed from character_scenario_triggers_v2_scenario_id_fkey
~ constraint character_scenario_triggers_scenario_id_trigger_phrase_key on character_scenario_triggers: renamed from character_scenario_triggers_v2_scenario_id_trigger_phrase_key

Revision ID: 3d67119b92ae
Revises: 30b76b37f824
Create Date: 2026-11-28 20:13:35.397866+00:00
"""

from alembic import op

revision = "3d67119b92ae"
down_revision = "30b76b37f824"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("character_roleplay_scenarios_v2", "character_roleplay_scenarios")
    op.rename_table("character_scenario_triggers_v2", "character_scenario_triggers")
    op.execute(
        "ALTER SEQUENCE public.character_roleplay_scenarios_v2_id_seq RENAME TO character_roleplay_scenarios_id_seq"
    )
    op.execute(
        "ALTER SEQUENCE public.character_scenario_triggers_v2_id_seq RENAME TO character_scenario_triggers_id_seq"
    )
    op.execute(
        "ALTER TABLE public.character_roleplay_scenarios RENAME CONSTRAINT character_roleplay_scenarios_v2_character_id_fkey TO character_roleplay_scenarios_character_id_fkey"
    )
    op.execute(
        "ALTER INDEX public.character_roleplay_scenarios_v2_character_id_scenario_name_key RENAME TO character_roleplay_scenarios_character_id_scenario_name_key"
    )
    op.execute("ALTER INDEX public.character_roleplay_scenarios_v2_pkey RENAME TO character_roleplay_scenarios_pkey")
    op.execute("ALTER INDEX public.character_scenario_triggers_v2_pkey RENAME TO character_scenario_triggers_pkey")
    op.execute(
        "ALTER TABLE public.character_scenario_triggers RENAME CONSTRAINT character_scenario_triggers_v2_scenario_id_fkey TO character_scenario_triggers_scenario_id_fkey"
    )
    op.execute(
        "ALTER INDEX public.character_scenario_triggers_v2_scenario_id_trigger_phrase_key RENAME TO character_scenario_triggers_scenario_id_trigger_phrase_key"
    )


def downgrade() -> None:
    op.execute(
        "ALTER INDEX public.character_scenario_triggers_scenario_id_trigger_phrase_key RENAME TO character_scenario_triggers_v2_scenario_id_trigger_phrase_key"
    )
    op.execute(
        "ALTER TABLE public.character_scenario_triggers RENAME CONSTRAINT character_scenario_triggers_scenario_id_fkey TO character_scenario_triggers_v2_scenario_id_fkey"
    )
    op.execute("ALTER INDEX public.character_scenario_triggers_pkey RENAME TO character_scenario_triggers_v2_pkey")
    op.execute("ALTER INDEX public.character_roleplay_scenarios_pkey RENAME TO character_roleplay_scenarios_v2_pkey")
    op.execute(
        "ALTER INDEX public.character_roleplay_scenarios_character_id_scenario_name_key RENAME TO character_roleplay_scenarios_v2_character_id_scenario_name_key"
    )
    op.execute(
        "ALTER TABLE public.character_roleplay_scenarios RENAME CONSTRAINT character_roleplay_scenarios_character_id_fkey TO character_roleplay_scenarios_v2_character_id_fkey"
    )
    op.execute(
        "ALTER SEQUENCE public.character_scenario_triggers_id_seq RENAME TO character_scenario_triggers_v2_id_seq"
    )
    op.execute(
        "ALTER SEQUENCE public.character_roleplay_scenarios_id_seq RENAME TO character_roleplay_scenarios_v2_id_seq"
    )
    op.rename_table("character_scenario_triggers", "character_scenario_triggers_v2")
    op.rename_table("character_roleplay_scenarios", "character_roleplay_scenarios_v2")
