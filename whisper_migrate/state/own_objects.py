"""Exclude the user's own objects from all comparisons, by patterns in pyproject.toml."""

from __future__ import annotations

import json
import tomllib
from glob import escape

from whisper_migrate.catalog.describe import outline
from whisper_migrate.catalog.model import Change
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.wording.hidden_characters import in_json

FILE = "pyproject.toml"


def patterns(changes: list[Change]) -> list[str]:
    """Return the lines for pyproject.toml that exclude the user's own objects from all comparisons."""
    lines = []
    for change in outline(changes):
        identity = in_json(json.dumps(escape(change.object.identity), ensure_ascii=False))  # TOML has such strings, too
        lines += ["[[tool.whisper_migrate.ignore]]", f'kind = "{change.object.kind}"', f"identity = {identity}"]
        lines += ['reason = "not of this history"']
    return lines


def ignore(project: Project, changes: list[Change]) -> None:
    """Append the patterns to pyproject.toml. Raises Failure, and leaves the file as it is, if it has another form."""
    file = project.root / FILE
    text = file.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + "\n".join(patterns(changes)) + "\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(
            f"{FILE} was not changed: with [[tool.whisper_migrate.ignore]] at its end, it would be no TOML ({error}).",
            "Write the patterns that are shown above into it by hand.",
        ) from error
    file.write_text(text, encoding="utf-8")
