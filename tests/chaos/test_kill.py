"""The operator is killed at every write of a transition, and at random moments of a whole story."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from chaos.conftest import size
from chaos.stage import ALWAYS, NEVER, Stage, until
from faults.proxy import FaultProxy, Seen

MOST = 90
"""A pause takes 50 writes. At a resume some of the 40 CronJobs take two, for lastScheduleTime goes first."""


class KillAt:
    """Kills the stage's newest operator at a point of its n-th write."""

    def __init__(self, stage: Stage, point: str, number: int) -> None:
        self._stage = stage
        self._point = point
        self._left = number
        self.done = False

    async def __call__(self, point: str, _seen: Seen) -> None:
        if point != self._point or self.done:
            return
        self._left -= 1
        if self._left <= 0:
            self.done = True
            self._stage.children[-1].kill()


async def transition(stage: Stage, proxy: FaultProxy, trap: KillAt, *, pausing: bool) -> bool:
    """One transition with a trap in it; whether the operator was killed, so that another had to finish."""
    proxy.on_write = trap
    stage.observer.closing(stage.namespace)
    await stage.policy(ALWAYS if pausing else NEVER)
    await until(
        lambda: trap.done or (stage.all_paused() if pausing else stage.all_back()), "a write or the end"
    )
    if trap.done:
        stage.operator(proxy)
    await (stage.paused() if pausing else stage.back())
    return trap.done


@pytest.mark.parametrize("point", ["before", "at", "after"])
async def test_killed_at_every_write_of_a_transition(
    point: str, stage: Stage, record: Callable[..., None]
) -> None:
    await stage.schools(10)
    await stage.sync("foreign", "", schedule="* * * * *")
    proxy = await stage.wire()
    stage.operator(proxy)
    kills = 0
    for number in range(1, MOST + 1, size(1, 17)):
        for pausing in (True, False):
            kills += await transition(stage, proxy, KillAt(stage, point, number), pausing=pausing)
    record("kill -9", f"{point} each write of a 50-workload transition", kills)


async def test_killed_at_random_moments_of_a_story(
    stage: Stage, seed: int, record: Callable[..., None]
) -> None:
    chance = random.Random(seed)
    await stage.schools(5)
    proxy = await stage.wire()
    stage.operator(proxy)
    target, kills = size(500, 25), 0
    over = asyncio.Event()

    async def killer() -> None:
        nonlocal kills
        while kills < target:
            await asyncio.sleep(chance.uniform(0.05, 1.5))
            stage.children[-1].kill()
            kills += 1
            stage.operator(proxy)
        over.set()

    killing = asyncio.create_task(killer())
    while not over.is_set():
        await summer(stage, chance)
    await killing
    await summer(stage, chance)
    record("kill -9", "at random moments of a pause-drift-edit-resume story", kills)


async def summer(stage: Stage, chance: random.Random) -> None:
    """Pause; owners and tools change things meanwhile; the policy is edited; resume."""
    await stage.pause()
    for _ in range(3):
        await asyncio.sleep(chance.uniform(0, 0.3))
        sync, ingest = f"sync-{chance.randrange(5)}-{chance.randrange(4)}", f"ingest-{chance.randrange(5)}"
        await stage.owner_wants("cronjobs", sync, suspend=False)
        await stage.owner_wants("cronjobs", sync, startingDeadlineSeconds=chance.randrange(60, 600))
        await stage.owner_wants("deployments", ingest, replicas=chance.randrange(1, 6))
    await stage.policy([*ALWAYS, {"name": "more", "firstDay": "02-01", "lastDay": "02-02"}])
    await stage.paused()
    await stage.resume()
