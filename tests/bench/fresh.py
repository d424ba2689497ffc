"""A workload that is created, or woken, inside a window: how long until it is paused?"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from bench import load
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from chaos.api import collection

NAMESPACE = "summer-district"
"""Its own policy pauses it all year, whatever the transition of the others."""
SECTION = "inside a window"
EVERY = 0.05
"""Seconds from one to the next."""


async def measure(ground: Ground) -> None:
    """While nothing else goes on, and in the midst of a transition of everything."""
    await _prepare(ground)
    async with ground.operator(*UNBOUND) as operator:
        await ground.rest()
        await _tell(ground, "idle", 0, 0.25)
        del operator
        await load.policy(ground.api, load.OPEN)
        await _tell(ground, "in a transition", ground.size.fresh, 1.0)
        await ground.rest()
        await load.policy(ground.api, [])
        await ground.rest()
    await load.together(
        ground.api.delete(f"{collection('cronjobs', NAMESPACE)}/{_name(number)}")
        for number in range(2 * ground.size.fresh)
    )


async def _prepare(ground: Ground) -> None:
    await ground.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    spec = {**load.SUMMER, "windows": load.OPEN}
    kind = {"apiVersion": "syncpause.dev/v1alpha1", "kind": "SyncPausePolicy"}
    body: dict[str, Any] = {**kind, "metadata": {"name": "summer"}, "spec": spec}
    await ground.api.create(collection("syncpausepolicies", NAMESPACE), body)


async def _tell(ground: Ground, when: str, first: int, most: float) -> None:
    numbers = range(first, first + ground.size.fresh)
    created = await _until_paused(ground, numbers, _create)
    woken = await _until_paused(ground, numbers, _wake)
    for what, seconds in (("created", created), ("woken", woken)):
        add = ground.report.add
        add(SECTION, f"{what}, {when}: p50", statistics.median(seconds) * 1e3, "ms")
        p99 = statistics.quantiles(seconds, n=100)[98]
        add(SECTION, f"{what}, {when}: p99", p99 * 1e3, "ms", target=at_most(most * 1e3))


async def _until_paused(ground: Ground, numbers: range, act: Any) -> list[float]:
    """Seconds from the request's departure to the answer to the operator's PATCH."""
    audit = ground.audit()
    sent: dict[str, float] = {}
    acting = []
    for number in numbers:
        sent[_name(number)] = time.time()
        acting.append(asyncio.create_task(act(ground, number)))
        await asyncio.sleep(EVERY)
    await asyncio.gather(*acting)
    end = time.monotonic() + 60
    while True:
        answered = {
            each.name: each.answered
            for each in audit.read()
            if each.to_workload and each.namespace == NAMESPACE
        }
        if answered.keys() >= sent.keys():
            return [answered[name] - at for name, at in sent.items()]
        if time.monotonic() > end:
            raise TimeoutError(
                f"{len(sent.keys() - answered.keys())} workloads were not paused within a minute"
            )
        await asyncio.sleep(0.2)


async def _create(ground: Ground, number: int) -> None:
    body = load.cron_job(0, number)
    body["metadata"]["name"] = _name(number)
    await ground.api.create(collection("cronjobs", NAMESPACE), body)


async def _wake(ground: Ground, number: int) -> None:
    await ground.api.patch(
        f"{collection('cronjobs', NAMESPACE)}/{_name(number)}", {"spec": {"suspend": False}}
    )


def _name(number: int) -> str:
    return f"fresh-{number}"
