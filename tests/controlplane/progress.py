"""What a person sees while something takes minutes: a line that changes, or a line now and then in a log."""

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
        """A line that stays."""
        self._write(f"\r\033[K{text}\n" if self._terminal else f"{text}\n")

    def beat(self, text: str) -> None:
        """How it goes at this moment; call it as often as you like."""
        now = time.monotonic()
        if self._terminal:
            width = (
                os.get_terminal_size(sys.stderr.fileno()).columns or 80
            )  # 0 where a terminal tells no size
            self._write(f"\r\033[K{text[: width - 1]}")
        elif now - self._last_beat >= HEARTBEAT_SECONDS:
            self._last_beat = now
            self._write(f"{text}\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
