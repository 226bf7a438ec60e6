"""Prove a revision's psql scripts: they must run, and lead to the same catalog as the revision."""

from __future__ import annotations

from alembic.script import Script
from sqlalchemy import URL

from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.names import joined
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.psql_run import run_script
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.revisions.prove import Flaw, require_none
from whisper_migrate.running.offline import script
from whisper_migrate.running.patience import Patience
from whisper_migrate.wording.sign_of_life import doing


@doing("running it as a script")
def prove_script(history: History, shadow: URL, revision: Script, before: Catalog, after: Catalog) -> list[str]:
    """Run a revision's scripts (`migrate.py downgrade --sql`, `upgrade --sql`) in a shadow that is at the revision.

    Returns a note if no script can be written. Raises Flaw if psql rejects a script, or if it leads to another catalog.
    """
    name, parents = revision.revision, [*revision._all_down_revisions]
    if len(parents) > 1 or revision.dependencies:
        return [f"{name} was not tried as a script, which begins at one revision: it needs {joined(parents)}."]
    with connected(shadow) as connection:  # a script expects a single stamp, without other branches
        run(connection, f"DELETE FROM {version_table().identity} WHERE version_num <> {literal(name)}")
        connection.commit()
    parent = parents[0] if parents else "base"
    for direction, target, wanted in (
        ("downgrade", f"{name}:{parent}", before),
        ("upgrade", f"{parent}:{name}", after),
    ):
        try:
            text = script(history.project, direction, target, Patience(), history)
        except Failure as failure:
            return [failure.what]
        if said := run_script(shadow, text):
            raise Flaw(f"script of the {direction} is rejected by psql", f" {said}")
        with connected(shadow) as connection:
            require_none(connection, f"script of the {direction}", diff(inspect(connection, like=wanted), wanted))
    return []
