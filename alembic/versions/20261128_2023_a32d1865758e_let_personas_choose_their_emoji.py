"""let personas choose their emoji

+ column characters.emoji_age_demographic character varying(50) NOT NULL DEFAULT 'millennial'::character varying
+ column characters.emoji_combination character varying(50) NOT NULL DEFAULT 'text_with_accent_emoji'::character varying
+ column characters.emoji_cultural_influence character varying(100) NOT NULL DEFAULT 'general'::character varying
+ column characters.emoji_frequency character varying(50) NOT NULL DEFAULT 'moderate'::character varying
+ column characters.emoji_placement character varying(50) NOT NULL DEFAULT 'end_of_message'::character varying
+ column characters.emoji_style character varying(50) NOT NULL DEFAULT 'general'::character varying
+ comment table column characters.emoji_age_demographic (the generation whose use of emoji the persona follows)
+ comment table column characters.emoji_combination (how emoji and text share a message)
+ comment table column characters.emoji_cultural_influence (the culture that colours the choice of emoji)
+ comment table column characters.emoji_frequency (how often a message has emoji, in a word such as moderate)
+ comment table column characters.emoji_placement (where in a message emoji are put)
+ comment table column characters.emoji_style (the kind of emoji that fit the persona, in a word such as general)

Existing personas get the defaults. If all patterns in character_emoji_patterns that give a frequency agree on it, the
persona takes that frequency instead. The downgrade loses the values of the new columns; the patterns stay.

Revision ID: a32d1865758e
Revises: d084b9377de9
Create Date: 2026-11-28 20:23:38.761562+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "a32d1865758e"
down_revision = "d084b9377de9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "characters",
        sa.Column(
            "emoji_frequency",
            sa.String(50),
            server_default=sa.text("'moderate'::character varying"),
            nullable=False,
            comment="how often a message has emoji, in a word such as moderate",
        ),
    )
    op.add_column(
        "characters",
        sa.Column(
            "emoji_style",
            sa.String(50),
            server_default=sa.text("'general'::character varying"),
            nullable=False,
            comment="the kind of emoji that fit the persona, in a word such as general",
        ),
    )
    op.add_column(
        "characters",
        sa.Column(
            "emoji_combination",
            sa.String(50),
            server_default=sa.text("'text_with_accent_emoji'::character varying"),
            nullable=False,
            comment="how emoji and text share a message",
        ),
    )
    op.add_column(
        "characters",
        sa.Column(
            "emoji_placement",
            sa.String(50),
            server_default=sa.text("'end_of_message'::character varying"),
            nullable=False,
            comment="where in a message emoji are put",
        ),
    )
    op.add_column(
        "characters",
        sa.Column(
            "emoji_age_demographic",
            sa.String(50),
            server_default=sa.text("'millennial'::character varying"),
            nullable=False,
            comment="the generation whose use of emoji the persona follows",
        ),
    )
    op.add_column(
        "characters",
        sa.Column(
            "emoji_cultural_influence",
            sa.String(100),
            server_default=sa.text("'general'::character varying"),
            nullable=False,
            comment="the culture that colours the choice of emoji",
        ),
    )
    op.execute("""
UPDATE public.characters AS persona SET emoji_frequency = agreed.frequency
FROM (SELECT character_id, min(btrim(frequency)) AS frequency FROM public.character_emoji_patterns
      WHERE btrim(frequency) <> '' GROUP BY character_id HAVING count(DISTINCT btrim(frequency)) = 1) AS agreed
WHERE agreed.character_id = persona.id
""")


def downgrade() -> None:
    op.drop_column("characters", "emoji_age_demographic")
    op.drop_column("characters", "emoji_combination")
    op.drop_column("characters", "emoji_cultural_influence")
    op.drop_column("characters", "emoji_frequency")
    op.drop_column("characters", "emoji_placement")
    op.drop_column("characters", "emoji_style")
