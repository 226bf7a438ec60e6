"""Prove as many pairs as FUZZ_PAIRS says, and report: `make fuzz`. FUZZ_SEED repeats a run, FUZZ_SERVER names a server.

Exits 1 when a pair failed; each is printed, as SQL, when it does.
"""

import os
import secrets
import sys
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings

from tests import servers
from tests.fuzz.pairs import Pair, Refused, Wrong, pairs, project_in, prove_pair
from whisper_migrate.errors import Failure

PAIRS = int(os.environ.get("FUZZ_PAIRS", "2000"))
SEED = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(2**32))
SERVER = os.environ.get("FUZZ_SERVER", "pg18")


def main() -> int:
    """All pairs, one after another; the number of those that failed."""
    told: Counter[str] = Counter()
    warm = servers.Servers()
    try:
        warm.start()
        maker = servers.Maker(warm.urls[SERVER])
        with tempfile.TemporaryDirectory() as folder:
            project = project_in(Path(folder))
            print(f"FUZZ_SEED={SEED} on {SERVER}, {PAIRS} pairs:", flush=True)

            def fails(pair: Pair, failure: Exception) -> bool:
                try:
                    prove_pair(maker.make, project, pair.before, pair.after, pair.in_file)
                except type(failure) as found:
                    return isinstance(found, Wrong) is isinstance(failure, Wrong)
                except Exception:
                    return False
                finally:
                    maker.drop()
                return False

            def smaller(pair: Pair, failure: Exception) -> Pair:
                size = len(pair.changed)
                while size > 0:
                    names = sorted(pair.changed)
                    for start in range(0, len(names), size):
                        less = pair.without(*names[start : start + size])
                        pair = less if fails(less, failure) else pair
                    size //= 2
                return pair

            @hypothesis.seed(SEED)
            @settings(
                max_examples=PAIRS,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @hypothesis.given(pairs(int(SERVER[2:])))
            def run(pair: Pair) -> None:
                try:
                    prove_pair(maker.make, project, pair.before, pair.after, pair.in_file)
                    told["proved"] += 1
                except Refused as refusal:
                    _tell(told, "refused by PostgreSQL", refusal)
                except Failure as failure:
                    _tell(told, "refused by us", failure)
                except Exception as failure:
                    _tell(told, "FAILED", failure, smaller(pair, failure))
                finally:
                    maker.drop()

            run()
        maker.close()
    finally:
        warm.stop()
    print("; ".join(f"{word}: {count}" for word, count in sorted(told.items())))
    return min(told["FAILED"], 1)


def _tell(told: Counter[str], word: str, error: Exception, pair: Pair | None = None) -> None:
    told[word] += 1
    print(
        f"\n{word} ({sum(told.values())}): {type(error).__name__}: {error}" + (f"\n{pair}" if pair else ""), flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
