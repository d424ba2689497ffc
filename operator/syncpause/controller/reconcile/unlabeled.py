"""Paused workloads that lost their school label while nobody watched: no informer sees them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from syncpause.domain.workload import Key, Kind
from syncpause.kube.errors import ApiError
from syncpause.kube.workloads import Workloads

log = structlog.get_logger()

RETRY_SECONDS = 10.0


class UnlabeledWorkloads:
    """Looks for them after each complete list of a kind; ``on_found`` is told each one's key."""

    def __init__(self, workloads: Workloads, scope: Sequence[str], on_found: Callable[[Key], None]) -> None:
        self._workloads = workloads
        self._scope = scope
        self._on_found = on_found
        self._due: set[Kind] = set()
        self._changed = asyncio.Event()

    def relisted(self, kind: Kind) -> None:
        """An informer has listed anew: what lost its label meanwhile was not seen."""
        self._due.add(kind)
        self._changed.set()

    async def run(self) -> None:
        """Look whenever it is due, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            kinds, self._due = self._due, set()
            for kind in sorted(kinds):
                await self._sweep(kind)

    async def _sweep(self, kind: Kind) -> None:
        try:
            for namespace in self._scope:
                for workload in await self._workloads.list_unlabeled(kind, namespace):
                    self._on_found(workload.key)
        except ApiError as error:
            log.warning("could not look for workloads that lost their label", kind=kind, error=str(error))
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.relisted, kind)
