"""keep conversation guidance in tables

+ table character_conversation_modes
+ table character_general_conversation
+ table character_mode_examples
+ table character_mode_guidance
+ table character_response_patterns
+ table character_response_style
+ table character_response_style_items
- column communication_styles.ai_identity_handling text
- column communication_styles.conversation_flow_guidance text
Allowed: drop-column communication_styles.ai_identity_handling
Allowed: drop-column communication_styles.conversation_flow_guidance

Both columns hold text that should be JSON. The upgrade moves all of it before the columns go:

- Of the first row of each persona in communication_styles, an object in conversation_flow_guidance is taken apart:
  "general" becomes the general settings, "response_style" the items of the style by type, every other object a mode.
  A value is moved if it is a text that fits its column, or a list of texts.
- The remainder, also text that is not such an object, becomes a pattern of the persona's responses. It is named after
  the column, and its sort_order is the id of the row. The whole of ai_identity_handling becomes such a pattern too.
- A row without a persona has no place in the new tables. Its text is kept in system_settings, also after a downgrade.

The downgrade puts everything together again, including modes, settings and items that came later; a persona that has
none of its own gets a row in communication_styles. Objects come back as jsonb prints them. Not restored: the difference
between NULL, an empty text, {}, [] and null; a name that an object contains twice; ids and times of the new rows.

Revision ID: 30b76b37f824
Revises: e9fbf949a39f
Create Date: 2026-11-28 20:06:57.049875+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "30b76b37f824"
down_revision = "e9fbf949a39f"
branch_labels = None
depends_on = None

COLUMNS = ("conversation_flow_guidance", "ai_identity_handling")
KEPT_NAMES = ", ".join(f"'{column}'" for column in COLUMNS)

FUNCTIONS = [
    """
CREATE FUNCTION pg_temp.as_jsonb(value text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL; -- not JSON: prose, what Python prints of a dict, a character that jsonb cannot hold
END
$$
""",
    """
CREATE FUNCTION pg_temp.as_text(value jsonb, longest integer) RETURNS text LANGUAGE sql AS $$
    SELECT value #>> '{}' WHERE jsonb_typeof(value) = 'string' AND length(value #>> '{}') <= longest
$$
""",
    """
CREATE FUNCTION pg_temp.as_texts(value jsonb) RETURNS TABLE (item text, place bigint) LANGUAGE sql AS $$
    SELECT found.value #>> '{}', found.place
    FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END)
        WITH ORDINALITY AS found (value, place)
    WHERE NOT jsonb_path_exists(value, '$[*] ? (@.type() != "string")')
$$
""",
    """
CREATE FUNCTION pg_temp.as_object(value jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END
$$
""",
    """
CREATE FUNCTION pg_temp.without(whole jsonb, part jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    name text;
    inner_part jsonb;
BEGIN
    FOR name IN SELECT jsonb_object_keys(part) LOOP
        IF whole -> name = part -> name THEN
            whole := whole - name;
        ELSIF jsonb_typeof(whole -> name) = 'object' AND jsonb_typeof(part -> name) = 'object' THEN
            inner_part := pg_temp.without(whole -> name, part -> name);
            whole := CASE inner_part WHEN '{}' THEN whole - name ELSE whole || jsonb_build_object(name, inner_part) END;
        END IF;
    END LOOP;
    RETURN whole;
END
$$
""",
    """
CREATE FUNCTION pg_temp.together(one jsonb, other jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT jsonb_object_keys(other) LOOP
        one := one || jsonb_build_object(name, CASE
            WHEN jsonb_typeof(one -> name) = 'object' AND jsonb_typeof(other -> name) = 'object'
            THEN pg_temp.together(one -> name, other -> name) ELSE other -> name END);
    END LOOP;
    RETURN one;
END
$$
""",
    # What the tables hold of a persona, as the object that was taken apart.
    f"""
CREATE FUNCTION pg_temp.guidance(persona integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.together(coalesce((
        SELECT jsonb_object_agg(mode.mode_name, jsonb_strip_nulls(jsonb_build_object(
            'energy_level', mode.energy_level,
            'approach', mode.approach,
            'transition_style', mode.transition_style,
            'avoid', (SELECT jsonb_agg(item.guidance_text ORDER BY item.sort_order, item.id)
                      FROM public.character_mode_guidance AS item
                      WHERE item.mode_id = mode.id AND item.guidance_type = 'avoid'),
            'encourage', (SELECT jsonb_agg(item.guidance_text ORDER BY item.sort_order, item.id)
                          FROM public.character_mode_guidance AS item
                          WHERE item.mode_id = mode.id AND item.guidance_type = 'encourage'),
            'examples', (SELECT jsonb_agg(item.example_text ORDER BY item.sort_order, item.id)
                         FROM public.character_mode_examples AS item WHERE item.mode_id = mode.id))))
        FROM public.character_conversation_modes AS mode WHERE mode.character_id = persona
    ), '{{}}'), jsonb_strip_nulls(jsonb_build_object(
        'general', (
            SELECT nullif(jsonb_strip_nulls(jsonb_build_object(
                'default_energy', general.default_energy,
                'conversation_style', general.conversation_style,
                'transition_approach', general.transition_approach,
                'response_patterns', (
                    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                        'pattern_name', pattern.pattern_name, 'pattern_description', pattern.pattern_description))
                        ORDER BY pattern.sort_order, pattern.id)
                    FROM public.character_response_patterns AS pattern
                    WHERE pattern.general_conversation_id = general.id
                      AND coalesce(pattern.pattern_name, '') NOT IN ({KEPT_NAMES})))), '{{}}')
            FROM public.character_general_conversation AS general WHERE general.character_id = persona),
        'response_style', (
            SELECT jsonb_object_agg(found.item_type, found.items)
            FROM (SELECT item.item_type, jsonb_agg(item.item_text ORDER BY item.sort_order, item.id) AS items
                  FROM public.character_response_style AS style
                  JOIN public.character_response_style_items AS item ON item.response_style_id = style.id
                  WHERE style.character_id = persona GROUP BY item.item_type) AS found))))
$$
""",
]

# The first row of each persona; `said` is its guidance if that is an object.
FIRST = """
    (SELECT DISTINCT ON (style.character_id) style.id, style.character_id AS persona,
            CASE jsonb_typeof(pg_temp.as_jsonb(style.conversation_flow_guidance))
                WHEN 'object' THEN pg_temp.as_jsonb(style.conversation_flow_guidance) END AS said
     FROM public.communication_styles AS style WHERE style.character_id IS NOT NULL
     ORDER BY style.character_id, style.id)"""

TAKEN_APART = [
    f"""
INSERT INTO public.character_conversation_modes (character_id, mode_name, energy_level, approach, transition_style)
SELECT first.persona, mode.name, pg_temp.as_text(mode.said -> 'energy_level', 50),
       pg_temp.as_text(mode.said -> 'approach', 2147483647), pg_temp.as_text(mode.said -> 'transition_style', 2147483647)
FROM {FIRST} AS first, jsonb_each(first.said) AS mode (name, said)
WHERE jsonb_typeof(mode.said) = 'object' AND mode.name NOT IN ('general', 'response_style') AND length(mode.name) <= 100
""",
    f"""
INSERT INTO public.character_mode_guidance (mode_id, guidance_type, guidance_text, sort_order)
SELECT mode.id, kind.name, listed.item, listed.place
FROM {FIRST} AS first
JOIN public.character_conversation_modes AS mode ON mode.character_id = first.persona
CROSS JOIN (VALUES ('avoid'), ('encourage')) AS kind (name)
CROSS JOIN pg_temp.as_texts(first.said -> mode.mode_name -> kind.name) AS listed
""",
    f"""
INSERT INTO public.character_mode_examples (mode_id, example_text, sort_order)
SELECT mode.id, listed.item, listed.place
FROM {FIRST} AS first
JOIN public.character_conversation_modes AS mode ON mode.character_id = first.persona
CROSS JOIN pg_temp.as_texts(first.said -> mode.mode_name -> 'examples') AS listed
""",
    f"""
INSERT INTO public.character_general_conversation (character_id, default_energy, conversation_style, transition_approach)
SELECT first.persona, pg_temp.as_text(first.said -> 'general' -> 'default_energy', 50),
       pg_temp.as_text(first.said -> 'general' -> 'conversation_style', 2147483647),
       pg_temp.as_text(first.said -> 'general' -> 'transition_approach', 2147483647)
FROM {FIRST} AS first
""",
    f"""
INSERT INTO public.character_response_patterns (general_conversation_id, pattern_name, pattern_description, sort_order)
SELECT general.id, pg_temp.as_text(listed.said -> 'pattern_name', 100),
       pg_temp.as_text(listed.said -> 'pattern_description', 2147483647), listed.place
FROM {FIRST} AS first
JOIN public.character_general_conversation AS general ON general.character_id = first.persona
CROSS JOIN jsonb_array_elements(CASE jsonb_typeof(first.said -> 'general' -> 'response_patterns')
    WHEN 'array' THEN first.said -> 'general' -> 'response_patterns' ELSE '[]' END)
    WITH ORDINALITY AS listed (said, place)
WHERE pg_temp.as_text(listed.said -> 'pattern_name', 100) IS NOT NULL
  AND listed.said ->> 'pattern_name' NOT IN ({KEPT_NAMES})
""",
    f"""
INSERT INTO public.character_response_style (character_id)
SELECT first.persona FROM {FIRST} AS first WHERE jsonb_typeof(first.said -> 'response_style') = 'object'
""",
    f"""
INSERT INTO public.character_response_style_items (response_style_id, item_type, item_text, sort_order)
SELECT style.id, kind.name, listed.item, listed.place
FROM {FIRST} AS first
JOIN public.character_response_style AS style ON style.character_id = first.persona
CROSS JOIN jsonb_each(pg_temp.as_object(first.said -> 'response_style')) AS kind (name, said)
CROSS JOIN pg_temp.as_texts(kind.said) AS listed
WHERE length(kind.name) <= 50
""",
]

# The text of each row and column that the other tables do not hold.
REMAINDER = f"""
    (SELECT style.id, style.character_id AS persona, kept.name, kept.said
     FROM public.communication_styles AS style
     LEFT JOIN {FIRST} AS first ON first.id = style.id
     CROSS JOIN LATERAL (VALUES
         ('conversation_flow_guidance', CASE WHEN first.said IS NULL THEN style.conversation_flow_guidance
             ELSE pg_temp.without(first.said, pg_temp.guidance(first.persona))::text END),
         ('ai_identity_handling', style.ai_identity_handling)) AS kept (name, said)
     WHERE btrim(kept.said, E' \\t\\r\\n') NOT IN ('', '{{}}', '[]', 'null'))"""

REMAINDER_KEPT = [
    f"""
INSERT INTO public.character_response_patterns (general_conversation_id, pattern_name, pattern_description, sort_order)
SELECT general.id, kept.name, kept.said, kept.id
FROM {REMAINDER} AS kept
JOIN public.character_general_conversation AS general ON general.character_id = kept.persona
ORDER BY kept.id, kept.name DESC
""",
    f"""
DELETE FROM public.system_settings WHERE key ~ '^communication_styles[.][0-9]+[.]({"|".join(COLUMNS)})$'
""",
    f"""
INSERT INTO public.system_settings (key, value, description)
SELECT 'communication_styles.' || kept.id || '.' || kept.name, kept.said, 'the text of a row that has no persona'
FROM {REMAINDER} AS kept WHERE kept.persona IS NULL
""",
    # A persona of whom nothing was said needs no settings.
    """
DELETE FROM public.character_general_conversation AS general
WHERE num_nonnulls(general.default_energy, general.conversation_style, general.transition_approach) = 0
  AND NOT EXISTS (SELECT FROM public.character_response_patterns AS pattern
                  WHERE pattern.general_conversation_id = general.id)
""",
]

PUT_TOGETHER = [
    """
INSERT INTO public.communication_styles (character_id)
SELECT persona.id FROM public.characters AS persona
WHERE pg_temp.guidance(persona.id) <> '{}'
  AND NOT EXISTS (SELECT FROM public.communication_styles AS style WHERE style.character_id = persona.id)
""",
    *(
        f"""
UPDATE public.communication_styles AS style SET {column} = kept.said
FROM (SELECT pattern.sort_order AS id, pattern.pattern_description AS said
      FROM public.character_response_patterns AS pattern WHERE pattern.pattern_name = '{column}'
      UNION ALL
      SELECT substring(setting.key, '^communication_styles[.]([0-9]{{1,9}})[.]{column}$')::integer, setting.value
      FROM public.system_settings AS setting) AS kept
WHERE kept.id = style.id
"""
        for column in COLUMNS
    ),
    """
UPDATE public.communication_styles AS style SET conversation_flow_guidance = (CASE
    WHEN style.conversation_flow_guidance IS NULL THEN first.said
    WHEN jsonb_typeof(pg_temp.as_jsonb(style.conversation_flow_guidance)) = 'object'
    THEN pg_temp.together(first.said, pg_temp.as_jsonb(style.conversation_flow_guidance))
    ELSE first.said || jsonb_build_object('not_json', style.conversation_flow_guidance) END)::text
FROM (SELECT min(style.id) AS id, pg_temp.guidance(style.character_id) AS said
      FROM public.communication_styles AS style GROUP BY style.character_id) AS first
WHERE first.id = style.id AND first.said <> '{}'
""",
]

DROPPED = [
    "DROP FUNCTION pg_temp.guidance",
    "DROP FUNCTION pg_temp.together",
    "DROP FUNCTION pg_temp.without",
    "DROP FUNCTION pg_temp.as_object",
    "DROP FUNCTION pg_temp.as_texts",
    "DROP FUNCTION pg_temp.as_text",
    "DROP FUNCTION pg_temp.as_jsonb",
]


def upgrade() -> None:
    op.create_table(
        "character_conversation_modes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("mode_name", sa.String(100), nullable=False),
        sa.Column("energy_level", sa.String(50)),
        sa.Column("approach", sa.Text()),
        sa.Column("transition_style", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_conversation_modes_pkey")),
        sa.UniqueConstraint(
            "character_id", "mode_name", name=op.f("character_conversation_modes_character_id_mode_name_key")
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_conversation_modes_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_conversation_modes_character"), "character_conversation_modes", ["character_id"])
    op.create_table(
        "character_general_conversation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("default_energy", sa.String(50)),
        sa.Column("conversation_style", sa.Text()),
        sa.Column("transition_approach", sa.Text()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_general_conversation_pkey")),
        sa.UniqueConstraint("character_id", name=op.f("character_general_conversation_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_general_conversation_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "character_mode_examples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode_id", sa.Integer(), nullable=False),
        sa.Column("example_text", sa.Text(), nullable=False),
        sa.Column("example_type", sa.String(50)),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_mode_examples_pkey")),
        sa.ForeignKeyConstraint(
            ["mode_id"],
            ["character_conversation_modes.id"],
            name=op.f("character_mode_examples_mode_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_mode_examples_mode"), "character_mode_examples", ["mode_id"])
    op.create_table(
        "character_mode_guidance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode_id", sa.Integer(), nullable=False),
        sa.Column("guidance_type", sa.String(20), nullable=False),
        sa.Column("guidance_text", sa.Text(), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.CheckConstraint(
            "(guidance_type)::text = ANY (ARRAY[('avoid'::character varying)::text, ('encourage'::character varying)::text])",
            name=op.f("ck_guidance_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("character_mode_guidance_pkey")),
        sa.ForeignKeyConstraint(
            ["mode_id"],
            ["character_conversation_modes.id"],
            name=op.f("character_mode_guidance_mode_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_mode_guidance_mode"), "character_mode_guidance", ["mode_id"])
    op.create_table(
        "character_response_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("general_conversation_id", sa.Integer(), nullable=False),
        sa.Column("pattern_name", sa.String(100)),
        sa.Column("pattern_description", sa.Text()),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_response_patterns_pkey")),
        sa.ForeignKeyConstraint(
            ["general_conversation_id"],
            ["character_general_conversation.id"],
            name=op.f("character_response_patterns_general_conversation_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_response_patterns_general"), "character_response_patterns", ["general_conversation_id"])
    op.create_table(
        "character_response_style",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_response_style_pkey")),
        sa.UniqueConstraint("character_id", name=op.f("character_response_style_character_id_key")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_response_style_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "character_response_style_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_style_id", sa.Integer(), nullable=False),
        sa.Column("item_type", sa.String(50), nullable=False),
        sa.Column("item_text", sa.Text(), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_response_style_items_pkey")),
        sa.ForeignKeyConstraint(
            ["response_style_id"],
            ["character_response_style.id"],
            name=op.f("character_response_style_items_response_style_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_response_style_items_style"), "character_response_style_items", ["response_style_id"])
    for statement in [*FUNCTIONS, *TAKEN_APART, *REMAINDER_KEPT, *DROPPED]:
        op.execute(statement)
    op.drop_column("communication_styles", "ai_identity_handling")
    op.drop_column("communication_styles", "conversation_flow_guidance")


def downgrade() -> None:
    op.add_column("communication_styles", sa.Column("conversation_flow_guidance", sa.Text()))
    op.add_column("communication_styles", sa.Column("ai_identity_handling", sa.Text()))
    for statement in [*FUNCTIONS, *PUT_TOGETHER, *DROPPED]:
        op.execute(statement)
    op.drop_table("character_mode_examples")
    op.drop_table("character_mode_guidance")
    op.drop_table("character_conversation_modes")
    op.drop_table("character_response_patterns")
    op.drop_table("character_general_conversation")
    op.drop_table("character_response_style_items")
    op.drop_table("character_response_style")
