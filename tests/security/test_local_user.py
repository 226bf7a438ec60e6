"""Another user of the machine: files that he puts into the embedded server's folder lead to no file of the engine."""

import os
import pwd
from pathlib import Path

import pytest

from tests.embedded.users import as_user, mode, start
from whisper_migrate.embedded.installed import Account
from whisper_migrate.embedded.launch import _give
from whisper_migrate.errors import Failure

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can show it")


@pytest.mark.parametrize("name", ["data", "run", "log", "lock", "socket"])
def test_no_link_in_the_folder_is_followed(place: Path, name: str) -> None:
    (place / "pg").mkdir()
    (place / "ours").mkdir(mode=0o755)
    (place / "pg" / name).symlink_to(place / "ours")
    with pytest.raises(Failure, match="others can put files into it"):
        start(place / "pg")
    assert mode(place / "ours") == 0o755 and list((place / "ours").iterdir()) == []


@as_root
def test_no_folder_behind_a_link_is_handed_over(place: Path) -> None:
    (place / "ours").mkdir(mode=0o755)
    (place / "link").symlink_to(place / "ours")
    with pytest.raises(Failure, match="cannot be used as a folder"):
        _give(place / "link", Account(*pwd.getpwnam("nobody")[2:4], "nobody"))
    assert mode(place / "ours") == 0o755 and (place / "ours").stat().st_uid == 0


def test_a_folder_that_everybody_can_write_to_is_refused(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg").chmod(0o777)
    with pytest.raises(Failure, match="others can put files into it"):
        start(place / "pg")
    assert list((place / "pg").iterdir()) == []


@as_root
def test_a_folder_of_another_user_is_refused(place: Path) -> None:
    """Nobody may use a folder that another user created, since that user could change everything in it."""
    (place / "pg").mkdir()
    os.chown(place / "pg", 12345, 12345)
    (place / "pg").chmod(0o755)
    with pytest.raises(Failure, match="cannot be used"):
        as_user("nobody", lambda: start(place / "pg"))
