"""How the story looks in a terminal, and in a log."""

from __future__ import annotations

import os
import sys
import time

_BOLD, _DIM, _GREEN, _RED = "1", "2", "32", "31"


class Teller:
    """Prints headings, commands with what they said, and what was checked; colours only where wanted."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._coloured = self._terminal and not os.environ.get("NO_COLOR")  # no-color.org
        self._began = time.monotonic()

    def heading(self, text: str) -> None:
        """The title of a step, with the seconds since the start."""
        self._line(f"\n{self._paint(_BOLD, f'== {text}')}  {self._paint(_DIM, self.elapsed)}")

    def say(self, text: str) -> None:
        """A sentence for the reader."""
        self._line(text)

    def command(self, text: str, output: str = "") -> None:
        """A command as one would type it, and what it printed."""
        first, *rest = text.splitlines()
        self._line(self._paint(_DIM, "\n".join([f"$ {first}", *(f"  {line}" for line in rest)])))
        if output.strip():
            self._line("\n".join(f"  {line}" for line in output.rstrip().splitlines()))

    def checked(self, text: str) -> None:
        """Something that was promised and is so."""
        self._line(f"{self._paint(_GREEN, '✓')} {text}")

    def failed(self, text: str) -> None:
        """Something that was promised and is not so."""
        self._line(f"\n{self._paint(_RED, '✗')} {text}")

    def waiting(self, text: str) -> None:
        """A line that is overwritten by the next; nothing in a log."""
        if self._terminal:
            sys.stdout.write(f"\r\033[K{text}")
            sys.stdout.flush()

    @property
    def is_log(self) -> bool:
        """Whether nobody watches: a wait is then announced once instead of counted down."""
        return not self._terminal

    @property
    def elapsed(self) -> str:
        """Time since the start, in words."""
        return f"{time.monotonic() - self._began:.0f} s"

    def _line(self, text: str) -> None:
        start = "\r\033[K" if self._terminal else ""
        print(f"{start}{text}", flush=True)

    def _paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured else text
