#!/usr/bin/env python3
"""Is everything there that migrating needs? A line for each thing; exit 0 all is well, 1 something is not."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from whisper_migrate.setup_check import main  # noqa: E402

if __name__ == "__main__":  # by its name pytest might take it for a test
    main(ROOT)
