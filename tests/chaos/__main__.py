"""Cause every fault of the table, and report whether each ended as its message says. CHAOS=WORDS selects faults.

Exits with 1 if a fault ended otherwise.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.cases import CASES
from tests.chaos.ground import Ground
from tests.chaos.lagging_replicas import CASES as LAGGING
from tests.chaos.poolers import CASES as POOLED
from tests.chaos.stalled_proofs import CASES as PROOFS
from tests.chaos.standby_waits import CASES as WAITS

CHOSEN = os.environ.get("CHAOS", "")


def main() -> int:
    """Return the number of faults that ended otherwise than their messages say."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # on exit, the servers are stopped
    chosen = {name: case for name, case in {**CASES, **POOLED, **PROOFS, **WAITS, **LAGGING}.items() if CHOSEN in name}
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    began, wrong = time.monotonic(), 0
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        folder.chmod(0o755)
        ground = Ground(folder)
        try:
            for words, case in chosen.items():
                start = time.monotonic()
                try:
                    case(ground)
                    said = "as said"
                except AssertionError as error:
                    wrong += 1
                    said = f"WRONG: {error}"
                print(f"{words} ({time.monotonic() - start:.0f} s): {said}", flush=True)
        finally:
            ground.close()
    print(
        f"{len(chosen) - wrong} of {len(chosen)} faults ended as their messages said, and the next upgrade finished",
        end="",
    )
    print(f"; {wrong} wrong; {time.monotonic() - began:.0f} s")
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 1))
