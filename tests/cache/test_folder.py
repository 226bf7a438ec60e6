"""The folder of kept catalogs: only its own files are read and deleted."""

import os
from pathlib import Path

import pytest

from whisper_migrate.cache import folder


def test_only_its_own_files_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, place = tmp_path / "documents", tmp_path / "whisper-migrate"
    documents.mkdir()
    (documents / ("a" * 64)).write_text("mine")
    place.symlink_to(documents)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder.clear() == 0 and (documents / ("a" * 64)).exists()
    place.unlink()
    folder.save("b" * 64, "kept")
    (place / "notes.txt").write_text("mine")
    os.mkfifo(place / ("c" * 64))
    assert folder.load("c" * 64) is None and folder.clear() == 1 and (place / "notes.txt").exists()


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(folder, "user_cache_path", fail)
    folder.save("a" * 64, "kept")
    assert folder.load("a" * 64) is None


def test_the_longest_unused_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(folder, "LIMIT", 1000)
    a, b, c, d = (letter * 64 for letter in "abcd")
    for number, name in enumerate((a, b, c)):
        folder.save(name, "x" * 400)
        os.utime(folder.folder() / name, (number, number))
    assert folder.load(a) is None and folder.load(b) == "x" * 400
    folder.save(d, "x" * 400)
    assert folder.load(c) is None and folder.load(b) and folder.load(d)
