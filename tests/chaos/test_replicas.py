"""Two operators and one Lease: the leader is killed, frozen, cut off, replaced."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections.abc import Callable

from chaos.conftest import size
from chaos.nursery import Child
from chaos.stage import ALWAYS, NEVER, Stage, until
from faulty.proxy import FaultProxy, Seen


class Pair:
    """Operators with one Lease between them, each behind a wire of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.wires: dict[int, FaultProxy] = {}
        self.first_write: dict[int, float] = {}

    async def join(self) -> Child:
        proxy = await self.stage.wire()
        lease = {
            "leader_elect": True,
            "lease_name": self.stage.namespace,
            "lease_namespace": "syncpause-system",
        }
        child = self.stage.operator(proxy, **lease)
        self.wires[child.pid] = proxy

        async def note(point: str, _seen: Seen) -> None:
            if point == "at":
                self.first_write.setdefault(child.pid, time.monotonic())

        proxy.on_write = note
        return child

    async def leader_and_standby(self) -> tuple[Child, Child]:
        leader = await self.join()
        await until(lambda: "leads now" in leader.output, "a leader")
        return leader, await self.join()

    def writes(self, child: Child) -> int:
        return len(self.wires[child.pid].written)


async def begin(stage: Stage, pair: Pair, leader: Child, windows: list[dict[str, str]]) -> None:
    """Start a transition, and wait until the leader is in the middle of it."""
    before = pair.writes(leader)
    stage.observer.closing(stage.namespace)
    await stage.policy(windows)
    await until(lambda: pair.writes(leader) >= before + 5, "the middle of the transition")


async def test_the_leader_is_killed_in_the_middle_of_a_transition(
    stage: Stage, verdict: Callable[..., None]
) -> None:
    await stage.schools(10)
    pair = Pair(stage)
    leader, standby = await pair.leader_and_standby()
    seconds = []
    for number in range(size(6, 1)):
        windows = NEVER if number % 2 else ALWAYS
        await begin(stage, pair, leader, windows)
        died = time.monotonic()
        leader.kill()
        await (stage.paused() if windows else stage.back())
        seconds.append(pair.first_write[standby.pid] - died)
        leader, standby = standby, await pair.join()
    figure = (
        f"first write of the other after {statistics.median(seconds):.1f} s, {max(seconds):.1f} s at most"
    )
    verdict("replicas", "leader killed in mid-transition", len(seconds), figure)


async def test_a_frozen_leader_that_thaws_writes_nothing_that_hurts(
    stage: Stage, verdict: Callable[..., None]
) -> None:
    await stage.schools(10)
    pair = Pair(stage)
    leader, standby = await pair.leader_and_standby()
    rounds = size(4, 1)
    for _ in range(rounds):
        await begin(stage, pair, leader, ALWAYS)
        leader.signal(signal.SIGSTOP)
        await stage.paused()
        await stage.resume()
        done = pair.writes(leader)
        leader.signal(signal.SIGCONT)
        await until(lambda child=leader: not child.alive, "the former leader ends itself", 30)
        assert pair.writes(leader) == done, "written after the thaw"
        assert stage.all_back() is True
        leader, standby = standby, await pair.join()
    verdict("replicas", "leader frozen past its lease, then thawed", rounds)


async def test_a_leader_that_is_cut_off_gives_up(stage: Stage, verdict: Callable[..., None]) -> None:
    await stage.schools(10)
    pair = Pair(stage)
    leader, standby = await pair.leader_and_standby()
    rounds = size(4, 1)
    for number in range(rounds):
        windows = NEVER if number % 2 else ALWAYS
        await begin(stage, pair, leader, windows)
        await pair.wires[leader.pid].refuse()
        await (stage.paused() if windows else stage.back())
        await until(lambda child=leader: not child.alive, "the one that was cut off ends itself", 30)
        assert "lease could not be renewed" in leader.output
        leader, standby = standby, await pair.join()
    verdict("replicas", "leader cut off from the API server", rounds)


async def test_a_rolling_update_in_the_middle_of_a_transition(
    stage: Stage, verdict: Callable[..., None]
) -> None:
    await stage.schools(10)
    pair = Pair(stage)
    leader, standby = await pair.leader_and_standby()
    seconds = []
    for number in range(size(10, 2)):
        windows = NEVER if number % 2 else ALWAYS
        await until(lambda child=standby: "policies read" in child.output, "the standby's caches")
        await begin(stage, pair, leader, windows)
        asked = time.monotonic()
        leader.signal(signal.SIGTERM)
        await (stage.paused() if windows else stage.back())
        await until(lambda child=leader: not child.alive, "the old one has ended", 15)
        if standby.pid in pair.first_write:
            seconds.append(pair.first_write[standby.pid] - asked)
        leader, standby = standby, await pair.join()
        await until(lambda child=leader: "leads now" in child.output, "the next leader")
    figure = f"first write of the next after {max(seconds, default=0):.1f} s at most"
    verdict("replicas", "rolling update in mid-transition", size(10, 2), figure)


async def test_both_die_and_come_back(stage: Stage, verdict: Callable[..., None]) -> None:
    await stage.schools(10)
    pair = Pair(stage)
    leader, standby = await pair.leader_and_standby()
    await begin(stage, pair, leader, ALWAYS)
    await asyncio.to_thread(lambda: (leader.kill(), standby.kill()))
    leader, standby = await pair.join(), await pair.join()
    await stage.paused()
    await stage.resume()
    verdict("replicas", "both killed at once", 1)
