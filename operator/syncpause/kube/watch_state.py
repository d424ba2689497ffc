"""How long each watch has been silent: a dead watch looks like a cluster in which nothing happens.

Only bytes are a sign of life. The API server sends a bookmark on every watch about once a minute, so a watch
that it accepts and on which no byte comes is held up on the way, for instance by a proxy that buffers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import aiohttp

FIRST_BYTE_SECONDS = 125.0
"""A healthy watch brings a byte by then. Measured on 1.37: the first bookmark comes after up to 120 s. That
needs no event. Source: k8s.io/apiserver v0.34 to v0.37, pkg/storage/cacher/cacher.go, dispatchEvents."""
RELIST_SECONDS = 60.0
"""A watch that ended without a byte may have withheld events, so a list must follow. Load balancers that end
idle connections after half a minute cause at most one list a minute by this rule."""
SHORT_SECONDS = 1.0
"""A watch that ends sooner, without a byte, never worked."""
CLOSED_SECONDS = 30.0
"""How long a watch may be closed before it is reported. A restart of an API server takes less."""

Monotonic = Callable[[], float]


class WatchState:
    """The state of one watch. All times are in seconds.

    ``timeout`` is how long the reader of the watch waits for a byte before it reconnects. ``namespace`` is
    empty for a watch of the whole cluster.
    """

    def __init__(
        self, name: str, timeout: float, clock: Monotonic = time.monotonic, *, namespace: str = ""
    ) -> None:
        self.name = name
        self.namespace = namespace
        self.list_due = False
        """Whether a watch was opened although a list was needed first."""
        self._silence_limit = max(timeout, FIRST_BYTE_SECONDS) + RELIST_SECONDS
        self._clock = clock
        self._expected = True
        self._start()

    def _start(self) -> None:
        now = self._clock()
        self._heard_at = now
        self._alive_at = now
        self._opened_at: float | None = None
        self._byte_at: float | None = None
        """The last byte of the current watch."""
        self._last_was_empty = False
        """Whether the last watch ended without a byte."""
        self._mute_since: float | None = None

    def opened(self) -> None:
        """The API server has accepted a watch. That alone is no sign of life."""
        self.closed()
        self.expect(True)
        self.list_due = self.needs_list
        self._opened_at, self._byte_at = self._clock(), None

    def received(self) -> None:
        """An event or a bookmark has arrived."""
        self._heard_at = self._byte_at = self._clock()
        self._last_was_empty = False
        self._mute_since = None

    def listed(self) -> None:
        """The API server has answered a list (or a page of it) of the same objects."""
        self.expect(True)
        self._heard_at = self._clock()
        self._last_was_empty = self.list_due = False

    def closed(self) -> None:
        """The current watch, if any, has ended."""
        opened_at, self._opened_at = self._opened_at, None
        if opened_at is None:
            return
        now = self._clock()
        self._last_was_empty = self._byte_at is None
        if not self._last_was_empty or now - opened_at >= SHORT_SECONDS:
            self._alive_at = now
        if self._last_was_empty and now - opened_at >= FIRST_BYTE_SECONDS and self._mute_since is None:
            self._mute_since = opened_at

    @property
    def expected(self) -> bool:
        """Whether the watch should exist."""
        return self._expected

    def expect(self, expected: bool) -> None:
        """Set whether the watch should exist: there is none of a namespace or of a kind that is missing."""
        if expected and not self._expected:
            self._start()
        self._expected = expected

    def discount(self, seconds: float) -> None:
        """Do not count a time in which this process did not run: what arrived then has yet to be read."""
        now = self._clock()
        self._heard_at = min(now, self._heard_at + seconds)
        self._alive_at = min(now, self._alive_at + seconds)
        if self._opened_at is not None:
            self._opened_at = min(now, self._opened_at + seconds)
        if self._byte_at is not None:
            self._byte_at = min(now, self._byte_at + seconds)
        if self._mute_since is not None:
            self._mute_since = min(now, self._mute_since + seconds)

    @property
    def needs_list(self) -> bool:
        """Whether events may have been missed, so that the next watch must begin with a list."""
        limit = RELIST_SECONDS if self._last_was_empty else FIRST_BYTE_SECONDS
        return self._clock() - self._heard_at >= limit

    @property
    def silence(self) -> float:
        """Seconds since the last event, bookmark or answered list; while the watch is mute, since it is."""
        return self._silence()

    def _silence(self) -> float:
        if not self._expected:
            return 0.0
        self._judge()
        since = self._heard_at if self._mute_since is None else self._mute_since
        return self._clock() - since

    @property
    def problem(self) -> str:
        """A sentence while the watch is mute or silent for longer than a healthy one can be, or empty."""
        silence = self._silence()
        if not self._expected:
            return ""
        if self._mute_since is not None:
            return (
                f"the watch of {self.name} is accepted, but nothing has come through it for {silence:.0f} s: "
                "make sure that no proxy before the API server buffers answers"
            )
        if silence >= self._silence_limit:
            return f"the watch of {self.name} has brought nothing for {silence:.0f} s"
        return ""

    @property
    def closed_for(self) -> float:
        """Seconds since a watch was last open, not counting one that ended at once; 0 while one is open."""
        now = self._clock()
        if self._opened_at is not None and (
            self._byte_at is not None or now - self._opened_at >= SHORT_SECONDS
        ):
            return 0.0
        return now - self._alive_at

    def _judge(self) -> None:
        """A watch that is open without a byte for longer than its reader waits is mute, in spite of lists."""
        quiet_for = self._quiet_for
        if quiet_for >= self._silence_limit and self._mute_since is None:
            self._mute_since = self._clock() - quiet_for

    @property
    def _quiet_for(self) -> float:
        """Seconds since the current watch was opened or brought a byte; 0 while none is open."""
        if self._opened_at is None:
            return 0.0
        return self._clock() - (self._opened_at if self._byte_at is None else self._byte_at)


class StreamState(WatchState):
    """The same for a watch that kopf reads, by the bytes that its HTTP response has received.

    kopf's thread opens it, and the main loop checks it.
    """

    def __init__(
        self, name: str, timeout: float, clock: Monotonic = time.monotonic, *, namespace: str = ""
    ) -> None:
        super().__init__(name, timeout, clock, namespace=namespace)
        self._lock = threading.RLock()
        self._response: aiohttp.ClientResponse | None = None
        self._bytes = 0

    def opened_stream(self, response: aiohttp.ClientResponse) -> None:
        """The API server has accepted the watch."""
        with self._lock:
            self._look()
            self.opened()
            self._response, self._bytes = response, 0

    @property
    def silence(self) -> float:
        """As for any watch; lists do not end the silence of one that is closed."""
        silence = self._silence()
        return max(silence, self.closed_for) if self._expected else 0.0

    def _silence(self) -> float:
        self._look()
        return super()._silence()

    @property
    def problem(self) -> str:
        found = super().problem
        closed = self.closed_for
        if not found and self._expected and closed >= CLOSED_SECONDS:
            return f"the watch of {self.name} has been closed for {closed:.0f} s"
        return found

    @property
    def stuck(self) -> bool:
        """Whether the reader fails to keep the watch open; one that is mute is reopened by its reader."""
        self._look()
        if not self._expected:
            return False
        return self.closed_for >= CLOSED_SECONDS or self._quiet_for >= self._silence_limit

    def _look(self) -> None:
        """Bring the state up to date with what the response has received."""
        with self._lock:
            response = self._response
            if response is None:
                return
            if response.content.total_bytes != self._bytes:
                self._bytes = response.content.total_bytes
                self.received()
            if response.closed:
                self._response = None
                self.closed()
