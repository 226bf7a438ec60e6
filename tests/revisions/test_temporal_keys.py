"""New in PostgreSQL 18: keys WITHOUT OVERLAPS, foreign keys with PERIOD, and NOT ENFORCED constraints."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check
from whisper_migrate.state.repair import way_back

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

TABLES = """
sa.Table("rooms", metadata, sa.Column("id", sa.Integer, nullable=False), sa.Column("n", sa.Integer),
         sa.Column("valid", postgresql.DATERANGE, nullable=False))
sa.Table("stays", metadata, sa.Column("id", sa.Integer, nullable=False), sa.Column("room", sa.Integer),
         sa.Column("valid", postgresql.DATERANGE, nullable=False))
sa.Table("people", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("age", sa.Integer),
         sa.Column("boss", sa.Integer))
ENTITIES.append(sa.DDL("CREATE EXTENSION btree_gist"))
"""
KEYS = [
    "rooms ADD CONSTRAINT rooms_pkey PRIMARY KEY (id, valid WITHOUT OVERLAPS)",
    "rooms ADD CONSTRAINT rooms_apart UNIQUE (n, valid WITHOUT OVERLAPS)",
    "stays ADD CONSTRAINT stays_pkey PRIMARY KEY (id, valid WITHOUT OVERLAPS)",
    "stays ADD CONSTRAINT stays_room FOREIGN KEY (room, PERIOD valid) REFERENCES rooms (id, PERIOD valid)",
]
CHECKS = [
    "people ADD CONSTRAINT grown CHECK (age > 17) NOT ENFORCED",
    "people ADD CONSTRAINT has_boss FOREIGN KEY (boss) REFERENCES people NOT ENFORCED",
]
ENFORCED = [statement.removesuffix(" NOT ENFORCED") for statement in CHECKS]


def declared(*constraints: str) -> str:
    return TABLES + "".join(f'ENTITIES.append(sa.DDL("ALTER TABLE {one}"))\n' for one in constraints)


ALLOWED = [
    *("add-constraint rooms_pkey on rooms", "add-constraint rooms_apart on rooms"),
    *("add-constraint stays_pkey on stays", "add-constraint stays_room on stays"),
    *("add-constraint grown on people", "add-constraint has_boss on people"),
]
SIDES = {
    "temporal keys": (declared(), declared(*KEYS), ALLOWED),
    "temporal keys with their tables": ("", declared(*KEYS), []),
    "not enforced": (declared(), declared(*CHECKS), []),
    "not enforced with their tables": ("", declared(*KEYS, *CHECKS), []),
    "enforced": (declared(*CHECKS), declared(*ENFORCED), ALLOWED),
}


@pytest.mark.parametrize("online", [False, True], ids=["", "online"])
@pytest.mark.parametrize("name", SIDES)
def test_both_ways(name: str, online: bool, tmp_path: Path, server: URL, database: URL) -> None:
    before, after, allowed = SIDES[name]
    first = edited(tmp_path, before)
    draft(first, server, "first")
    upgrade(first, database, "head", lambda applied: None)
    second = edited(tmp_path, after)
    if allowed and not online:
        with pytest.raises(Failure) as refused:
            draft(second, server, "second")
        assert all(word in str(refused.value) for word in LOOKED_AT[name]), str(refused.value)
    draft(second, server, "second", allowed=allowed, online=online)
    upgrade(second, database, "head", lambda applied: None)
    assert check(second, server, database).clean
    ask(database, "; ".join(f"ALTER TABLE {table} DROP CONSTRAINT {key} CASCADE" for table, key in DROPPED[name]))
    assert check(second, server, database).drift
    with way_back(second, server, database) as way:
        way.apply(set(), None, lambda said: None)
    assert check(second, server, database).clean
    downgrade(second, database, "-1", lambda applied: None)
    assert not check(first, server, database, "database").drift


# Queries that find rows which violate the new constraints.
LOOKED_AT = {
    "temporal keys": [
        "rooms: the upgrade fails where two rows do not keep rooms_pkey.",
        "one.k0 = other.k0 AND one.k1 && other.k1",
        "stays: the upgrade fails where valid is not covered by rooms for room.",
    ],
    "enforced": ["people: the upgrade fails where a row does not keep grown."],
}
DROPPED = {
    "temporal keys": [("rooms", "rooms_pkey"), ("rooms", "rooms_apart")],
    "temporal keys with their tables": [("rooms", "rooms_pkey")],
    "not enforced": [("people", "grown"), ("people", "has_boss")],
    "not enforced with their tables": [("people", "grown"), ("people", "has_boss")],
    "enforced": [("people", "grown"), ("people", "has_boss")],
}
