"""A control plane to measure on, and what every story needs of it."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import load, process
from bench.audit import Audit
from bench.figures import Report
from bench.subject import Subject
from chaos.api import Api
from controlplane.cluster import Cluster, start
from shipped import operator_kubeconfig

UNBOUND = ("--writes-per-second", "0")
"""As fast as the API server takes it, for comparison with the raw client; the default is a neighbour's."""
CRDS = Path(__file__).parents[2] / "crds"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried. ``growth`` holds the numbers of workloads at which cost is compared. Nothing written
    for ``rest_seconds`` means that all is done; after ``idle_connections_seconds`` connections that nobody
    needs are closed and their memory is given back; ``soon_seconds`` after a start is the midnight."""

    workloads: int
    growth: tuple[int, ...]
    rounds: int
    fresh: int
    idle_seconds: int
    churn_seconds: int
    policies: int
    engine: int
    rest_seconds: float
    idle_connections_seconds: float
    soon_seconds: float


FULL = Size(
    workloads=10_000,
    growth=(1_000, 10_000, 30_000, 100_000),
    rounds=3,
    fresh=200,
    idle_seconds=600,
    churn_seconds=20,
    policies=1_000,
    engine=300_000,
    rest_seconds=3.0,
    idle_connections_seconds=65.0,
    soon_seconds=12.0,
)
SMOKE = Size(
    workloads=200,
    growth=(100, 200),
    rounds=1,
    fresh=5,
    idle_seconds=2,
    churn_seconds=1,
    policies=10,
    engine=2_000,
    rest_seconds=1.7,
    idle_connections_seconds=0.5,
    soon_seconds=4.0,
)


@dataclass(slots=True)
class Ground:
    """One cluster, an administrator's connection, and where figures go."""

    cluster: Cluster
    api: Api
    kubeconfig: Path
    directory: Path
    size: Size
    report: Report

    def operator(self, *flags: str, ahead: float = 0.0) -> Subject:
        """An operator that is not started yet."""
        return Subject(self.kubeconfig, self.directory, *flags, ahead=ahead)

    def audit(self) -> Audit:
        """What the operator asks, from now on."""
        return Audit(self.cluster.audit_log)

    async def rest(self, audit: Audit | None = None) -> None:
        """Until the operator has nothing to write any more."""
        await (audit or self.audit()).quiet(self.size.rest_seconds)

    def server_cpu(self) -> dict[str, float]:
        """CPU seconds of the API server and of etcd."""
        return {name: process.cpu_seconds(self.cluster.pid(name)) for name in ("kube-apiserver", "etcd")}

    def database_bytes(self) -> float:
        """etcd's database as it is on disk."""
        with urllib.request.urlopen(self.cluster.etcd_metrics, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        name = "etcd_mvcc_db_total_size_in_bytes "
        return float(next(line for line in lines if line.startswith(name)).split()[1])


@asynccontextmanager
async def ground(size: Size, report: Report) -> AsyncIterator[Ground]:
    """A fresh cluster with our CRDs and rights, and namespaces without schools."""
    with start() as cluster, tempfile.TemporaryDirectory(prefix="syncpause-bench-") as directory:
        cluster.kubectl("apply", "--server-side", "-k", str(CRDS))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        kubeconfig = operator_kubeconfig(cluster)
        async with Api(cluster) as api:
            await load.namespaces(api)
            await load.policy(api, [])
            yield Ground(cluster, api, kubeconfig, Path(directory), size, report)
