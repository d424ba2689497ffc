"""Fixtures: a school platform of its own for each test, and the operator in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from stage import RunningOperator, Stage

from controlplane.cluster import Cluster


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
    cluster.kubectl("apply", "--server-side", "-k", "manifests/base")
    cluster.kubectl("scale", "deployment", "syncpause", "-n", "syncpause-system", "--replicas=0")
    return str(cluster.service_account_kubeconfig("syncpause-system", "syncpause"))
