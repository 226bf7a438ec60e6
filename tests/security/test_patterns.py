"""Regular expressions take linear time, so that no definition in a database can keep a command busy for hours."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.catalog import describe, names
from whisper_migrate.databases.first_failure import PASSWORD
from whisper_migrate.databases.transaction_control import COMMIT
from whisper_migrate.fleet.members import ADDRESS
from whisper_migrate.planning.online import KEY as ONLINE_KEY
from whisper_migrate.preflight import watched
from whisper_migrate.preflight.findings import ACCEPTED
from whisper_migrate.revisions.render_constraints import FOREIGN_KEY, KEY
from whisper_migrate.running.concurrently import is_concurrent
from whisper_migrate.running.foreign_conditions import QUALIFIED
from whisper_migrate.running.script_writer import LEAVES
from whisper_migrate.running.statements import SESSION

SECONDS = 3.0  # of processor time; quadratic time would be minutes, or more than a life
QUOTES = '"' * 120
COLUMNS = ", ".join(f'"Column {number}"' for number in range(40))
CASES = {
    "white space in a definition": lambda: describe._joined(" \n" * 200_000 + "x" + "\n" * 200_000 + "y"),
    "comments that do not end": lambda: is_concurrent("/*" * 200_000),
    "comments before a statement": lambda: COMMIT.match("/* a */ " * 60 + "SELECT 1"),
    "space before the end of a statement": lambda: SESSION.match("SET a" + " " * 200_000 + ";x"),
    "a name of quotes": lambda: KEY.fullmatch(f"UNIQUE ({QUOTES}) WITH (fillfactor='70')"),
    "a reference of quotes": lambda: FOREIGN_KEY.fullmatch(f"FOREIGN KEY ({QUOTES}) REFERENCES {QUOTES}({QUOTES}) x"),
    "many quoted columns": lambda: ONLINE_KEY.fullmatch(f"UNIQUE ({COLUMNS}) WITH (fillfactor='70')"),
    "marks in an address": lambda: scrubbed("postgres://a" + "?" * 200_000),
    "spaces around a sign": lambda: scrubbed(("password" + " " * 500 + "x ") * 2000 + "password =" + " " * 1_000_000),
    "comments of one word": lambda: scrubbed("--token\n" * 50_000),
    "names in a comment": lambda: scrubbed("token --" * 50_000),
    "comments that begin after a name": lambda: scrubbed("token /*" * 50_000),
    "strings that begin after a name": lambda: scrubbed("token ''" * 50_000) + scrubbed("SET token = 'a\n" * 50_000),
    "settings without a value": lambda: scrubbed("SET a.token" * 50_000) + scrubbed("set_config('" * 50_000),
    "many secrets": lambda: scrubbed("password = x " * 20_000),
    "space after a word": lambda: PASSWORD.search("password" + " " * 200_000 + "x"),
    "lines that all differ": lambda: describe.excerpt("\n".join(map(str, range(200_000))), "a\nb\n" * 200_000),
    "a word that is updated": lambda: watched._sets("UPDATE t SET a = '" + "x" * 200_000 + "'", {"b"}),
    "space after an insert": lambda: watched.ONLY_INSERTS.fullmatch("INSERT" + " " * 200_000 + ";;"),
    "lines that accept nothing": lambda: ACCEPTED.findall("#" + "\n" * 200_000),
    "a reason with space": lambda: ACCEPTED.findall("# preflight: accept WM101: a" + " " * 200_000 + "b"),
    "a word in a condition": lambda: list(QUALIFIED.finditer("x" * 200_000)),
    "quotes in a condition": lambda: list(QUALIFIED.finditer('"' * 200_001)),
    "empty lines in a revision": lambda: LEAVES.search("\n" * 200_000),
    "colons in a name": lambda: ADDRESS.search(":" * 200_000),
    "names without quotes": lambda: names.shown("public. " * 100_000),
}


@contextmanager
def processor_time(most: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError(f"more than {most} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_the_measure_stops_a_pattern_in_its_middle() -> None:
    with pytest.raises(AssertionError, match="processor time"), processor_time(0.2):
        re.search(r"\s*\n\s*x", "\n" * 200_000)


@pytest.mark.parametrize("case", CASES)
def test_time_grows_as_the_text_does(case: str) -> None:
    with processor_time(SECONDS):
        CASES[case]()


def test_lines_are_joined_as_before() -> None:
    assert describe._joined("CHECK (\n  CASE\n    WHEN a THEN b \n\n END)") == "CHECK (CASE WHEN a THEN b END)"


def test_ten_megabytes_are_one_line() -> None:
    with processor_time(20):
        assert describe._joined("CHECK (" + "\n   \n" * 2_000_000 + "a)") == "CHECK (a)"
