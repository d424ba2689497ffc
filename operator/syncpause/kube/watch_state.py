"""When each watch last brought something: one that has died looks like a cluster where nothing happens."""

from __future__ import annotations

import time
from collections.abc import Callable

import aiohttp

CLOSED_SECONDS = 30.0
"""How long a watch may be closed before that counts as silence. A server that restarts takes less."""
SLACK = 1.2
"""A watch that is open reconnects after its own timeout; the silence must outlast that."""

Monotonic = Callable[[], float]


class WatchState:
    """When one watch last brought a byte: an event, a bookmark or a page of a list.

    ``timeout`` is the seconds without a byte after which the watch reconnects by itself. Safe to write in
    one thread and to read in another.
    """

    def __init__(self, name: str, timeout: float, clock: Monotonic = time.monotonic) -> None:
        self.name = name
        self._timeout = timeout
        self._clock = clock
        self._heard = clock()

    def beat(self) -> None:
        """Something came through just now."""
        self._heard = self._clock()

    @property
    def silence(self) -> float:
        """Seconds since something came through, or since the start."""
        return self._clock() - self._heard

    @property
    def problem(self) -> str:
        """A sentence where the watch has been silent for longer than a living one can be; otherwise empty."""
        if self.silence < self._timeout * SLACK:
            return ""
        return f"the watch of {self.name} has brought nothing for {self.silence:.0f} s"


class StreamState(WatchState):
    """The same for a watch that somebody else reads, by the bytes that its HTTP response has received."""

    def __init__(self, name: str, timeout: float, clock: Monotonic = time.monotonic) -> None:
        super().__init__(name, timeout, clock)
        self._response: aiohttp.ClientResponse | None = None
        self._bytes = 0

    def opened(self, response: aiohttp.ClientResponse) -> None:
        """The server has accepted the watch."""
        self._bytes = 0
        self._response = response
        self.beat()

    @property
    def silence(self) -> float:
        response = self._response
        if response is not None and response.content.total_bytes != self._bytes:
            self._bytes = response.content.total_bytes
            self.beat()
        return super().silence

    @property
    def problem(self) -> str:
        silence = self.silence
        closed = self._response is None or self._response.closed
        if closed and silence >= min(CLOSED_SECONDS, self._timeout * SLACK):
            return f"the watch of {self.name} has been closed for {silence:.0f} s"
        return super().problem
