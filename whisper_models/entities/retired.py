"""The functions that cannot work: what they would read is not in the schema. Called, each says what it lacks."""

from alembic_utils.pg_function import PGFunction
from sqlalchemy import DDL


def _retired(signature: str, returns: str, lacks: str) -> PGFunction:
    name, _, _ = signature.partition("(")
    return PGFunction(
        "public",
        signature,
        f"""
RETURNS {returns} LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{name} cannot run, this schema lacks {lacks}'
        USING ERRCODE = 'feature_not_supported';
END
$$
""",
    )


RETIRED_FUNCTIONS = (
    _retired(
        "get_character_cdl_v2(p_normalized_name character varying)",
        returns="jsonb",
        lacks="the relation character_profiles_v2",
    ),
    _retired(
        "get_character_v2(char_normalized_name character varying)",
        returns="jsonb",
        lacks="the relation character_profiles_v2",
    ),
    _retired(
        "upsert_character_v2("
        "p_name character varying, p_normalized_name character varying, p_bot_name character varying, "
        "p_archetype public.character_archetype_enum, p_cdl_data jsonb, "
        "p_workflow_data jsonb DEFAULT '{}'::jsonb, p_metadata jsonb DEFAULT '{}'::jsonb)",
        returns="bigint",
        lacks="the JSON table of personas and its materialized view",
    ),
    _retired(
        "migrate_to_jsonb_schema()",
        returns="integer",
        lacks="the normalised tables to copy and the JSON table to fill",
    ),
    _retired(
        "start_workflow_v2("
        "user_id_param character varying, char_normalized_name character varying, "
        "workflow_name_param character varying, "
        "initial_context jsonb DEFAULT '{}'::jsonb, workflow_config_param jsonb DEFAULT '{}'::jsonb)",
        returns="bigint",
        lacks="the workflow tables",
    ),
    _retired(
        "update_workflow_state_v2("
        "p_character_id bigint, p_workflow_name character varying, p_new_state character varying, "
        "p_context_data jsonb DEFAULT '{}'::jsonb)",
        returns="boolean",
        lacks="the workflow table",
    ),
    _retired(
        "get_user_workflows_v2(user_id_param character varying)",
        returns="jsonb",
        lacks="the workflow tables",
    ),
    _retired(
        "refresh_character_profiles_v2()",
        returns="trigger",
        lacks="the materialized view of persona profiles",
    ),
    _retired(
        "track_personality_parameter_changes()",
        returns="trigger",
        lacks="the personality columns to watch",
    ),
    DDL(
        "COMMENT ON FUNCTION public.track_personality_parameter_changes() IS "
        "'Retired: would log changes of personality columns that this schema lacks'"
    ),
)
