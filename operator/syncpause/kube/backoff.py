"""How long to wait before the next attempt."""

from __future__ import annotations

import random


class Backoff:
    """Delays that double from ``first`` to ``most`` seconds. Jitter keeps replicas from retrying in step."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def reset(self) -> None:
        """An attempt has succeeded: the next delay is the first one again."""
        self._next = self._first

    def delay(self, at_least: float | None = None) -> float:
        """Seconds to wait now: half to all of this step, but no less than ``at_least`` (a Retry-After)."""
        step, self._next = self._next, min(self._most, self._next * 2)
        return max(step * random.uniform(0.5, 1.0), at_least or 0.0)
