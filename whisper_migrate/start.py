"""Where scripts enter: without its packages, a checkout says so in one sentence."""

import sys
from pathlib import Path


def main(arguments: list[str] | None = None, root: Path | None = None) -> None:
    """The command line (see cli.py), as soon as its packages can be imported."""
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
