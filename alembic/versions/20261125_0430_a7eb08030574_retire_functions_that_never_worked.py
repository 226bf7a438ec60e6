"""retire functions that never worked

- function get_character_cdl_v2(character varying)
- function get_character_v2(character varying)
- function get_user_workflows_v2(character varying)
- function migrate_to_jsonb_schema()
- function refresh_character_profiles_v2()
- function start_workflow_v2(character varying,character varying,character varying,jsonb,jsonb)
- function track_personality_parameter_changes()
- function update_workflow_state_v2(bigint,character varying,character varying,jsonb)
- function upsert_character_v2(character varying,character varying,character varying,character_archetype_enum,jsonb,jsonb,jsonb)

Revision ID: a7eb08030574
Revises: 20251011_baseline_v106
Create Date: 2026-11-25 04:30:51.770001+00:00
"""

from alembic import op

revision = "a7eb08030574"
down_revision = "20251011_baseline_v106"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION public.get_character_cdl_v2(character varying)")
    op.execute("DROP FUNCTION public.get_character_v2(character varying)")
    op.execute("DROP FUNCTION public.get_user_workflows_v2(character varying)")
    op.execute("DROP FUNCTION public.migrate_to_jsonb_schema()")
    op.execute("DROP FUNCTION public.refresh_character_profiles_v2()")
    op.execute(
        "DROP FUNCTION public.start_workflow_v2(character varying,character varying,character varying,jsonb,jsonb)"
    )
    op.execute("DROP FUNCTION public.track_personality_parameter_changes()")
    op.execute("DROP FUNCTION public.update_workflow_state_v2(bigint,character varying,character varying,jsonb)")
    op.execute(
        "DROP FUNCTION public.upsert_character_v2(character varying,character varying,character varying,public.character_archetype_enum,jsonb,jsonb,jsonb)"
    )


def downgrade() -> None:
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_character_cdl_v2(p_normalized_name character varying)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'get_character_cdl_v2 cannot run, this schema lacks the relation character_profiles_v2'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_character_v2(char_normalized_name character varying)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'get_character_v2 cannot run, this schema lacks the relation character_profiles_v2'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_user_workflows_v2(user_id_param character varying)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'get_user_workflows_v2 cannot run, this schema lacks the workflow tables'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.migrate_to_jsonb_schema()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'migrate_to_jsonb_schema cannot run, this schema lacks the normalised tables to copy and the JSON table to fill'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.refresh_character_profiles_v2()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'refresh_character_profiles_v2 cannot run, this schema lacks the materialized view of persona profiles'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.start_workflow_v2(user_id_param character varying, char_normalized_name character varying, workflow_name_param character varying, initial_context jsonb DEFAULT '{}'::jsonb, workflow_config_param jsonb DEFAULT '{}'::jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'start_workflow_v2 cannot run, this schema lacks the workflow tables'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.track_personality_parameter_changes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'track_personality_parameter_changes cannot run, this schema lacks the personality columns to watch'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.update_workflow_state_v2(p_character_id bigint, p_workflow_name character varying, p_new_state character varying, p_context_data jsonb DEFAULT '{}'::jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'update_workflow_state_v2 cannot run, this schema lacks the workflow table'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute("""
CREATE OR REPLACE FUNCTION public.upsert_character_v2(p_name character varying, p_normalized_name character varying, p_bot_name character varying, p_archetype public.character_archetype_enum, p_cdl_data jsonb, p_workflow_data jsonb DEFAULT '{}'::jsonb, p_metadata jsonb DEFAULT '{}'::jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'upsert_character_v2 cannot run, this schema lacks the JSON table of personas and its materialized view'
        USING ERRCODE = 'feature_not_supported';
END
$function$
""")
    op.execute(
        "COMMENT ON FUNCTION public.track_personality_parameter_changes() IS 'Retired: would log changes of personality columns that this schema lacks'"
    )
