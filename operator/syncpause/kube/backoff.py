"""How long to wait before trying again."""

from __future__ import annotations

import random


class Backoff:
    """Doubles from ``first`` to ``most`` seconds, with jitter so that replicas don't come back in step."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def reset(self) -> None:
        """It went well: the next wait is a short one again."""
        self._next = self._first

    def delay(self, at_least: float | None = None) -> float:
        """Seconds to wait now, between half and all of this step; ``at_least`` is a server's Retry-After."""
        step, self._next = self._next, min(self._most, self._next * 2)
        return max(step * random.uniform(0.5, 1.0), at_least or 0.0)
