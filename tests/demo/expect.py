"""What was promised against what is seen."""

from __future__ import annotations

import time
from collections.abc import Callable

_MANY = 4  # a reader wants the sort of thing that is wrong, not each of them


class Lie(Exception):
    """Something was promised and is not so: what was expected and what was seen instead."""

    def __init__(self, promise: str, seen: str) -> None:
        super().__init__(f"expected that {promise}; seen instead: {seen}")


def _in_words(problems: list[str]) -> str:
    more = len(problems) - _MANY
    return "; ".join(problems[:_MANY]) + (f"; and {more} more" if more > 0 else "")


def holds(promise: str, problems: list[str]) -> None:
    """Raise a Lie unless nothing speaks against the promise."""
    if problems:
        raise Lie(promise, _in_words(problems))


def comes_true(promise: str, problems: Callable[[], list[str]], *, seconds: float = 30) -> float:
    """Wait until nothing speaks against the promise any more, and say how many seconds that took."""
    began = time.monotonic()
    while found := problems():
        if time.monotonic() - began > seconds:
            raise Lie(f"within {seconds:.0f} s {promise}", _in_words(found))
        time.sleep(0.1)
    return time.monotonic() - began


def stays_true(promise: str, problems: Callable[[], list[str]], *, seconds: float) -> None:
    """Look again and again for a while, since what must not happen may only be about to."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        holds(promise, problems())
        time.sleep(0.25)
