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
    """Lists them after each complete list of an informer, and calls ``on_found`` with the key of each.

    ``scope`` names the namespaces to list, one empty name for all.
    """

    def __init__(self, api: Workloads, scope: Sequence[str], on_found: Callable[[Key], None]) -> None:
        self._api = api
        self._scope = scope
        self._on_found = on_found
        self._due: set[Kind] = set()
        self._changed = asyncio.Event()

    def relisted(self, kind: Kind) -> None:
        """An informer has listed a kind: it did not see what lost its label before."""
        self._due.add(kind)
        self._changed.set()

    async def run(self) -> None:
        """List whenever it is due, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            kinds, self._due = self._due, set()
            for kind in sorted(kinds):
                await self._list(kind)

    async def _list(self, kind: Kind) -> None:
        try:
            for namespace in self._scope:
                for workload in await self._api.list_unlabeled(kind, namespace):
                    self._on_found(workload.key)
        except ApiError as error:
            log.warning("cannot list workloads that lost their label; retries", kind=kind, error=str(error))
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.relisted, kind)
