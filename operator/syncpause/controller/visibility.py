"""Whether the operator sees the cluster: every watch brings bytes, and what it names can be read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

import structlog

from syncpause.controller.metrics import SCHOOLS_READABLE, WATCH_SILENCE
from syncpause.kube.watch_state import WatchState

log = structlog.get_logger()

CHECK_SECONDS = 2.0
LIST_SECONDS = 10.0
"""How often policies and namespaces are listed while one of their watches has a problem."""
STALL_SECONDS = 5.0
"""A check that is later than this proves that the process did not run, and nothing about a watch."""


class Blind(Exception):
    """The operator has not seen the cluster for longer than a leader may."""


class View(Protocol):
    """What the operator reports about its own sight."""

    @property
    def unseen(self) -> str:
        """A sentence for what cannot be seen, or empty."""

    @property
    def limitation(self) -> str:
        """A sentence for what does not work although the operator is ready, or empty."""


class Policies(Protocol):
    """The cache of policies and namespaces."""

    @property
    def read_at(self) -> float:
        """When they were last listed (``time.monotonic``)."""

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists, as far as is known."""

    def read_soon(self) -> None:
        """List them now."""


class Visibility:
    """Checks every watch, and measures for how long the operator has been blind.

    ``informers`` are the watches of workloads and schools, ``kopf_watches`` those of policies, namespaces and
    CRDs. While one of the latter has a problem, policies and namespaces are listed often.
    """

    def __init__(
        self,
        view: View,
        policies: Policies,
        *,
        informers: Sequence[WatchState],
        kopf_watches: Sequence[WatchState],
    ) -> None:
        self._view = view
        self._policies = policies
        self._watches = [*informers, *kopf_watches]
        self._kopf_watches = kopf_watches
        self._reported: set[str] = set()
        self._listed_at = 0.0
        self._read_at = 0.0
        self._blind_since: float | None = time.monotonic()

    def problems(self, *, with_policies: bool) -> list[str]:
        """A sentence for each watch with a problem; ``with_policies`` includes those that kopf reads."""
        watches = [watch for watch in self._watches if with_policies or watch not in self._kopf_watches]
        return [problem for watch in watches if (problem := watch.problem)]

    @property
    def blind_for(self) -> float:
        """Seconds since the operator last saw everything; 0 while it does."""
        return 0.0 if self._blind_since is None else time.monotonic() - self._blind_since

    async def run(self) -> None:
        """Check for ever."""
        loop = asyncio.get_running_loop()
        late = 0.0
        while True:
            self.check(late)
            began = loop.time()
            await asyncio.sleep(CHECK_SECONDS)
            late = loop.time() - began - CHECK_SECONDS

    async def wait_until_blind(self, patience: float) -> None:
        """Raise Blind once the operator has been blind for ``patience`` seconds from now on; never return."""
        began = time.monotonic()
        while min(self.blind_for, time.monotonic() - began) < patience:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(min(CHECK_SECONDS, patience))
        raise Blind(self._view.unseen)

    def _discount(self, seconds: float) -> None:
        for watch in self._watches:
            watch.discount(seconds)
        if self._blind_since is not None:
            self._blind_since += seconds

    def check(self, late: float = 0.0) -> None:
        """Check once, ``late`` seconds after it was due: while a process stands still, it sees nothing."""
        if late > STALL_SECONDS:
            log.warning("the process stood still", seconds=round(late))
            self._discount(late)
        self._list_where_needed()
        for watch in self._watches:
            WATCH_SILENCE.labels(watch.name).set(watch.silence)
            self._report(watch)
        SCHOOLS_READABLE.set(0 if self._view.limitation else 1)
        if not self._view.unseen:
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = time.monotonic()

    def _list_where_needed(self) -> None:
        """A list of policies and namespaces finds what a watch of them withheld."""
        for watch in self._kopf_watches:
            if watch.namespace:
                watch.expect(self._policies.has_namespace(watch.namespace))
        if self._policies.read_at > self._read_at:
            self._read_at = self._policies.read_at
            for watch in self._kopf_watches:
                if watch.expected:
                    watch.listed()
        now = time.monotonic()
        needed = any(watch.problem or watch.list_due for watch in self._kopf_watches)
        if needed and now - self._listed_at >= LIST_SECONDS:
            self._listed_at = now
            self._policies.read_soon()

    def _report(self, watch: WatchState) -> None:
        """Log the problem of a watch once, and its end."""
        problem = watch.problem
        if problem and watch.name not in self._reported:
            self._reported.add(watch.name)
            log.warning(problem)
        elif not problem and watch.name in self._reported:
            self._reported.discard(watch.name)
            log.info(f"the watch of {watch.name} works again")
