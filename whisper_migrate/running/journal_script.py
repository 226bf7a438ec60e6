"""The journal in a script for psql: a revision that commits in its middle has an entry until it ends.

If the script stops behind such a commit, the entry is all that tells of it: the stamp is still the old one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.engine_search_path import ENTER, KEEP, LEAVE
from whisper_migrate.databases.own_rights import WITHDRAW
from whisper_migrate.running.journal import MAKE, OF_A_SCRIPT, TABLE

# Alembic writes this at the beginning of an autocommit block. In the body of a procedure it does no harm.
COMMITS = re.compile(r"^COMMIT;$", re.MULTILINE)
_BEGIN = """\
DO $journal$
DECLARE given record; {keep}
BEGIN
    {enter}
    IF to_regclass({name}) IS NULL THEN
    {make}
    {withdraw}
    END IF;
    INSERT INTO {table} (revision, direction, statement, sha256, sql)
    VALUES ({revision}, {direction}, 1, {mark}, 'a script of {direction_word} --sql');
    {leave}
END
$journal$;

"""
# Part of a block in PL/pgSQL that declares `found`.
_REFUSE = """IF to_regclass({name}) IS NOT NULL THEN
        FOR found IN SELECT j.revision FROM ONLY {table} AS j WHERE j.revision IN ({revisions}) LOOP
            RAISE EXCEPTION 'Revision % was stopped in its middle: see migrate.py status.', found.revision;
        END LOOP;
    END IF;"""


def begin(revision: str, direction: str) -> str:
    """Return the statement that enters a revision, in the transaction that it commits in its middle."""
    return _BEGIN.format(
        name=literal(TABLE),
        table=TABLE,
        make=MAKE.strip(),
        withdraw=WITHDRAW.format(table=literal(TABLE)).strip(),
        revision=literal(revision),
        direction=literal(direction),
        direction_word=direction,
        mark=literal(OF_A_SCRIPT),
        keep=KEEP,
        enter=ENTER,
        leave=LEAVE,
    )


def end(revision: str, direction: str) -> str:
    """Return the statement that deletes the entry, in the transaction that stamps the revision."""
    return f"DELETE FROM {TABLE} WHERE revision = {literal(revision)} AND direction = {literal(direction)};"


def refuse(revisions: Collection[str]) -> str:
    """Return the part of a script's first block that refuses a database in the middle of one of its revisions."""
    listed = ", ".join(map(literal, revisions)) or "NULL"
    return _REFUSE.format(name=literal(TABLE), table=TABLE, revisions=listed)
