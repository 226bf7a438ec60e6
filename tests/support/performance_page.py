"""docs/PERFORMANCE.md: each measurement writes its own section, and leaves the others as they are."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "PERFORMANCE.md"
TOP = """# Performance

Each section is written by the command that it names, from one run.
"""


def write(heading: str, text: str, page: Path = PAGE) -> str:
    """Replace the section with this heading, or add it; return the page's name."""
    top, sections = read(page)
    sections[heading] = text.strip()
    parts = [top.strip(), *(f"## {name}\n\n{body}" for name, body in sections.items())]
    page.write_text("\n\n".join(parts) + "\n")
    return f"{page.parent.name}/{page.name}"


def read(page: Path = PAGE) -> tuple[str, dict[str, str]]:
    """Return what stands above the sections, and the sections by their headings."""
    text = page.read_text() if page.exists() else TOP
    top, *parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return top, {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """Return a table; all columns but the first are aligned to the right."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def slower(before: str, now: str, column: str) -> list[str]:
    """Return the rows of a table whose number in this column was lower in the table of an earlier section."""
    old, new = ({first: row[column] for first, row in _rows(text).items()} for text in (before, now))
    return [
        f"{row}: {column} {old[row]} -> {new[row]}" for row in new if row in old and float(new[row]) > float(old[row])
    ]


def _rows(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of the first table in a text by their first cells: each cell by its column's name."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0]: dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]}


def machine() -> str:
    """Return the date and the machine in words: processors, their load, Python."""
    load = os.getloadavg()[2]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}), "
        f"with a load of {load:.1f} in the last 15 minutes, Python {platform.python_version()}"
    )
