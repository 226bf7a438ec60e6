"""The triggers. All keep a time of last change: of the row itself, or of the persona that a row belongs to."""

from alembic_utils.pg_trigger import PGTrigger


def _before_update(name: str, table: str, function: str) -> PGTrigger:
    return PGTrigger(
        "public",
        name,
        f"BEFORE UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION public.{function}()",
        on_entity=f"public.{table}",
    )


def _touches_character(name: str, table: str) -> PGTrigger:
    return PGTrigger(
        "public",
        name,
        f"AFTER INSERT OR DELETE OR UPDATE ON public.{table} "
        "FOR EACH ROW EXECUTE FUNCTION public.update_character_timestamp()",
        on_entity=f"public.{table}",
    )


TRIGGERS = (
    _before_update("update_fact_entities_updated_at", "fact_entities", "update_updated_at_column"),
    _before_update("update_user_fact_relationships_updated_at", "user_fact_relationships", "update_updated_at_column"),
    _before_update(
        "trigger_update_roleplay_transaction_timestamp",
        "roleplay_transactions",
        "update_roleplay_transaction_timestamp",
    ),
    _touches_character("trigger_update_character_timestamp_abilities", "character_abilities"),
    _touches_character("trigger_update_character_timestamp_appearance", "character_appearance"),
    _touches_character("trigger_update_character_timestamp_background", "character_background"),
    _touches_character("trigger_update_character_timestamp_triggers", "character_behavioral_triggers"),
    _touches_character("trigger_update_character_timestamp_patterns", "character_communication_patterns"),
    _touches_character("trigger_update_character_timestamp_essence", "character_essence"),
    _touches_character("trigger_update_character_timestamp_instructions", "character_instructions"),
    _touches_character("trigger_update_character_timestamp_memories", "character_memories"),
    _touches_character("trigger_update_character_timestamp_metadata", "character_metadata"),
    _touches_character("trigger_update_character_timestamp_relationships", "character_relationships"),
)
