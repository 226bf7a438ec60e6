"""Kill upgrades, then servers, TORTURE times each (100), and print the counts. TORTURE_SEED repeats a run.

Exits with 1 if anything was half done without a journal, or if the next upgrade did not finish it.
"""

import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.torture.kills import Range
from whisper_migrate import embedded

KILLS = int(os.environ.get("TORTURE", "100"))
SEED = int(os.environ.get("TORTURE_SEED") or secrets.randbelow(2**32))


def main() -> int:
    """Return the number of kills with a wrong result."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # on exit, the server is stopped
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    began, wrong = time.monotonic(), 0
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        folder.chmod(0o755)
        range_ = Range(folder, random.Random(SEED))
        try:
            range_.learn()
            print(f"TORTURE_SEED={SEED}; an upgrade takes {range_.seconds:.1f} s", flush=True)
            for what, kill in (("the upgrade", range_.kill_upgrade), ("the server", range_.kill_server)):
                counts: Counter[str] = Counter()
                for _ in range(KILLS):
                    try:
                        counts[kill()] += 1
                    except AssertionError as error:
                        wrong += 1
                        print(f"WRONG: {error}", flush=True)
                found = ", ".join(f"{count} {where}" for where, count in sorted(counts.items()))
                print(f"{KILLS} kills of {what}: {found}", flush=True)
        finally:
            embedded.stop(folder / "server")
    mended = 2 * KILLS - wrong
    print(f"{mended} at the head afterwards, with nothing that differs and every row; {wrong} wrong", end="")
    print(f"; {time.monotonic() - began:.0f} s")
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 1))
