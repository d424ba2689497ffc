"""Progress of a task that takes minutes: one changing line on a terminal, occasional lines in a log."""

from __future__ import annotations

import os
import sys
import time

HEARTBEAT_SECONDS = 15.0


class Progress:
    """Lines on standard error. On a terminal `beat` rewrites its line; elsewhere it prints one every 15 s."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._last_beat = -HEARTBEAT_SECONDS

    def say(self, text: str) -> None:
        """Print a line that later lines do not overwrite."""
        self._write(f"\r\033[K{text}\n" if self._terminal else f"{text}\n")

    def beat(self, text: str) -> None:
        """Report the current progress. Callers may call it at any rate."""
        now = time.monotonic()
        if self._terminal:
            width = (
                os.get_terminal_size(sys.stderr.fileno()).columns or 80
            )  # a terminal of unknown size reports 0
            self._write(f"\r\033[K{text[: width - 1]}")
        elif now - self._last_beat >= HEARTBEAT_SECONDS:
            self._last_beat = now
            self._write(f"{text}\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
