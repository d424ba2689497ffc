"""Whether the operator sees what it decides by: each watch lives, and what it names can be read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from syncpause.controller.metrics import WATCH_SILENCE
from syncpause.kube.watch_state import WatchState

log = structlog.get_logger()

CHECK_SECONDS = 2.0
COMPARE_SECONDS = 10.0
"""How often policies and namespaces are read while a watch of them is silent."""


class Blind(Exception):
    """The operator has not seen the cluster for longer than a leader may."""


class Sight:
    """Checks every watch, and how long the operator has been blind.

    ``informers`` are the watches of workloads and schools, ``policies`` those of policies, namespaces and
    CRDs. ``unseen`` returns a sentence for what cannot be read, or an empty one. ``compare`` reads policies
    and namespaces: a silent watch costs seconds then, and not the half hour until the next comparison.
    """

    def __init__(
        self,
        *,
        informers: Sequence[WatchState],
        policies: Sequence[WatchState],
        unseen: Callable[[], str],
        compare: Callable[[], None],
    ) -> None:
        self._watches = [*informers, *policies]
        self._policies = policies
        self._unseen = unseen
        self._compare = compare
        self._reported: set[str] = set()
        self._compared_at = 0.0
        self._blind_since: float | None = time.monotonic()

    def problems(self, *, with_policies: bool) -> list[str]:
        """A sentence for each watch that is silent; those of policies, namespaces and CRDs only if asked."""
        return [
            watch.problem
            for watch in self._watches
            if watch.problem and (with_policies or watch not in self._policies)
        ]

    @property
    def blind_for(self) -> float:
        """Seconds since the operator last saw everything; 0 while it does."""
        return 0.0 if self._blind_since is None else time.monotonic() - self._blind_since

    async def run(self) -> None:
        """Check, for ever."""
        while True:
            self._check()
            await asyncio.sleep(CHECK_SECONDS)

    async def lose(self, patience: float) -> None:
        """Wait until the operator has been blind for ``patience`` seconds from now on, and raise Blind."""
        began = time.monotonic()
        while min(self.blind_for, time.monotonic() - began) < patience:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(min(CHECK_SECONDS, patience))
        raise Blind(self._unseen())

    def _check(self) -> None:
        for watch in self._watches:
            WATCH_SILENCE.labels(watch.name).set(watch.silence)
            self._report(watch)
        now = time.monotonic()
        silent = any(watch.problem for watch in self._policies)
        if silent and now - self._compared_at >= COMPARE_SECONDS:
            self._compared_at = now
            self._compare()
        if not self._unseen():
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = now

    def _report(self, watch: WatchState) -> None:
        """Log the silence of a watch once, and its end."""
        problem = watch.problem
        if problem and watch.name not in self._reported:
            self._reported.add(watch.name)
            log.warning(problem)
        elif not problem and watch.name in self._reported:
            self._reported.discard(watch.name)
            log.info(f"the watch of {watch.name} works again")
