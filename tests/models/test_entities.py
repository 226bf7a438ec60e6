"""Every entity, created beside the tables and then used on rows, in sessions without a search_path."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from alembic_utils.pg_extension import PGExtension
from alembic_utils.replaceable_entity import ReplaceableEntity
from sqlalchemy import DDL, URL, Connection, NullPool, create_engine
from sqlalchemy.orm import Session

from whisper_models import metadata
from whisper_models.entities import ENTITIES
from whisper_models.entities.functions import GRAPH_TABLES
from whisper_models.entities.triggers import TRIGGERS

LONG_AGO = "2001-01-01"
CHARACTER_TABLES = sorted(
    trigger.on_entity.removeprefix("public.")
    for trigger in TRIGGERS
    if "update_character_timestamp" in trigger.definition
)


def create(connection: Connection, *entities: ReplaceableEntity | DDL) -> None:
    for entity in entities:
        connection.execute(entity if isinstance(entity, DDL) else entity.to_sql_statement_create())


@pytest.fixture
def connection(database: URL) -> Iterator[Connection]:
    """An open transaction with all tables and entities, in which no unqualified name resolves."""
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:
        create(connection, *(entity for entity in ENTITIES if isinstance(entity, PGExtension)))
        metadata.create_all(connection)
        create(connection, *(entity for entity in ENTITIES if not isinstance(entity, PGExtension)))
        connection.commit()
        connection.exec_driver_sql("SET search_path = ''")
        yield connection.execution_options(schema_translate_map={None: "public"})


def insert(connection: Connection, table: str, **values: object) -> None:
    connection.execute(metadata.tables[table].insert().values(**values))


def insert_least(connection: Connection, table: str, **values: object) -> None:
    """Insert a row; all other required columns, which are text, get an x."""
    columns = metadata.tables[table].columns
    required = [
        column.name for column in columns if not (column.nullable or column.server_default or column.primary_key)
    ]
    insert(connection, table, **{**dict.fromkeys(required, "x"), **values})


def rows(connection: Connection, query: str, *parameters: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query, parameters)]


def probe(connection: Connection, function: str, column: str) -> None:
    """Create a table with the given column and the trigger function before each change of a row."""
    connection.exec_driver_sql(f"CREATE TABLE public.probe ({column})")
    connection.exec_driver_sql(
        "CREATE TRIGGER probe BEFORE INSERT OR UPDATE OR DELETE ON public.probe "
        f"FOR EACH ROW EXECUTE FUNCTION public.{function}()"
    )


def test_a_database_made_from_the_entities_needs_no_change(connection: Connection) -> None:
    entities = [entity for entity in ENTITIES if not isinstance(entity, DDL)]
    with Session(connection) as session:
        assert [entity.identity for entity in entities if entity.get_required_migration_op(session)] == []


@pytest.fixture
def characters(connection: Connection) -> Connection:
    for number in (1, 2):
        insert(connection, "characters", id=number, name="x", normalized_name=f"x{number}", updated_date=LONG_AGO)
    return connection


def touched(connection: Connection) -> list[int]:
    """Return the characters marked as changed since the last call."""
    found = rows(connection, "SELECT id FROM public.characters WHERE updated_date = LOCALTIMESTAMP ORDER BY id")
    connection.exec_driver_sql(f"UPDATE public.characters SET updated_date = '{LONG_AGO}'")
    return [number for (number,) in found]


@pytest.mark.parametrize("table", CHARACTER_TABLES)
def test_a_change_of_a_part_is_a_change_of_its_character(characters: Connection, table: str) -> None:
    insert_least(characters, table, character_id=1)
    assert touched(characters) == [1]
    characters.exec_driver_sql(f"UPDATE public.{table} SET character_id = character_id")
    assert touched(characters) == [1]
    characters.exec_driver_sql(f"UPDATE public.{table} SET character_id = 2")
    assert touched(characters) == [1, 2]
    assert characters.exec_driver_sql(f"DELETE FROM public.{table}").rowcount == 1
    assert touched(characters) == [2]


def test_a_part_without_a_character_changes_none(characters: Connection) -> None:
    insert_least(characters, "character_memories", character_id=None)
    characters.exec_driver_sql("DELETE FROM public.character_memories")
    assert touched(characters) == []


def test_a_character_goes_with_its_parts(characters: Connection) -> None:
    assert len(CHARACTER_TABLES) == 10
    for table in CHARACTER_TABLES:
        insert_least(characters, table, character_id=1)
    assert characters.exec_driver_sql("DELETE FROM public.characters WHERE id = 1").rowcount == 1
    assert rows(characters, "SELECT id FROM public.characters") == [(2,)]
    assert rows(characters, "SELECT id FROM public.character_memories") == []


def test_the_character_trigger_hands_back_the_row(characters: Connection) -> None:
    probe(characters, "update_character_timestamp", "character_id integer")
    for change in (
        "INSERT INTO public.probe VALUES (1)",
        "UPDATE public.probe SET character_id = 2",
        "DELETE FROM public.probe WHERE character_id = 2",
    ):
        assert characters.exec_driver_sql(change).rowcount == 1


def insert_fact(connection: Connection, entity: UUID, **values: object) -> None:
    insert(connection, "user_fact_relationships", entity_id=entity, **{"relationship_type": "likes", **values})


def insert_entity(connection: Connection, name: str, kind: str = "food", category: str | None = None) -> UUID:
    entity = uuid4()
    insert(connection, "fact_entities", id=entity, entity_type=kind, entity_name=name, category=category)
    return entity


@pytest.mark.parametrize("table", ["fact_entities", "user_fact_relationships", "roleplay_transactions"])
def test_an_update_sets_updated_at(connection: Connection, table: str) -> None:
    insert(connection, "universal_users", universal_id="x", primary_username="x")
    needs = {"entity_id": insert_entity(connection, "tea")} if table == "user_fact_relationships" else {}
    insert_least(connection, table, updated_at=LONG_AGO, **needs)
    select = f"SELECT updated_at = LOCALTIMESTAMP FROM public.{table}"
    assert rows(connection, select) == [(False,)]
    connection.exec_driver_sql(f"UPDATE public.{table} SET created_at = created_at")
    assert rows(connection, select) == [(True,)]


def test_the_unused_trigger_function_sets_updated_at_too(connection: Connection) -> None:
    probe(connection, "update_updated_at_v2", "updated_at timestamp")
    connection.exec_driver_sql("INSERT INTO public.probe VALUES (NULL)")
    assert rows(connection, "SELECT updated_at = LOCALTIMESTAMP FROM public.probe") == [(True,)]


def test_similar_entities_are_of_one_type_and_best_first(connection: Connection) -> None:
    tea = insert_entity(connection, "green tea")
    teas = insert_entity(connection, "green teas")
    mint = insert_entity(connection, "mint green tea")
    insert_entity(connection, "pizza")
    insert_entity(connection, "green tea", kind="colour")
    query = "SELECT * FROM public.discover_similar_entities"
    found = rows(connection, f"{query}(%s)", tea)
    assert [(entity, name) for entity, name, _ in found] == [(teas, "green teas"), (mint, "mint green tea")]
    assert 1 > found[0][2] > found[1][2] > 0.3
    assert rows(connection, f"{query}(%s, p_limit => 1)", tea) == found[:1]
    assert rows(connection, f"{query}(%s, %s)", tea, found[1][2]) == found[:1]
    assert rows(connection, f"{query}(%s)", uuid4()) == []


def test_facts_of_a_user_are_surest_first_with_their_edges(connection: Connection) -> None:
    user, other = uuid4(), uuid4()
    for person in (user, other):
        insert(connection, "universal_users", universal_id=str(person), primary_username="x")
    tea = insert_entity(connection, "tea", category="drink")
    oslo = insert_entity(connection, "Oslo", kind="place")
    rain = insert_entity(connection, "rain", kind="weather")
    for target, kind in ((oslo, "related_to"), (rain, "related_to"), (rain, "requires")):
        insert(connection, "entity_relationships", from_entity_id=tea, to_entity_id=target, relationship_type=kind)
    noted = {"emotional_context": "joy", "mentioned_by_character": "nova", "updated_at": LONG_AGO}
    insert_fact(connection, tea, user_id=str(user), confidence=0.7, **noted)
    insert_fact(connection, oslo, user_id=str(user), confidence=0.9)
    insert_fact(connection, rain, user_id=str(user), confidence=0.4)
    insert_fact(connection, rain, user_id=str(other), confidence=1)
    query = "SELECT entity_name, related_entities_count FROM public.get_user_facts_with_relations"
    assert rows(connection, f"{query}(%s)", user) == [("Oslo", 0), ("tea", 3)]
    assert rows(connection, f"{query}(%s, p_limit => 1)", user) == [("Oslo", 0)]
    assert rows(connection, f"{query}(%s, p_min_confidence => 0.4)", user) == [("Oslo", 0), ("tea", 3), ("rain", 0)]
    assert rows(connection, f"{query}(%s, 'food')", user) == [("tea", 3)]
    (fact,) = rows(connection, "SELECT * FROM public.get_user_facts_with_relations(%s, 'food')", user)
    assert fact[:7] == ("tea", "drink", "likes", 0.7, "joy", "nova", 3)
    assert str(fact[7]) == f"{LONG_AGO} 00:00:00"


def test_facts_are_found_by_an_id_that_is_no_uuid(connection: Connection) -> None:
    insert(connection, "universal_users", universal_id="discord 42", primary_username="x")
    for name, kind, relation in (
        ("tea", "drink", "likes"),
        ("batch 7", "_progress", "likes"),
        ("Oslo", "place", "_mark"),
    ):
        entity = insert_entity(connection, name, kind=kind)
        insert_fact(connection, entity, user_id="discord 42", confidence=0.9, relationship_type=relation)
    query = "SELECT entity_name FROM public.get_user_facts_with_relations"
    assert rows(connection, f"{query}('discord 42')") == [("tea",)]
    assert rows(connection, f"{query}(%s::varchar, p_min_confidence => 0.95)", "discord 42") == []
    assert rows(connection, f"{query}(%s::uuid)", str(uuid4())) == []


def test_the_use_of_every_graph_index_is_listed(connection: Connection) -> None:
    found = rows(connection, "SELECT * FROM public.analyze_cdl_graph_index_performance()")
    indexes = rows(
        connection,
        "SELECT indexname::text, tablename::text FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (%s)",
        list(GRAPH_TABLES),
    )
    assert sorted(row[:2] for row in found) == sorted(indexes)
    assert {table for _, table, *_ in found} == set(GRAPH_TABLES)
    assert all(size.endswith(("bytes", "kB")) for _, _, size, *_ in found)
    assert all(isinstance(count, int) for row in found for count in row[3:])


def test_maintenance_analyses_the_graph_and_says_so(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="sqlalchemy.dialects.postgresql")  # SQLAlchemy moves notices there
    analysed = (
        "SELECT relname::text FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples >= 0"
    )
    assert rows(connection, analysed) == []
    connection.exec_driver_sql("SELECT public.maintain_cdl_graph_indexes()")
    assert {table for (table,) in rows(connection, analysed)} == set(GRAPH_TABLES)
    assert "7 graph tables" in caplog.text


@pytest.fixture
def tuned(connection: Connection) -> Connection:
    """Nova was tuned three times: better, worse and without a result yet. Rex was tuned once, well."""
    for name, character, approach in (
        ("gain", "nova", "moderate"),
        ("loss", "nova", "aggressive"),
        ("open", "nova", "moderate"),
        ("rex", "rex", "conservative"),
    ):
        tried = {"optimization_approach": approach, "expected_improvement": 0.1, "implementation_complexity": "low"}
        insert(connection, "personality_optimization_attempts", optimization_id=name, character_name=character, **tried)
    for name, character, gain in (("gain", "nova", 0.2), ("loss", "nova", -0.1), ("rex", "rex", 0.05)):
        ended = {"success": gain > 0, "actual_improvement": gain, "rollback_applied": gain < 0}
        ended["completion_timestamp"] = datetime(2001, 1, 1, tzinfo=UTC)
        insert(connection, "personality_optimization_results", optimization_id=name, character_name=character, **ended)
    for try_, days in (("gain", 3), (None, 1), ("open", 2), ("loss", 31)):
        connection.exec_driver_sql(
            "INSERT INTO public.personality_evolution_timeline "
            "(character_name, parameter_path, new_value, optimization_id, change_timestamp) "
            "VALUES ('nova', 'warmth', 'x', %s, now() - make_interval(days => %s))",
            (try_, days),
        )
    return connection


def test_the_summary_counts_tries_and_gains_per_persona(tuned: Connection) -> None:
    found = rows(tuned, "SELECT * FROM public.personality_optimization_summary")
    assert [[str(value) for value in row[:8]] for row in found] == [
        ["rex", "1", "1", "100.0", "0.05000000000000000000", "0.050", "0.050", "0"],
        ["nova", "3", "1", "33.3", "0.20000000000000000000", "0.200", "-0.100", "1"],
    ]
    assert {row[8] for row in found} == {datetime(2001, 1, 1, tzinfo=UTC)}


def test_the_history_holds_every_change_in_order_of_time(tuned: Connection) -> None:
    query = (
        "SELECT optimization_approach, optimization_success, actual_improvement::text "
        "FROM public.personality_parameter_change_history"
    )
    assert rows(tuned, query) == [
        ("aggressive", False, "-0.100"),
        ("moderate", True, "0.200"),
        ("moderate", None, None),
        (None, None, None),
    ]


def test_recent_changes_are_newest_first_and_say_how_they_came(tuned: Connection) -> None:
    query = "SELECT change_type, optimization_success, optimization_approach FROM public.recent_personality_changes"
    assert rows(tuned, query) == [
        ("manual", None, None),
        ("automated", None, "moderate"),
        ("automated", True, "moderate"),
    ]
