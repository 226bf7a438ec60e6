"""The views over the tuning of personas: how the tries went, and which parameters changed by them or by hand."""

from alembic_utils.pg_view import PGView
from sqlalchemy import DDL

personality_optimization_summary = PGView(
    "public",
    "personality_optimization_summary",
    """
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
""",
)

personality_parameter_change_history = PGView(
    "public",
    "personality_parameter_change_history",
    """
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
""",
)

recent_personality_changes = PGView(
    "public",
    "recent_personality_changes",
    """
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
""",
)

VIEWS = (
    personality_optimization_summary,
    DDL(
        "COMMENT ON VIEW public.personality_optimization_summary IS "
        "'Per persona: tries, successes, gains and rollbacks, the best success rate first'"
    ),
    personality_parameter_change_history,
    DDL(
        "COMMENT ON VIEW public.personality_parameter_change_history IS "
        "'Every change of a personality parameter, with the try it belongs to and how that went'"
    ),
    recent_personality_changes,
    DDL(
        "COMMENT ON VIEW public.recent_personality_changes IS "
        "'The changes of the last 30 days, the newest first, automated or manual'"
    ),
)
