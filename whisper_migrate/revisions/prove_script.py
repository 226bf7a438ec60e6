"""The proof of a revision's script: psql runs it down and up, and it leads where the revision itself does."""

from __future__ import annotations

import re
import subprocess

from alembic.script import Script
from sqlalchemy import URL

from whisper_migrate.catalog import Catalog, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.psql import psql
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.inspect import inspect
from whisper_migrate.revisions.prove import Flaw, require_none
from whisper_migrate.running.offline import script
from whisper_migrate.running.patience import Patience


def prove_script(history: History, copy: URL, revision: Script, before: Catalog, after: Catalog) -> list[str]:
    """Run the scripts of `migrate.py downgrade --sql` and `upgrade --sql` for one revision in a shadow that is at it.

    Gives a note where it cannot be written as a script, since it reads from its connection. Raises Flaw where psql
    rejects a script, or where that leads elsewhere than the revision.
    """
    with connected(copy) as connection:
        alone = stamped(connection) == [revision.revision]
    parent = revision.down_revision or "base"
    if not alone or not isinstance(parent, str) or revision.dependencies:
        return []  # a script goes from one revision to another
    ways = (("downgrade", f"{revision.revision}:{parent}", before), ("upgrade", f"{parent}:{revision.revision}", after))
    for direction, target, wanted in ways:
        try:
            text = script(history.project, direction, target, Patience())
        except Failure as failure:
            return [f"Its {direction} is not tried as a script for psql: {failure.what}"]
        if said := _run(copy, text):
            raise Flaw(f"script of the {direction} is rejected by psql", f" {said}")
        with connected(copy) as connection:
            require_none(connection, f"script of the {direction}", diff(inspect(connection, like=wanted), wanted))
    return []


def _run(database: URL, text: str) -> str:
    """What psql says against a script, in one line; nothing when it is done."""
    with psql(database) as (program, environ):
        done = subprocess.run([*program, "-X", "-q"], input=text, capture_output=True, text=True, env=environ)
    errors = [line for line in done.stderr.splitlines() if re.search("ERROR|FATAL|error", line)]
    return "" if done.returncode == 0 else (errors or done.stderr.splitlines() or ["psql stopped"])[0].strip()
