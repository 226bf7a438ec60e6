"""The models as an application uses them: quick to import, with relationships that follow the foreign keys."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, NullPool, UniqueConstraint, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import RelationshipDirection, Session, selectinload

import whisper_models as models

MAPPERS = sorted(models.Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
ONE_TO_MANY = [
    downward
    for mapper in MAPPERS
    for downward in mapper.relationships
    if downward.direction is RelationshipDirection.ONETOMANY and not downward.viewonly
]


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    engine = create_engine(database, poolclass=NullPool)
    with engine.begin() as connection:
        for extension in ("btree_gin", "pg_trgm"):
            connection.execute(text(f"CREATE EXTENSION {extension}"))
        models.metadata.create_all(connection)
    yield engine
    engine.dispose()


def run(*arguments: str) -> str:
    """Run code in a new interpreter, and return its output."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(statement: str) -> set[str]:
    return set(run("-c", f"import sys; {statement}; print(*(name.partition('.')[0] for name in sys.modules))").split())


def rows(session: Session) -> dict[str, int]:
    """Return the tables that contain rows, with the number of rows."""
    counts = {
        table.name: session.scalar(select(func.count()).select_from(table)) for table in models.metadata.sorted_tables
    }
    return {name: count for name, count in counts.items() if count}


def test_import_needs_sqlalchemy_only() -> None:
    sqlalchemy = loaded_by("import sqlalchemy.orm, sqlalchemy.dialects.postgresql")
    assert loaded_by("import whisper_models") - sqlalchemy - sys.stdlib_module_names == {"whisper_models"}


def test_mappers_configure_without_a_warning() -> None:
    run("-W", "error", "-c", "import whisper_models, sqlalchemy.orm; sqlalchemy.orm.configure_mappers()")


def test_every_model_is_exported() -> None:
    assert {mapper.class_.__name__ for mapper in MAPPERS} == set(models.__all__) - {"Base", "enums", "metadata"}


def test_every_foreign_key_is_a_relationship_both_ways() -> None:
    for mapper in MAPPERS:
        for key in mapper.local_table.foreign_key_constraints:
            (upward,) = (found for found in mapper.relationships if found.local_columns == set(key.columns))
            assert upward.back_populates, key


def test_relationships_do_on_delete_what_the_database_does() -> None:
    for downward in ONE_TO_MANY:
        keys = downward.entity.local_table.foreign_key_constraints
        (ondelete,) = (key.ondelete for key in keys if set(key.columns) == downward.remote_side)
        assert downward.cascade.delete is downward.cascade.delete_orphan is (ondelete == "CASCADE"), downward
        assert downward.passive_deletes == (True if ondelete else "all"), downward


def test_a_unique_foreign_key_leads_to_one_row() -> None:
    for downward in ONE_TO_MANY:
        constraints = downward.entity.local_table.constraints
        uniques = [set(unique.columns) for unique in constraints if isinstance(unique, UniqueConstraint)]
        assert downward.uselist is (downward.remote_side not in uniques), downward


def test_a_persona_comes_with_its_rows_and_takes_them_along(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(
            models.Character(
                name="Elena",
                normalized_name="elena",
                abilities=[
                    models.CharacterAbility(category="sea", ability_name="diving", proficiency_level=9),
                    models.CharacterAbility(category="sea", ability_name="sailing"),
                ],
                memories=[
                    models.CharacterMemory(
                        memory_type="childhood", title="The reef", description="Blue.", triggers=["sea", "fish"]
                    )
                ],
                voice_profile=models.CharacterVoiceProfile(tone="warm"),
                current_context=models.CharacterCurrentContext(daily_routine="Tides first."),
                conversation_modes=[
                    models.CharacterConversationMode(
                        mode_name="teaching",
                        examples=[models.CharacterModeExample(example_text="Look!", sort_order=1)],
                    )
                ],
            )
        )

    with Session(engine) as session:
        elena = session.scalars(
            select(models.Character).options(
                selectinload(models.Character.abilities),
                selectinload(models.Character.memories),
                selectinload(models.Character.voice_profile),
                selectinload(models.Character.current_context),
                selectinload(models.Character.conversation_modes).selectinload(
                    models.CharacterConversationMode.examples
                ),
            )
        ).one()
    assert elena.archetype == "real-world"
    assert {ability.ability_name: ability.proficiency_level for ability in elena.abilities} == {
        "diving": 9,
        "sailing": 5,
    }
    assert [memory.triggers for memory in elena.memories] == [["sea", "fish"]]
    assert elena.voice_profile is not None and elena.voice_profile.tone == "warm"
    assert elena.current_context is not None and elena.current_context.living_situation is None
    assert [example.example_text for example in elena.conversation_modes[0].examples] == ["Look!"]

    with Session(engine) as session, session.begin():
        elena = session.get_one(models.Character, elena.id)
        assert elena.memories[0].character is elena
        session.delete(elena)
        session.flush()
        assert rows(session) == {}


def test_a_persona_lets_go_of_a_row(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        persona = models.Character(
            name="Marcus",
            normalized_name="marcus",
            values=[models.CharacterValue(value_key="a", value_description="b")],
        )
        session.add(persona)
        session.flush()
        persona.values.clear()
        session.flush()
        assert rows(session) == {"characters": 1}


def test_a_user_has_a_profile_and_conversations(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(models.UserProfile(user_id="42", name="Sam"))
        session.add(
            models.User(
                user_id="42",
                username="sam",
                conversations=[models.Conversation(channel_id="general", message_content="Hello")],
            )
        )

    with Session(engine) as session, session.begin():
        user = session.scalars(select(models.User).options(selectinload(models.User.profile))).one()
        assert user.profile is not None
        assert (user.profile.name, user.profile.preferences, user.profile.trust_indicators) == ("Sam", {}, [])
        assert [conversation.user for conversation in user.conversations] == [user]
        session.delete(user)
        session.flush()
        assert rows(session) == {"user_profiles": 1}


def test_a_user_who_is_remembered_cannot_be_deleted(engine: Engine) -> None:
    with Session(engine) as session:
        user = models.User(user_id="42", username="sam")
        user.memories = [models.MemoryEntry(memory_type="note", content="Likes tea.")]
        session.add(user)
        session.commit()
        assert user.memories[0].metadata_ == "{}"
        session.delete(user)
        with pytest.raises(IntegrityError, match="memory_entries_user_id_fkey"):
            session.flush()


def test_scores_are_joined_by_user_and_bot(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for bot in ("elena", "marcus"):
            session.add(
                models.RelationshipScore(
                    user_id="42", bot_name=bot, events=[models.RelationshipEvent(event_type=f"met {bot}")]
                )
            )
        session.add(
            models.TrustRecoveryState(
                user_id="42",
                bot_name="elena",
                recovery_stage="active",
                initial_trust=Decimal("0.1"),
                current_trust=Decimal("0.2"),
                target_trust=Decimal("0.5"),
                started_at=datetime(2025, 10, 11),
            )
        )

    with Session(engine) as session, session.begin():
        score = session.get_one(models.RelationshipScore, ("42", "elena"))
        assert (score.trust, score.affection, score.attunement) == (Decimal("0.5"), Decimal("0.4"), Decimal("0.3"))
        assert [event.event_type for event in score.events] == ["met elena"]
        assert [recovery.score for recovery in score.recoveries] == [score]
        session.delete(score)
        session.flush()
        assert rows(session) == {"relationship_scores": 1, "relationship_events": 1}


def test_the_graph_is_walked_both_ways_and_searched(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        reef = models.FactEntity(entity_type="place", entity_name="coral reef", attributes={"tags": "diving"})
        sea = models.FactEntity(entity_type="place", entity_name="sea")
        sam = models.UniversalUser(universal_id="u1", primary_username="sam")
        edge = models.EntityRelationship(source=reef, target=sea, relationship_type="part_of")
        fact = models.UserFactRelationship(person=sam, entity=reef, relationship_type="loves")
        session.add_all([edge, fact])

    with Session(engine) as session, session.begin():
        found = func.websearch_to_tsquery("english", "dive")
        reef = session.scalars(
            select(models.FactEntity).where(models.FactEntity.search_vector.bool_op("@@")(found))
        ).one()
        assert [edge.target.entity_name for edge in reef.outgoing] == ["sea"]
        assert [edge.source for edge in reef.outgoing[0].target.incoming] == [reef]
        assert [fact.person.primary_username for fact in reef.people] == ["sam"]
        session.delete(reef)
        session.flush()
        assert rows(session) == {"fact_entities": 1, "universal_users": 1}


def test_the_timeline_outlives_the_attempt(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        attempt = models.PersonalityOptimizationAttempt(
            optimization_id="o1",
            character_name="elena",
            optimization_approach="moderate",
            expected_improvement=Decimal("0.2"),
            implementation_complexity="low",
            result=models.PersonalityOptimizationResult(character_name="elena"),
            evolution=[
                models.PersonalityEvolutionTimeline(character_name="elena", parameter_path="warmth", new_value="0.9")
            ],
        )
        session.add(attempt)

    with Session(engine) as session, session.begin():
        session.delete(session.scalars(select(models.PersonalityOptimizationAttempt)).one())
        session.flush()
        assert rows(session) == {"personality_evolution_timeline": 1}
        assert session.scalars(select(models.PersonalityEvolutionTimeline.optimization_id)).one() is None
