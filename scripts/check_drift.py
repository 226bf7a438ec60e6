#!/usr/bin/env python3
"""Models, migrations and database: do they agree? Exit 0 nothing differs, 1 something does, 2 could not tell."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from whisper_migrate.start import main  # noqa: E402

main(["check-drift", *sys.argv[1:]], root=ROOT)
