"""The operator is killed at every write of a transition, and at random moments of a whole story."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from chaos.conftest import size
from chaos.stage import ALWAYS, NEVER, Stage, until
from faulty.proxy import FaultProxy, Seen

PAUSING = 50
RESUMING = 90
"""40 CronJobs take two writes each at a resume (lastScheduleTime goes first), 10 Deployments one."""


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


async def killed_once(stage: Stage, proxy: FaultProxy, point: str, number: int) -> bool:
    """Whether the operator was killed before the transition was over; another one is at work afterwards."""
    trap = KillAt(stage, point, number)
    proxy.on_write = trap
    await until(lambda: trap.done or stage.all_paused() is True or stage.all_back() is True, "a write")
    return trap.done


@pytest.mark.parametrize("point", ["before", "at", "after"])
async def test_killed_at_every_write_of_a_transition(
    point: str, stage: Stage, verdict: Callable[..., None]
) -> None:
    await stage.schools(10)
    await stage.sync("foreign", "", schedule="* * * * *")
    proxy = await stage.wire()
    stage.operator(proxy)
    kills = 0
    for number in range(1, RESUMING + 1, size(1, 17)):
        for windows, most in ((ALWAYS, PAUSING), (NEVER, RESUMING)):
            if number > most:
                await (stage.pause() if windows else stage.resume())
                continue
            trap = KillAt(stage, point, number)
            proxy.on_write = trap
            stage.observer.closing(stage.namespace)
            await stage.policy(windows)
            await until(lambda trap=trap: trap.done, f"write {number}")
            kills += 1
            stage.operator(proxy)
            await (stage.paused() if windows else stage.back())
    verdict("kill -9", f"{point} each write of a 50-workload transition", kills)


async def test_killed_at_random_moments_of_a_story(
    stage: Stage, seed: int, verdict: Callable[..., None]
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
    verdict("kill -9", "at random moments of a pause-drift-edit-resume story", kills)


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
