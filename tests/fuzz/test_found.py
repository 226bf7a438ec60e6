"""Pairs that once failed are proved, directly and through a revision file."""

from pathlib import Path

import pytest

from tests.conftest import MakeDatabase
from tests.fuzz.found import Found, heirs, others, partitions, tables, types
from tests.fuzz.pairs import project_in, prove_pair

pytestmark = pytest.mark.thorough

FOUND = [*tables.FOUND, *heirs.FOUND, *partitions.FOUND, *types.FOUND, *others.FOUND]


@pytest.mark.parametrize("in_file", [False, True], ids=["statements", "file"])
@pytest.mark.parametrize("found", FOUND, ids=str)
def test_found(make_database: MakeDatabase, tmp_path: Path, found: Found, in_file: bool) -> None:
    if make_database.version < found.since:
        pytest.skip(f"PostgreSQL {found.since} has this, {make_database.version} has not")
    prove_pair(make_database, project_in(tmp_path), [found.common, found.before], [found.common, found.after], in_file)
