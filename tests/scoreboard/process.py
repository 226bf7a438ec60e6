"""A tool's running process, which answers one comparison after another."""

import json
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

DRIVERS = Path(__file__).parent / "drivers"
SECONDS = 60


class Process:
    """The process of a driver. A comparison that takes longer than a minute ends it; the next one starts it again."""

    def __init__(self, program: str, driver: str) -> None:
        self._command = [program, str(DRIVERS / f"{driver}.py")]
        self._running: subprocess.Popen[str] | None = None

    def ask(self, **question: str) -> dict[str, Any]:
        """Return the answer to a question, or `{"error": why}`."""
        if self._running is None or self._running.poll() is not None:
            pipe = subprocess.PIPE
            self._running = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            )
        stdin, stdout = self._running.stdin, self._running.stdout
        assert stdin and stdout
        timer = Timer(SECONDS, self._running.kill)
        timer.start()
        try:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        return json.loads(answer) if answer else {"error": "the process ended, or was too slow"}

    def close(self) -> None:
        """End the process."""
        if self._running:
            self._running.kill()
            self._running.communicate()
