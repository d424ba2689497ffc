"""How hard the API server is written to: as many requests at once as it takes without queueing them up, and
no more a second than allowed.

The number at once follows TCP Vegas (Brakmo and Peterson, 1995): what the latency has grown beyond the
shortest one ever seen is time spent in queues, so ``limit * (1 - shortest / latency)`` requests are waiting
somewhere on the way. A few of them keep the server busy; more only delay everybody else's.
"""

from __future__ import annotations

import asyncio
from collections import deque

FEW, MANY = 24.0, 32.0
"""Requests that wait in queues: below the first, one more is sent at once; above the second, one fewer."""
AT_FIRST = 4
BURST_SECONDS = 0.1
"""What was not used so far back may be made up for, so that a late timer costs no throughput."""


class WriteLimiter:
    """Slots for workers, and the rate of their writes.

    ``most`` bounds the requests at once. ``per_second`` bounds the writes; 0 sets no bound.
    """

    def __init__(self, most: int, per_second: int) -> None:
        self._most = most
        self._interval = 1 / per_second if per_second else 0.0
        self._limit = min(AT_FIRST, most)
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next_at = 0.0
        self._shortest = float("inf")
        self._answers = 0
        self._seconds = 0.0

    @property
    def limit(self) -> int:
        """How many may be at work now."""
        return self._limit

    async def enter(self) -> None:
        """Wait for a slot; `leave` gives it back."""
        while self._busy >= self._limit:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._busy += 1

    def leave(self) -> None:
        """Give a slot back."""
        self._busy -= 1
        self._let_in()

    async def token(self) -> None:
        """Wait until one more write is allowed; `unused` gives back one that turns out not to be needed."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        at = max(self._next_at, now - BURST_SECONDS)
        self._next_at = at + self._interval
        if at > now:
            await asyncio.sleep(at - now)

    def unused(self) -> None:
        """Nothing had to be written."""
        self._next_at -= self._interval

    def answered(self, seconds: float, requests: int = 1) -> None:
        """A write, or some one after the other, took so many seconds; `token` has waited for one of them.

        Once for each slot the limit is thought over.
        """
        self._next_at += (requests - 1) * self._interval
        self._shortest = min(self._shortest, seconds / requests)
        self._answers += requests
        self._seconds += seconds
        if self._answers < self._limit:
            return
        queued = self._limit * (1 - self._shortest * self._answers / self._seconds)
        if queued < FEW:
            self._set(self._limit + 1)
        elif queued > MANY:
            self._set(self._limit - 1)
        self._answers, self._seconds = 0, 0.0

    def refused(self) -> None:
        """The API server has too much to do (429)."""
        self._set(self._limit // 2)

    def _set(self, limit: int) -> None:
        self._limit = max(1, min(limit, self._most))
        self._let_in()

    def _let_in(self) -> None:
        for _ in range(self._limit - self._busy):
            while self._waiting and self._waiting[0].done():
                self._waiting.popleft()
            if self._waiting:
                self._waiting.popleft().set_result(None)
