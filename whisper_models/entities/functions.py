"""The functions that work. Every name in a body is qualified, so that none depends on the caller's search_path."""

from alembic_utils.pg_function import PGFunction
from sqlalchemy import DDL

# The persona and what is read together with it: the graph that two of the functions below look after.
GRAPH_TABLES = (
    "characters",
    "character_abilities",
    "character_background",
    "character_behavioral_triggers",
    "character_communication_patterns",
    "character_memories",
    "character_relationships",
)
_NAMES = ",\n            ".join(f"'{table}'" for table in GRAPH_TABLES)
_TABLES = ",\n        ".join(f"public.{table}" for table in GRAPH_TABLES)


def _touches_updated_at(name: str) -> PGFunction:
    """A trigger function that sets updated_at of the row being written."""
    return PGFunction(
        "public",
        f"{name}()",
        """
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := CURRENT_TIMESTAMP;
    RETURN NEW;
END
$$
""",
    )


update_updated_at_column = _touches_updated_at("update_updated_at_column")
update_updated_at_v2 = _touches_updated_at("update_updated_at_v2")
update_roleplay_transaction_timestamp = _touches_updated_at("update_roleplay_transaction_timestamp")

# OLD is null on INSERT and NEW on DELETE; a row that moves changes the character it leaves and the one it joins.
update_character_timestamp = PGFunction(
    "public",
    "update_character_timestamp()",
    """
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.characters
    SET updated_date = CURRENT_TIMESTAMP
    WHERE id IN (OLD.character_id, NEW.character_id);
    RETURN COALESCE(NEW, OLD);
END
$$
""",
)

discover_similar_entities = PGFunction(
    "public",
    "discover_similar_entities("
    "p_entity_id uuid, p_similarity_threshold double precision DEFAULT 0.3, p_limit integer DEFAULT 5)",
    """
RETURNS TABLE(similar_entity_id uuid, similar_entity_name text, similarity_score double precision)
LANGUAGE plpgsql AS $$
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
$$
""",
)


def _user_facts(user_type: str, condition: str) -> PGFunction:
    """A function that returns what is known of a user, whose id has the given type."""
    return PGFunction(
        "public",
        f"get_user_facts_with_relations(p_user_id {user_type}, p_entity_type text DEFAULT NULL::text, "
        "p_min_confidence double precision DEFAULT 0.5, p_limit integer DEFAULT 20)",
        f"""
RETURNS TABLE(
    entity_name text,
    entity_category text,
    relationship_type text,
    confidence double precision,
    emotional_context text,
    mentioned_by_character text,
    related_entities_count bigint,
    last_updated timestamp without time zone
)
LANGUAGE plpgsql AS $$
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
    WHERE {condition}
        AND fact.confidence >= p_min_confidence
        AND (p_entity_type IS NULL OR entity.entity_type = p_entity_type)
    ORDER BY fact.confidence DESC, fact.updated_at DESC, entity.entity_name
    LIMIT p_limit;
END
$$
""",
    )


get_user_facts_with_relations = _user_facts("uuid", "fact.user_id = p_user_id::text")

# An id of a user is text, and need not be a UUID. Entities and facts of a type that begins with an underscore are marks
# of the application's own work.
get_user_facts_by_text = _user_facts(
    "character varying",
    """fact.user_id = p_user_id
        AND NOT starts_with(fact.relationship_type, '_')
        AND NOT starts_with(entity.entity_type, '_')""",
)

analyze_cdl_graph_index_performance = PGFunction(
    "public",
    "analyze_cdl_graph_index_performance()",
    f"""
RETURNS TABLE(
    index_name text,
    table_name text,
    index_size text,
    index_scans bigint,
    tuples_read bigint,
    tuples_fetched bigint
)
LANGUAGE plpgsql AS $$
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
            {_NAMES}
        )
    ORDER BY usage.idx_scan DESC, usage.relname, usage.indexrelname;
END
$$
""",
)

maintain_cdl_graph_indexes = PGFunction(
    "public",
    "maintain_cdl_graph_indexes()",
    f"""
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE
        {_TABLES};
    RAISE NOTICE 'The statistics of {len(GRAPH_TABLES)} graph tables are up to date';
END
$$
""",
)

FUNCTIONS = (
    update_updated_at_column,
    update_updated_at_v2,
    update_roleplay_transaction_timestamp,
    update_character_timestamp,
    discover_similar_entities,
    DDL(
        "COMMENT ON FUNCTION public.discover_similar_entities(uuid, double precision, integer) IS "
        "'Entities of the same type whose names look alike, the most alike first'"
    ),
    get_user_facts_with_relations,
    get_user_facts_by_text,
    DDL(
        "COMMENT ON FUNCTION public.get_user_facts_with_relations(uuid, text, double precision, integer) IS "
        "'What is known of a user, the surest first, each with the number of edges that leave its entity'"
    ),
    analyze_cdl_graph_index_performance,
    maintain_cdl_graph_indexes,
)
