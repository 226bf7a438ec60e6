"""Complete the ids of revisions in a shell; click completes commands and options by itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project

WORDS = ("head", "base")


def revisions(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the project's revisions whose ids begin with `incomplete`, each with its message, and `head` and `base`.

    The project is that of --project, else that of the current folder; without one nothing is completed.
    """
    from whisper_migrate.history.history import History  # imports Alembic

    given = context.find_root().params.get("folder")
    with suppress(Failure):
        project = Project.at(given.resolve()) if given else Project.find(Path.cwd())
        found = [(script.revision, script.doc) for script in History(project).newest_first()]
        found += [(word, "") for word in WORDS]
        return [CompletionItem(name, help=said) for name, said in found if name.startswith(incomplete)]
    return []
