"""Questions and answers between the scoreboard and a tool: a line of JSON each, on standard input and output."""

import json
import os
import sys
import time
from collections.abc import Callable

# The wanted and the actual database's addresses -> a function that compares, which returns its words and its SQL.
# SQL of None: the function `apply` has the repair.
Compared = tuple[str, str | None]
Prepare = Callable[[str, str], Callable[[], Compared]]


def serve(prepare: Prepare, apply: Callable[[str], None] | None = None) -> None:
    """Answer questions until there are none. `prepare` does what is not measured, `apply` repairs a database."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a tool prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "repair" in asked:
                assert apply
                apply(asked["repair"])
                answer = {}
            else:
                compare = prepare(asked["wanted"], asked["actual"])
                began = time.perf_counter()
                words, sql = compare()
                answer = {"words": words, "sql": sql, "seconds": time.perf_counter() - began}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
