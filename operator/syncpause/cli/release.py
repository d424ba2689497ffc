"""``syncpause release``: put workloads back from their own annotations, with no operator and no policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from syncpause.domain import restore
from syncpause.domain.governance import Stand, Verdict
from syncpause.domain.plan import plan
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import ApiError, NotFound
from syncpause.kube.workloads import Workloads

_RELEASED = Verdict(Stand.UNGOVERNED, "released by hand")


async def paused(client: Client, namespace: str, school: str) -> list[Workload]:
    """The paused workloads of a namespace and school; of all where these are empty."""
    workloads = Workloads(client)
    found = [workload for kind in Kind for workload in await workloads.list_marked(kind)]
    return [
        workload
        for workload in found
        if namespace in ("", workload.namespace) and school in ("", workload.school)
    ]


async def release(client: Client, found: list[Workload], now: datetime) -> AsyncIterator[tuple[Key, str]]:
    """Put each back; yields its key and "" or what went wrong. One failure stops no other."""
    workloads = Workloads(client)
    for workload in found:
        try:
            await _release_one(workloads, workload, now)
        except NotFound:
            yield workload.key, ""
        except ApiError as error:
            yield workload.key, error.message
        else:
            yield workload.key, ""


async def _release_one(workloads: Workloads, workload: Workload, now: datetime) -> None:
    fallback = restore.DEFAULTS[workload.kind] if restore.missing(workload) else None
    change = plan(workload, _RELEASED, now, fallback=fallback)
    if change is not None:
        await workloads.apply(workload, change)
