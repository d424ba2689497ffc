"""Leader election on the real API server: hand-over, takeover, and what a lost network does to a leader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wire import DEADLINE_SECONDS, Proxy, Room, until

from controlplane.cluster import Cluster
from syncpause.kube import paths
from syncpause.kube.client import Client, connect
from syncpause.kube.decoding import decode_object
from syncpause.kube.errors import ConnectionLost
from syncpause.kube.lease import DURATION, RENEW_DEADLINE, RETRY_PERIOD, Lease


@pytest.fixture
async def proxy(cluster: Cluster) -> AsyncIterator[Proxy]:
    async with Proxy(cluster) as proxy:
        yield proxy


@pytest.fixture
async def far(proxy: Proxy, tmp_path: Path) -> AsyncIterator[Client]:
    """A client behind the proxy."""
    async with await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client:
        yield client


class Replica:
    """A candidate, and whether it works.

    Between the end of a leader that cannot renew and the start of another are so many seconds that no slow
    machine decides a test.
    """

    def __init__(self, client: Client, room: Room, identity: str) -> None:
        self.lease = Lease(
            client, room.name, "syncpause", identity, duration=10, renew_deadline=5.0, retry_period=1.0
        )
        self.working = False
        self.task = asyncio.create_task(self.lease.run(self._work))

    async def _work(self) -> None:
        self.working = True
        try:
            await asyncio.Event().wait()
        finally:
            self.working = False

    async def die(self) -> None:
        """As at SIGKILL: nothing is given up."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def replica(client: Client, room: Room, identity: str) -> AsyncIterator[Replica]:
    one = Replica(client, room, identity)
    try:
        yield one
    finally:
        await one.die()


async def test_one_of_two_leads_and_the_other_takes_over_at_a_release(room: Room) -> None:
    async with replica(room.client, room, "a") as a:
        await until(lambda: a.working, "a leads")
        async with replica(room.client, room, "b") as b:
            before = await lease_of(room)
            assert before["holderIdentity"] == "a"
            await a.lease.release()
            await asyncio.wait_for(a.task, DEADLINE_SECONDS)
            assert not a.working
            await until(lambda: b.working, "b leads")
            after = await lease_of(room)
            assert after["holderIdentity"] == "b"
            assert after["leaseTransitions"] == before["leaseTransitions"] + 1


async def test_a_standby_takes_over_from_a_leader_that_died(room: Room) -> None:
    async with replica(room.client, room, "a") as a, replica(room.client, room, "b") as b:
        await until(lambda: a.working or b.working, "one leads")
        leader, standby = (a, b) if a.working else (b, a)
        await leader.die()
        await until(lambda: standby.working, "the other one leads")


async def test_a_leader_that_cannot_renew_stops_before_another_may_start(
    far: Client, proxy: Proxy, room: Room
) -> None:
    async with replica(far, room, "a") as a:
        await until(lambda: a.working, "a leads")
        async with replica(room.client, room, "b") as b:
            proxy.freeze()
            proxy.refuse()
            await until(lambda: b.working or not a.working, "a change")
            assert not b.working
            await asyncio.wait_for(a.task, DEADLINE_SECONDS)
            await until(lambda: b.working, "b leads")


async def test_a_leader_survives_a_short_loss_of_its_network(far: Client, proxy: Proxy, room: Room) -> None:
    async with replica(far, room, "a") as a:
        await until(lambda: a.working, "a leads")
        before = (await lease_of(room))["renewTime"]
        proxy.reset()

        async def renewed() -> bool:
            return (await lease_of(room))["renewTime"] != before

        await until(renewed, "the lease is renewed")
        assert a.working


async def test_a_leader_whose_lease_another_took_stops(room: Room) -> None:
    async with replica(room.client, room, "a") as a:
        await until(lambda: a.working, "a leads")
        path = f"{paths.leases(room.name)}/syncpause"
        await room.client.patch(path, {"spec": {"holderIdentity": "usurper"}})
        await asyncio.wait_for(a.task, DEADLINE_SECONDS)
        assert not a.working


async def test_a_leader_that_wakes_up_after_its_lease_ran_out_writes_nothing(far: Client, room: Room) -> None:
    """As after SIGSTOP and SIGCONT: its workers may be quicker than its own look at the lease."""
    async with replica(far, room, "a") as a:
        await until(lambda: a.working, "a leads")
        await room.cron_job("sync")
        workload = paths.workload(room.key("sync"))
        await far.patch(workload, {"spec": {"suspend": True}})
        a.lease._election.renewed -= 60
        for write in (far.patch(workload, {}), far.post(paths.jobs(room.name), {}), far.delete(workload)):
            with pytest.raises(ConnectionLost, match="another replica may lead"):
                await write
        assert decode_object(await far.get(workload))["spec"]["suspend"] is True
        await asyncio.wait_for(a.task, DEADLINE_SECONDS)
        assert not a.working


async def test_what_the_work_dies_of_ends_the_run(room: Room) -> None:
    async def fail() -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        await asyncio.wait_for(Lease(room.client, room.name, "syncpause", "a").run(fail), DEADLINE_SECONDS)


async def test_releasing_what_another_holds_changes_nothing(room: Room) -> None:
    async with replica(room.client, room, "a") as a:
        await until(lambda: a.working, "a leads")
        await Lease(room.client, room.name, "syncpause", "b").release()
        assert (await lease_of(room))["holderIdentity"] == "a"


def test_a_standby_leads_within_fifteen_seconds_of_a_leaders_death() -> None:
    sees, waits, looks = RETRY_PERIOD, DURATION, RETRY_PERIOD
    assert sees + waits + looks < 15
    assert RENEW_DEADLINE + RETRY_PERIOD < DURATION


async def lease_of(room: Room) -> dict[str, object]:
    lease = decode_object(await room.client.get(f"{paths.leases(room.name)}/syncpause"))
    spec: dict[str, object] = lease["spec"]
    return spec
