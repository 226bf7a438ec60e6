"""Prove FUZZ_PAIRS pairs on all cores, and print the results: `make fuzz`.

FUZZ_SEED repeats a run, FUZZ_SERVER names a server; `python -m tests.fuzz 4139 12855` proves only these pairs. Exits
with 1 if a pair failed. Each failed pair is printed as SQL, with as few changes as possible.
"""

import os
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import hypothesis
from hypothesis import Phase, settings

from tests.fuzz.pairs import NUMBERS
from tests.fuzz.prover import prove, start
from tests.support import servers

PAIRS = int(os.environ.get("FUZZ_PAIRS", "2000"))
SEED = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(2**32))
SERVER = os.environ.get("FUZZ_SERVER", "pg18")


def main(chosen: Sequence[str]) -> int:
    """Prove the `chosen` pairs, or as many as requested; return 1 if one of them failed."""
    told: Counter[str] = Counter()
    failed: list[int] = []
    numbers = [int(number) for number in chosen] or _numbers()
    warm = servers.Servers()
    try:
        warm.start()
        print(f"FUZZ_SEED={SEED} on {SERVER}, {len(numbers)} pairs:", flush=True)
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=start, initargs=(warm.urls[SERVER],)
        ) as pool:
            running = {pool.submit(prove, number, int(SERVER[2:])): number for number in numbers}
            for future in as_completed(running):
                outcome, pair = future.result()
                told[outcome.word] += 1
                failed += [running[future]] if outcome.failed else []
                if outcome.said:
                    print(f"\n{running[future]} {outcome.word}: {outcome.said}{pair}", flush=True)
                if told.total() % 100 == 0:
                    print(f"\n{told.total()} pairs ran, {len(failed)} failed.", flush=True)
    finally:
        warm.stop()
    print(f"\n{told.total()} pairs ran, {len(failed)} failed: {' '.join(map(str, failed))}")
    for word, count in sorted(told.items()):
        print(f"{count:6} {word}")
    return min(len(failed), 1)


def _numbers() -> list[int]:
    found: list[int] = []

    @hypothesis.seed(SEED)
    @settings(max_examples=PAIRS, deadline=None, database=None, phases=[Phase.generate])
    @hypothesis.given(NUMBERS)
    def collect(number: int) -> None:
        found.append(number)

    collect()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
