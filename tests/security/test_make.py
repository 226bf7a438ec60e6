"""Values passed to make are text: neither make nor a shell executes anything in them."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.projects import ROOT, Checkout

TEXT = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z-]*):", TEXT, re.MULTILINE)
# Names that the Makefile reads, sets or mentions in its help, that a later one may read, and make's own.
NAMES = {
    *(
        name
        for names in re.findall(r"\$\((?:value |origin )?([A-Za-z_]+)\)|\$\$\{?([A-Za-z_]+)", TEXT)
        for name in names
    ),
    *re.findall(r"\b([A-Za-z_]+)=", TEXT),
    *re.findall(r"\b[A-Z]+_[A-Z]+\b", TEXT),
    *("other", "name", "MAKE", "SHELL", "CURDIR", "MAKEFILE_LIST"),
} - {"", "PY"}
ATTACKS = (
    "$(shell touch {planted})",
    "${{shell touch {planted}}}",
    "$(eval $(shell touch {planted}))",
    "`touch {planted}`",
    "$(touch {planted})",
    '"; touch {planted}; "',
    "'; touch {planted}; '",
    "x\n\ttouch {planted}\n",
    "x && touch {planted} #",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A folder with the Makefile and a virtual environment."""
    (tmp_path / "project/.venv").mkdir(parents=True)
    for name in ("Makefile", "requirements-dev.txt", "requirements-lint.txt"):
        shutil.copy(ROOT / name, tmp_path / "project")
    for name in (".ready", ".linters"):
        (tmp_path / "project/.venv" / name).touch()
    return Checkout(tmp_path / "project")


def test_variables_are_found() -> None:
    assert {"msg", "to", "allow", "backfill", "rev", "online", "PYTHON", "VENV", "FUZZ_PAIRS", "TORTURE_SEED"} <= NAMES


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_variable_is_run(tmp_path: Path, checkout: Checkout, attack: str) -> None:
    planted = tmp_path / "planted"
    given = attack.format(planted=planted)
    every = [f"{name}={given}" for name in sorted(NAMES - {"SHELL"})]
    for target in TARGETS:
        checkout.run("make", "PY=/bin/echo", target, *every)
    checkout.run("make", "revision", f"PY={given}")
    checkout.run("make", "help", f"SHELL={given}")
    (checkout.root / ".venv/.ready").unlink()
    checkout.run("make", "setup", f"PYTHON={given}")
    assert not planted.exists()


@pytest.mark.parametrize("attack", [*ATTACKS, "a\\b  c", "$$HOME $HOME %s", "-rf", "*"])
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_text_arrives_as_it_was_given(checkout: Checkout, attack: str, by: str) -> None:
    (checkout.root / "python").write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    (checkout.root / "python").chmod(0o755)
    given = {"msg": attack, "allow": attack, "backfill": attack}
    if by == "environment":
        checkout.variables |= given
    arguments = [f"{name}={value}" for name, value in given.items()] if by == "argument" else []
    run = checkout.run("make", f"PY={checkout.root}/python", "revision", *arguments)
    words = ["scripts/migrations/migrate.py", "create", f"--allow={attack}", f"--backfill={attack}", "--", attack]
    assert (run.code, run.out) == (0, "".join(f"<{word}>" for word in words)), run
