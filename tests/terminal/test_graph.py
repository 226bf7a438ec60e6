"""`history --graph`: the branches and merges of the revisions in ASCII."""

from pathlib import Path

import pytest

from tests.commands.test_show import project
from tests.support import little
from whisper_migrate.terminal.graph import drawn

CASES = {
    "c:b b:a a:": ["* c", "* b", "* a"],
    # a fork and its merge
    "d:b,c c:a b:a a:": ["* d", "|\\", "| * c", "* | b", "|/", "* a"],
    # two heads
    "c:a b:a a:": ["* c", "| * b", "|/", "* a"],
    # a branch from far below joins past another
    "e:d,a d:b,c c:a b:a a:": ["* e", "|\\", "* | d", "|\\ \\", "| * | c", "* | | b", "|_|/", "|/", "* a"],
    # three parents at once
    "e:b,c,d d:a c:a b:a a:": ["* e", "|\\", "|\\ \\", "| | * d", "| * | c", "* | | b", "|_|/", "|/", "* a"],
    # two histories without a common revision, the first of which ends first
    "d:b b: c:a a:": ["* d", "* b", "* c", "* a"],
    "d:b c:a b: a:": ["* d", "| * c", "* | b", " /", "* a"],
    "": [],
}


@pytest.mark.parametrize("history", CASES)
def test_the_graph_of_a_history(history: str) -> None:
    revisions = [
        (name, [*filter(None, below.split(","))]) for name, _, below in (w.partition(":") for w in history.split())
    ]
    lines = list(drawn(revisions))
    assert [f"{line} {name}".rstrip() for line, name in lines] == CASES[history]
    assert [name for _, name in lines if name] == [name for name, _ in revisions]


def test_the_command_draws_the_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path)
    said = little.command(capsys, made, None, "history", "--graph")
    assert said.out.splitlines()[0] == "*  five (head) say [five]" and said.code == 0, said
    assert said.out.splitlines()[-2:] == ["*  two greet authors by mail", "*  one authors [and] their tags"]
    assert "|\\" in said.out.splitlines() and "|/" in said.out.splitlines()
    for words in (["--applied"], ["--format", "json"]):
        said = little.command(capsys, made, None, "history", "--graph", *words)
        assert said.code == 2 and said.out == "" and "--graph" in said.err
