"""Fixtures: a school platform of its own for each test, and the operator in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from stage import RunningOperator, Stage
from wire import Room

import shipped
from controlplane.cluster import Cluster
from faults.proxy import FaultProxy
from syncpause.kube.client import connect

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    """A namespace and a client of its own, for tests of kube/."""
    async with await connect(kubeconfig=str(cluster.kubeconfig)) as client:
        room = await Room(client).open()
        yield room
        await room.close()


@pytest.fixture
async def proxy(cluster: Cluster, operator_kubeconfig: str) -> AsyncIterator[FaultProxy]:
    """A way to the API server on which faults can be injected, with the rights of the ServiceAccount."""
    token = cluster.kubectl("create", "token", "-n", "syncpause-system", "syncpause").strip()
    built = FaultProxy(cluster, token)
    yield built
    await built.stop()


@pytest.fixture
def stage(cluster: Cluster) -> Iterator[Stage]:
    """A namespace of its own."""
    built = Stage(cluster)
    yield built
    built.strike()


@pytest.fixture
async def stopped_operator(operator_kubeconfig: str) -> AsyncIterator[RunningOperator]:
    """An operator that the test starts itself; its clock stands in March 2027 until it is moved."""
    running = RunningOperator(operator_kubeconfig)
    running.jump_to("2027-03-01T12:00")
    yield running
    await running.stop()


@pytest.fixture
async def operator(stopped_operator: RunningOperator) -> RunningOperator:
    """A running operator, with the rights of its ServiceAccount."""
    await stopped_operator.start()
    return stopped_operator


@pytest.fixture(scope="session")
def operator_kubeconfig(cluster: Cluster) -> str:
    """The ServiceAccount's own rights, as installed by the manifests."""
    return str(shipped.operator_kubeconfig(cluster))
