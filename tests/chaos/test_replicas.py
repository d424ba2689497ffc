"""Two operators and one Lease: the leader is killed, frozen, cut off, replaced."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections.abc import Callable

import pytest

from chaos.conftest import size
from chaos.operators import Child
from chaos.stage import ALWAYS, NEVER, Stage, until
from faults.proxy import FaultProxy, Seen


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

    async def open(self) -> Pair:
        """Ten schools, a leader, and one that stands by."""
        await self.stage.schools(10)
        self.leader = await self.join()
        await until(lambda: "leads now" in self.leader.output, "a leader")
        self.standby = await self.join()
        return self

    async def replace_leader(self) -> None:
        """The standby leads; a new one stands by."""
        self.leader, self.standby = self.standby, await self.join()

    async def elect(self) -> None:
        """Whoever got the Lease leads: where it is given up in peace, the newcomer may be the faster one."""
        both = (self.leader, self.standby)
        await until(lambda: any("leads now" in child.output for child in both), "the next leader")
        self.leader, self.standby = sorted(both, key=lambda child: "leads now" not in child.output)

    async def begin(self, number: int) -> None:
        """Start a transition, and wait until the leader is in the middle of it."""
        before = self.writes(self.leader)
        self.stage.observer.closing(self.stage.namespace)
        await self.stage.policy(NEVER if number % 2 else ALWAYS)
        await until(lambda: self.writes(self.leader) >= before + 5, "the middle of the transition")

    async def end(self, number: int) -> None:
        """What was begun is done, by whoever."""
        await (self.stage.back() if number % 2 else self.stage.paused())

    def writes(self, child: Child) -> int:
        return len(self.wires[child.pid].written)


@pytest.fixture
async def pair(stage: Stage) -> Pair:
    return await Pair(stage).open()


async def test_the_leader_is_killed_in_the_middle_of_a_transition(
    pair: Pair, record: Callable[..., None]
) -> None:
    seconds = []
    for number in range(size(6, 1)):
        await pair.begin(number)
        died = time.monotonic()
        pair.leader.kill()
        await pair.end(number)
        seconds.append(pair.first_write[pair.standby.pid] - died)
        await pair.replace_leader()
    figure = (
        f"first write of the other after {statistics.median(seconds):.1f} s, {max(seconds):.1f} s at most"
    )
    record("replicas", "leader killed in mid-transition", len(seconds), figure)


async def test_a_frozen_leader_that_thaws_writes_nothing_that_hurts(
    stage: Stage, pair: Pair, record: Callable[..., None]
) -> None:
    rounds = size(4, 1)
    for _ in range(rounds):
        leader = pair.leader
        await pair.begin(0)
        leader.signal(signal.SIGSTOP)
        await pair.end(0)
        await stage.resume()
        done = pair.writes(leader)
        leader.signal(signal.SIGCONT)
        await until(lambda: not pair.leader.alive, "the former leader ends itself", 30)
        assert pair.writes(leader) == done, "written after the thaw"
        assert stage.all_back() is True
        await pair.replace_leader()
    record("replicas", "leader frozen past its lease, then thawed", rounds)


async def test_a_leader_that_is_cut_off_gives_up(pair: Pair, record: Callable[..., None]) -> None:
    rounds = size(4, 1)
    for number in range(rounds):
        await pair.begin(number)
        await pair.wires[pair.leader.pid].refuse()
        await pair.end(number)
        await until(lambda: not pair.leader.alive, "the one that was cut off ends itself", 30)
        assert "Lease could not be renewed" in pair.leader.output
        await pair.replace_leader()
    record("replicas", "leader cut off from the API server", rounds)


async def test_a_rolling_update_in_the_middle_of_a_transition(
    pair: Pair, record: Callable[..., None]
) -> None:
    seconds = []
    rounds = size(10, 2)
    for number in range(rounds):
        await until(lambda: "policies read" in pair.standby.output, "the standby's caches")
        await pair.begin(number)
        asked = time.monotonic()
        pair.leader.signal(signal.SIGTERM)
        await pair.end(number)
        await until(lambda: not pair.leader.alive, "the old one has ended", 15)
        if pair.standby.pid in pair.first_write:
            seconds.append(pair.first_write[pair.standby.pid] - asked)
        await pair.replace_leader()
        await pair.elect()
    figure = f"first write of the next after {max(seconds, default=0):.1f} s at most"
    record("replicas", "rolling update in mid-transition", rounds, figure)


async def test_both_die_and_come_back(stage: Stage, pair: Pair, record: Callable[..., None]) -> None:
    await pair.begin(0)
    await asyncio.to_thread(lambda: (pair.leader.kill(), pair.standby.kill()))
    await pair.join()
    await pair.join()
    await stage.paused()
    await stage.resume()
    record("replicas", "both killed at once", 1)
