"""Entry point of scripts: explains in one sentence if a package is missing."""

import sys
from pathlib import Path


def main(arguments: list[str] | None = None, root: Path | None = None) -> None:
    """Run the command line (see cli.py), or explain that a package is missing."""
    try:
        from whisper_migrate import cli

        cli.main(arguments, root)
    except ImportError as error:
        print(f"Failed: {sys.executable} lacks a package: {error}.", file=sys.stderr)
        print(
            "  Install with: make setup. See what is missing: scripts/migrations/test_migration_setup.py",
            file=sys.stderr,
        )
        sys.exit(2)
