"""Docstrings can be understood by themselves: what can be measured of that is measured."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.test_layout import files

ROOT = Path(__file__).parents[2]
# A sentence of many of these has its subject somewhere else.
EMPTY = {"it", "that", "those", "what", "which", "such", "this", "they", "them", "these", "its", "whatever", "whoever"}
EMPTY |= {"who", "one", "ones"}
MOST = 0.28  # of the words of a docstring
SHORT = 6  # words, of which three are no quarter of a text
OPENINGS = re.compile(r"(The same|So|And|Also|Those|What|Whatever|That|Such|Likewise)\b")


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "the module"), text


def riddle(text: str) -> bool:
    words = re.findall(r"[a-z']+", text.lower())
    share = sum(word in EMPTY for word in words) / max(len(words), 1)
    return OPENINGS.match(text) is not None or (len(words) > SHORT and share > MOST)


@pytest.mark.parametrize("folder", ["whisper_migrate", "tests", "scripts", "alembic"])
def test_docstrings_can_be_read_alone(folder: str) -> None:
    found = [
        f"{path}, {name}: {text.splitlines()[0]}"
        for path in files("*.py", folder)
        if path.parent != Path("alembic/versions")  # frozen documents
        for name, text in docstrings(path)
        if riddle(text)
    ]
    assert found == []
