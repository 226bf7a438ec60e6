"""find facts by a user id that is text

+ function get_user_facts_with_relations(character varying,text,double precision,integer)

Revision ID: aaf88f95d9ab
Revises: 679de952288a
Create Date: 2026-11-28 20:30:46.437605+00:00
"""

from alembic import op

revision = "aaf88f95d9ab"
down_revision = "679de952288a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
CREATE OR REPLACE FUNCTION public.get_user_facts_with_relations(p_user_id character varying, p_entity_type text DEFAULT NULL::text, p_min_confidence double precision DEFAULT 0.5, p_limit integer DEFAULT 20)
 RETURNS TABLE(entity_name text, entity_category text, relationship_type text, confidence double precision, emotional_context text, mentioned_by_character text, related_entities_count bigint, last_updated timestamp without time zone)
 LANGUAGE plpgsql
AS $function$
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
    WHERE fact.user_id = p_user_id
        AND NOT starts_with(fact.relationship_type, '_')
        AND NOT starts_with(entity.entity_type, '_')
        AND fact.confidence >= p_min_confidence
        AND (p_entity_type IS NULL OR entity.entity_type = p_entity_type)
    ORDER BY fact.confidence DESC, fact.updated_at DESC, entity.entity_name
    LIMIT p_limit;
END
$function$
""")


def downgrade() -> None:
    op.execute("DROP FUNCTION public.get_user_facts_with_relations(character varying,text,double precision,integer)")
