"""The work queue: each workload at most once, one worker at a time for each, fresh work before bulk work."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable

from syncpause.controller.schedule.limiter import WriteLimiter
from syncpause.domain.workload import Key

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 60.0


class WorkQueue:
    """Keys to reconcile. A key that is added while a worker holds it is queued again afterwards."""

    def __init__(self, limiter: WriteLimiter) -> None:
        self._limiter = limiter
        self._fresh: deque[Key] = deque()
        self._bulk: deque[Key] = deque()
        self._queued: set[Key] = set()
        self._active: set[Key] = set()
        self._again: set[Key] = set()
        self._seen: dict[Key, int] = {}
        self._delayed: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._idle: deque[asyncio.Future[None]] = deque()
        self._drained = asyncio.Event()
        self._closed = False

    def add(self, key: Key) -> None:
        """Queue fresh work: something just happened to this workload. Also ends a back-off."""
        self._put(key, self._fresh)

    def add_seen(self, key: Key, version: int) -> None:
        """Queue fresh work for a version that the watch brought, unless the key's worker learns it.

        The watch mostly brings an own write before the answer to it arrives.
        """
        if key in self._active:
            self._seen[key] = version
        else:
            self.add(key)

    def add_bulk(self, keys: Iterable[Key]) -> None:
        """Queue a transition's workloads, in this order, behind all fresh work."""
        for key in keys:
            self._put(key, self._bulk)

    def retry(self, key: Key, after: float | None = None) -> float:
        """Queue again after a failure: in ``after`` seconds, or after a back-off with jitter.

        Returns the delay in seconds.
        """
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        backoff: float = min(FIRST_BACKOFF * 2.0**count, LONGEST_BACKOFF)
        delay = backoff * random.uniform(0.5, 1.0) if after is None else after
        self.later(key, delay)
        return delay

    def later(self, key: Key, delay: float) -> None:
        """Queue in so many seconds, unless it is queued earlier."""
        if not self._closed:
            self._cancel_delay(key)
            self._delayed[key] = asyncio.get_running_loop().call_later(delay, self.add, key)

    def succeeded(self, key: Key) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)

    def is_active(self, key: Key) -> bool:
        """Whether a worker holds it."""
        return key in self._active

    async def take(self) -> Key | None:
        """The next key, which the caller holds until `done`; None once the queue is closed.

        It is chosen when a write is allowed, so fresh work overtakes keys that wait for that.
        """
        while not self._closed:
            if self._queued:
                await self._limiter.token()
                key = self._pop()
                if key is not None:
                    self._active.add(key)
                    return key
                self._limiter.return_token()
            else:
                self._queued.clear()  # it is empty; only `clear` frees its memory
                self._drained.set()
                await self._wait()
        return None

    async def idle(self) -> None:
        """Wait until nothing is queued. Keys that workers hold or that wait for a back-off do not count."""
        while self._queued and not self._closed:
            self._drained.clear()
            await self._drained.wait()

    def done(self, key: Key, version: int = 0) -> None:
        """Give a key back; ``version`` is the newest resource version that the worker learned, 0 for none."""
        self._active.discard(key)
        unknown = self._seen.pop(key, 0) > version
        if unknown or key in self._again:
            self._again.discard(key)
            self._put(key, self._fresh)

    def close(self) -> None:
        """Return no more keys; workers may finish those that they hold."""
        self._closed = True
        for key in list(self._delayed):
            self._cancel_delay(key)
        while self._idle:
            self._wake_one()
        self._drained.set()

    def _put(self, key: Key, lane: deque[Key]) -> None:
        if self._closed:
            return
        self._cancel_delay(key)
        if key in self._active:
            self._again.add(key)
        elif key not in self._queued or lane is self._fresh:
            self._queued.add(key)
            lane.append(key)
            self._wake_one()

    async def _wait(self) -> None:
        """Wait for a key. Each new key wakes one worker."""
        turn = asyncio.get_running_loop().create_future()
        self._idle.append(turn)
        await turn

    def _wake_one(self) -> None:
        while self._idle:
            turn = self._idle.popleft()
            if not turn.done():  # else its worker was cancelled, and another must wake instead
                turn.set_result(None)
                return

    def _pop(self) -> Key | None:
        for lane in (self._fresh, self._bulk):
            while lane:
                key = lane.popleft()
                if key in self._queued:
                    self._queued.discard(key)
                    return key
        return None

    def _cancel_delay(self, key: Key) -> None:
        handle = self._delayed.pop(key, None)
        if handle is not None:
            handle.cancel()
