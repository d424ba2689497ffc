"""Bounds the writes: as many requests at once as the API server takes without queueing them, and no more a
second than allowed.

The number at once follows TCP Vegas (Brakmo and Peterson, 1995). What the latency has grown beyond the
shortest one ever seen is time spent in queues, so ``limit * (1 - shortest / latency)`` requests wait
somewhere on the way. A few of them keep the server busy; more only delay everybody else's.
"""

from __future__ import annotations

import asyncio
from collections import deque

FEW, MANY = 24.0, 32.0
"""Requests that wait in queues: below the first, the limit grows by one; above the second, it shrinks."""
AT_FIRST = 4
BURST_SECONDS = 0.1
"""Unused writes of this long are still allowed later, so that a late timer costs no throughput."""


class WriteLimiter:
    """Slots for workers, and tokens for writes.

    ``most`` bounds the slots. ``per_second`` bounds the writes; 0 sets no bound.
    """

    def __init__(self, most: int, per_second: int) -> None:
        self._most = most
        self._interval = 1 / per_second if per_second else 0.0
        self._limit = min(AT_FIRST, most)
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next_at = 0.0
        self._shortest = float("inf")
        self._writes = 0
        self._seconds = 0.0

    @property
    def limit(self) -> int:
        """How many slots there are now."""
        return self._limit

    async def acquire(self) -> None:
        """Wait for a slot; `release` gives it back."""
        while self._busy >= self._limit:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._busy += 1

    def release(self) -> None:
        """Give a slot back."""
        self._busy -= 1
        self._wake_waiting()

    async def token(self) -> None:
        """Wait until one more write is allowed; `return_token` gives it back where nothing is written."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        at = max(self._next_at, now - BURST_SECONDS)
        self._next_at = at + self._interval
        if at > now:
            await asyncio.sleep(at - now)

    def return_token(self) -> None:
        """Nothing had to be written."""
        self._next_at -= self._interval

    def completed(self, seconds: float, requests: int = 1) -> None:
        """A write took ``seconds``. It was one request, or several one after the other on one token.

        Adapts the limit once for each slot.
        """
        self._next_at += (requests - 1) * self._interval
        self._shortest = min(self._shortest, seconds / requests)
        self._writes += requests
        self._seconds += seconds
        if self._writes < self._limit:
            return
        queued = self._limit * (1 - self._shortest * self._writes / self._seconds)
        if queued < FEW:
            self._set(self._limit + 1)
        elif queued > MANY:
            self._set(self._limit - 1)
        self._writes, self._seconds = 0, 0.0

    def throttled(self) -> None:
        """The API server answered 429: halve the limit."""
        self._set(self._limit // 2)

    def _set(self, limit: int) -> None:
        self._limit = max(1, min(limit, self._most))
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        for _ in range(self._limit - self._busy):
            while self._waiting and self._waiting[0].done():
                self._waiting.popleft()
            if self._waiting:
                self._waiting.popleft().set_result(None)
