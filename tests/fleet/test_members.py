"""The file of a fleet: names, comments and errors."""

import pytest

from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import read

LISTED = """\
\ufeff# the bots
postgresql://a@host/one   # by its database

elena\tpostgresql://a:p#w@host:5433/two
postgresql://b@host/three
postgresql://b@other:6000/three
me:secret
"""


def test_what_a_file_says() -> None:
    members = read(LISTED.lstrip("\ufeff").splitlines(), "f")
    assert [member.name for member in members] == ["one", "elena", "three@host:5432", "three@other:6000", "f:7"]
    assert members[1].url.password == "p#w" and "p#w" not in repr(members)
    with pytest.raises(Failure, match="f:7 is no database URL"):
        _ = members[4].url


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "f lists no database."),
        (["# none", ""], "f lists no database."),
        (["a b c"], "f:1 has 3 words."),
        (["a postgresql://h/x", "a postgresql://h/y"], "f:1 and f:2 have the name a."),
        (["postgresql://a:p@h/x", "postgresql://b@h:5432/x"], "f:1 and f:2 have the database x@h:5432."),
    ],
)
def test_files_that_cannot_be_meant(lines: list[str], said: str) -> None:
    with pytest.raises(Failure) as failed:
        read(lines, "f")
    assert failed.value.what == said
