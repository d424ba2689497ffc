"""One timer over all next edges, checked against the wall clock at least every 30 seconds."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from itertools import count
from typing import Generic, TypeVar

from syncpause.controller.clock import Clock

RECHECK_SECONDS = 30.0
"""A suspended machine or a stepped clock delays a transition by no more than this."""

_STEP_BACK = timedelta(seconds=1)

Subject = TypeVar("Subject", bound=Hashable)


class EdgeTimer(Generic[Subject]):
    """A heap of (instant, subject). A subject has one next edge at most.

    ``on_due`` gets all subjects whose edge has passed in one call. ``on_step_back`` is called when the clock
    was set back, because edges that have fired lie ahead again then.
    """

    def __init__(
        self, clock: Clock, on_due: Callable[[list[Subject]], None], on_step_back: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._on_due = on_due
        self._on_step_back = on_step_back
        self._next: dict[Subject, datetime] = {}
        self._heap: list[tuple[datetime, int, Subject]] = []
        self._order = count()
        self._changed = asyncio.Event()
        self._last = clock()

    def set(self, subject: Subject, at: datetime | None) -> None:
        """Set a subject's next edge (UTC), or that it has none."""
        if at is None:
            self._next.pop(subject, None)
        elif self._next.get(subject) != at:
            self._next[subject] = at
            heapq.heappush(self._heap, (at, next(self._order), subject))
            self._changed.set()

    def wake(self) -> None:
        """Read the clock now."""
        self._changed.set()

    async def run(self) -> None:
        """Fire edges as they pass, for ever."""
        while True:
            delay = self._fire()
            try:
                await asyncio.wait_for(self._changed.wait(), delay)
            except TimeoutError:
                continue
            self._changed.clear()

    def _fire(self) -> float:
        """Fire what is due; returns the seconds until the clock must be read again."""
        now = self._clock()
        if now < self._last - _STEP_BACK:
            self._on_step_back()
        self._last = now
        due = self._pop_due(now)
        if due:
            self._on_due(due)
        if not self._heap:
            return RECHECK_SECONDS
        return min(max((self._heap[0][0] - self._clock()).total_seconds(), 0.0), RECHECK_SECONDS)

    def _pop_due(self, now: datetime) -> list[Subject]:
        due: list[Subject] = []
        while self._heap and (self._heap[0][0] <= now or self._is_stale(self._heap[0])):
            entry = heapq.heappop(self._heap)
            if not self._is_stale(entry):
                del self._next[entry[2]]
                due.append(entry[2])
        return due

    def _is_stale(self, entry: tuple[datetime, int, Subject]) -> bool:
        return self._next.get(entry[2]) != entry[0]
