"""The rule for all tools: a repair has left the same schema if `pg_dump -s` prints the same entries again.

Of a table, the order of the columns is not compared, because no tool can restore it without a new table. Of the whole
dump, the order of the entries is not compared. Owners are not: no case is about an owner, but some make the schema
public again, which then has another one.
"""

import re
import subprocess
from collections import Counter

from sqlalchemy import URL

from whisper_migrate.embedded.installed import binaries

Entries = Counter[tuple[str, ...]]
ENTRY = re.compile(r"^-- (Name: .*)$")
ACCESS_METHOD = re.compile(r"^SET default_table_access_method = (.*);$")
OWNER = re.compile(r"; Owner: [^;]*")
# A random word in each dump, settings that the next entry's title repeats, owners, and pg_dump's comments.
NOISE = re.compile(r"^(\\(un)?restrict .*|SET default_tablespace = .*|ALTER .* OWNER TO .*;|--( .*)?|)$")
WITH_COLUMNS = re.compile(r"; Type: (TABLE|FOREIGN TABLE); ")
QUOTED = r'"(?:[^"]|"")*"'
NAME = re.compile(rf"{QUOTED}|\w+|[^\w\s.\",]+")
# Words of an identity that are no names.
WORDS = """access aggregate as btree by cast class collation column composite configuration constraint conversion create
data default dictionary domain enum event execute extension family for foreign from function functions gin gist hash in
insert delete index language large maintain mapping materialized method none objects of on operator parser partition
pg_catalog policy procedure public publication range references revoke role routine rule schema schemas search select
sequence sequences server statistics table tables template text to transform trigger truncate type types update usage
user using view wrapper -"""
GRAMMAR = frozenset(WORDS.split())


def plain(url: URL) -> str:
    """Return the address as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def dump(url: URL) -> str:
    """Return the text of `pg_dump -s`, without the random word that newer versions put into it."""
    command = [str(binaries() / "pg_dump"), "-s", plain(url)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return re.sub(r"^\\(un)?restrict .*\n", "", done.stdout, flags=re.MULTILINE)


def entries(text: str) -> Entries:
    """Return the entries of a dump, with their number."""
    found: list[list[str]] = []
    method = ""
    for line in text.splitlines():
        if setting := ACCESS_METHOD.match(line):
            method = setting[1]
        elif title := ENTRY.match(line):
            found.append([OWNER.sub("", title[1])] + ([method] if "Type: TABLE;" in line else []))
        elif found and not NOISE.match(line):
            found[-1].append(line)
    said = [entry for entry in found if len(entry) > 1]
    return Counter(_in_any_order(entry) if WITH_COLUMNS.search(entry[0]) else tuple(entry) for entry in said)


def _in_any_order(entry: list[str]) -> tuple[str, ...]:
    return (entry[0], *sorted(line.rstrip(",") for line in entry[1:]))


def names(identity: str) -> list[str]:
    """Return the names in an identity: of a column also its table's, and the schema's unless that is public."""
    if not identity.startswith("("):
        identity = re.sub(r"\([^()]*\)", "", identity)  # a function's arguments
    words = NAME.findall(identity.strip("()"))
    return [word for word in words if word.startswith('"') or word.lower() not in GRAMMAR]


def is_named(identity: str, text: str) -> bool:
    """Whether the text contains every name of an identity, as a word."""
    return all(_contains(text, name) for name in names(identity))


def _contains(text: str, name: str) -> bool:
    spellings = {name}
    if name.startswith('"'):
        spellings = {name[1:-1], name[1:-1].replace('""', '"')}
    return any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) for one in spellings)
