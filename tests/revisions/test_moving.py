"""A signal at any line of the code that replaces revision files leaves either the old files or the new ones."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

from whisper_migrate.databases.interruption import Terminated
from whisper_migrate.revisions import rebase, squash

NAMES = ("one.py", "two.py", "three.py")


def _until(line: int, function: Callable[..., None], *arguments: object) -> bool:
    """Call the function, and send this process a signal before its line with this number; whether it came so far."""
    left, sent = line, False

    def before(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left, sent
        if frame.f_code is not function.__code__:
            return None
        left -= event == "line"
        if not left and not sent:
            sent = True
            signal.raise_signal(signal.SIGTERM)
        return before

    def terminate(*_: object) -> None:
        raise Terminated

    handler, tracing = signal.signal(signal.SIGTERM, terminate), sys.gettrace()
    sys.settrace(before)
    try:
        function(*arguments)
    except Terminated:
        pass
    finally:
        sys.settrace(tracing)
        signal.signal(signal.SIGTERM, handler)
    return sent


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_squash(tmp_path: Path) -> None:
    seen = set()
    for line in range(1, 100):
        root = tmp_path / str(line)
        own, archive, made = root / "versions", root / "squashed" / "three", tmp_path / f"{line}.py"
        own.mkdir(parents=True)
        for name in NAMES:
            (own / name).write_text(name)
        made.write_text("all")
        before = _files(root)
        folded = [SimpleNamespace(path=str(own / name)) for name in NAMES]
        after = {**{f"squashed/three/{name}": name for name in NAMES}, f"versions/{made.name}": "all"}
        was_sent = _until(line, squash._move, folded, archive, made, own)
        assert _files(root) in (before, after), line
        seen.add(_files(root) == after)
        if not was_sent:
            break
    assert seen == {True, False}


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_rebase(tmp_path: Path, mode: int) -> None:
    path, seen = tmp_path / "one.py", set()
    for line in range(1, 100):
        path.write_text("old")
        path.chmod(mode)
        was_sent = _until(line, rebase._replace, path, b"new")
        assert [one.name for one in tmp_path.iterdir()] == ["one.py"] and path.stat().st_mode & 0o777 == mode
        seen.add(path.read_text())
        if not was_sent:
            break
    assert seen == {"old", "new"}
