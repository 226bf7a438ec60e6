#!/usr/bin/env python3
"""Every command on the schema: upgrade, create, status and the rest. See migrate.py --help."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from whisper_migrate.start import main  # noqa: E402

if __name__ == "__main__":  # what it starts in other processes imports this file there
    main(root=ROOT)
