"""The way to the API server fails, in each way alone and in all ways at once; and the API server itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from chaos.conftest import size
from chaos.stage import Stage, until
from chaos.test_kill import summer
from controlplane.cluster import Cluster
from faults.proxy import Choose, Fault, Seen

OFTEN, SELDOM = 0.5, 0.1
"""The share of the requests that a fault is for which goes wrong: half of the rare ones, a tenth of all."""
IMPATIENT = {"request_timeout": 2.0, "watch_timeout": 8.0, "page_size": 5}
EXPIRED = Fault(410, reason="Expired", message="The provided continue parameter is too old")


def anything(_seen: Seen) -> bool:
    return True


def writes(seen: Seen) -> bool:
    return seen.method != "GET"


def watches(seen: Seen) -> bool:
    return seen.watch


def lists(seen: Seen) -> bool:
    return seen.method == "GET" and not seen.watch


def further_pages(seen: Seen) -> bool:
    return "continue" in seen.query


WIRE: dict[str, tuple[Fault, Callable[[Seen], bool]]] = {
    "409 Conflict": (Fault(409), writes),
    "404 Not Found": (Fault(404), anything),
    "410 Gone to a watch": (Fault(410, reason="Expired"), watches),
    "410 to a list's continue token": (EXPIRED, further_pages),
    "429 with Retry-After": (Fault(429, {"Retry-After": "1"}), anything),
    "500": (Fault(500), anything),
    "503": (Fault(503), anything),
    "504": (Fault(504), anything),
    "connection reset before the request": (Fault(reset=True), anything),
    "connection reset in mid-body": (Fault(cut_after=200), anything),
    "half-open: not a byte comes back": (Fault(hang=True), anything),
    "a write applied, its answer lost": (Fault(lose_answer=True), writes),
    "answers later than the client waits": (Fault(delay=2.5), anything),
    "watch events truncated": (Fault(cut_after=700), watches),
    "watch events twice": (Fault(twice=True), watches),
}


def sometimes(chance: random.Random, *faults: tuple[Fault, Callable[[Seen], bool]]) -> Choose:
    """Some of the requests that a fault is for go wrong; the first watch does, for there are few of them."""

    first_pages, first_watches = count(), count()

    def choose(seen: Seen) -> Fault | None:
        fault, fits = chance.choice(faults)
        if not fits(seen):
            return None
        # A list that fails half of the time on each of its pages never ends: there the first three do.
        certain = (fits is further_pages and next(first_pages) < 3) or (
            fits is watches and next(first_watches) == 0
        )
        share = OFTEN if fits is watches else SELDOM
        return fault if certain or chance.random() < share else None

    return choose


@pytest.mark.parametrize("name", WIRE)
async def test_one_fault_again_and_again(
    name: str, stage: Stage, seed: int, record: Callable[..., None]
) -> None:
    chance = random.Random(seed)
    await stage.schools(5)
    proxy = await stage.wire()
    with proxy.injecting(sometimes(chance, WIRE[name])):
        stage.operator(proxy, **IMPATIENT, relist_interval=5.0)
        for _ in range(size(3, 1)):
            await summer(stage, chance)
    await _still_works(stage)
    assert proxy.faults, "nothing went wrong"
    record("wire", name, proxy.faults)


async def test_all_faults_mixed(stage: Stage, seed: int, record: Callable[..., None]) -> None:
    chance = random.Random(seed)
    await stage.schools(5)
    proxy = await stage.wire()
    with proxy.injecting(sometimes(chance, *WIRE.values())):
        stage.operator(proxy, **IMPATIENT, relist_interval=5.0)
        for _ in range(size(15, 1)):
            await summer(stage, chance)
    await _still_works(stage)
    record("wire", "all of these at random", proxy.faults)


async def test_an_answer_that_is_thirty_seconds_late(stage: Stage, record: Callable[..., None]) -> None:
    await stage.schools(2)
    proxy = await stage.wire()
    stage.operator(proxy)
    late = iter([Fault(delay=size(30, 3))] * 5)
    with proxy.injecting(lambda seen: next(late, None) if seen.writes_a_workload else None):
        await stage.pause()
        await stage.resume()
    record("wire", "answers 30 s late", proxy.faults)


async def test_nobody_listens_for_a_while(stage: Stage, record: Callable[..., None]) -> None:
    await stage.schools(5)
    proxy = await stage.wire()
    stage.operator(proxy, **IMPATIENT, relist_interval=5.0)
    rounds = size(5, 1)
    for _ in range(rounds):
        await proxy.refuse()
        pausing = asyncio.create_task(stage.pause())
        await asyncio.sleep(3)
        await proxy.listen()
        await pausing
        await stage.resume()
    record("wire", "connection refused for 3 s", rounds)


async def test_the_api_server_is_restarted(
    cluster: Cluster, stage: Stage, record: Callable[..., None]
) -> None:
    await stage.schools(5)
    stage.operator(None, **IMPATIENT, relist_interval=5.0)
    rounds = size(4, 1)
    for _ in range(rounds):
        await stage.pause()
        _restart(cluster, "kube-apiserver")
        await stage.resume()
        await _restart_within_a_transition(cluster, stage)
    record("control plane", "API server killed and started again", 2 * rounds)


def _restart(cluster: Cluster, name: str) -> None:
    """Not in a thread: the kernel ends a child with the thread that has started it."""
    cluster.stop_process(name)
    cluster.start_process(name)


async def _restart_within_a_transition(cluster: Cluster, stage: Stage) -> None:
    await stage.policy([{"name": "whole-year", "firstDay": "01-01", "lastDay": "12-31"}])
    await until(lambda: stage.all_back() is not True, "the transition has begun")
    _restart(cluster, "kube-apiserver")
    await stage.paused()
    await stage.resume()


async def test_etcd_stands_still(cluster: Cluster, stage: Stage, record: Callable[..., None]) -> None:
    await stage.schools(5)
    stage.operator(None, **IMPATIENT, relist_interval=5.0)
    await stage.pause()
    seconds = size(60, 10)
    await asyncio.to_thread(cluster.freeze, "etcd")
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(cluster.thaw, "etcd")
    await _eventually_ready(cluster)
    await stage.resume()
    await stage.pause()
    await stage.resume()
    record("control plane", f"etcd frozen for {size(60, 10)} s", 1)


async def _eventually_ready(cluster: Cluster) -> None:
    def ready() -> Any:
        return "ok" in cluster.kubectl("get", "--raw", "/readyz", check=False) or "not ready"

    for _ in range(120):
        if await asyncio.to_thread(ready) is True:
            return
        await asyncio.sleep(0.5)
    pytest.fail("the API server is not ready again")


async def _still_works(stage: Stage) -> None:
    """Nothing of the fault stays: a whole summer, quickly."""
    assert stage.children[-1].alive, stage.children[-1].output[-3000:]
    await stage.pause()
    await stage.resume()
