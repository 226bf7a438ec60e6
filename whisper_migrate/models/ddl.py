"""Recognize the object that a model's plain DDL statement is about."""

import re

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import plain_name

# Objects that are said of others: a statement makes them that begins so.
SAID_OF_OTHERS = {
    "grant": r"(?:GRANT|REVOKE)\s",
    "comment": r"COMMENT\s+ON\s",
    "default_privilege": r"ALTER\s+DEFAULT\s+PRIVILEGES\s",
}
# The fields with the names that such a statement has.
NAMES = ("name", "column", "grantee", "granted_by", "schema", "role", "objects")
QUOTED_OR_PLAIN = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_]\w*)')


def declares(statement: str, item: Object) -> bool:
    """Whether a statement makes `item`: it creates it, or is a GRANT or COMMENT with all names of its identity."""
    if begin := SAID_OF_OTHERS.get(item.kind):
        said = _words(statement)
        if item.kind == "comment" and said.isdisjoint(item["type"].split()):
            return False
        return re.match(rf"\s*{begin}", statement, re.IGNORECASE) is not None and _names(item) <= said
    words = rf'\s*CREATE\s[\w\s]*?(?:[\w"]+\.)?"?{re.escape(plain_name(item))}"?(?!\w)'
    return re.match(words, statement, re.IGNORECASE) is not None


def _names(item: Object) -> set[str]:
    """Return the names in an object's fields."""
    return {word for name in NAMES if name in item.fields and item[name] for word in _words(str(item[name]))}


def _words(text: str) -> set[str]:
    """Return the words and names of a text, without the schema `public` of a name: a statement need not name it."""
    text = re.sub(r"\bpublic\.", "", text)
    return {(quoted or plain).casefold() for quoted, plain in QUOTED_OR_PLAIN.findall(text)}
