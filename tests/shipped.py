"""What the manifests install, for tests that run the operator outside of the cluster."""

from __future__ import annotations

from pathlib import Path

from controlplane.cluster import Cluster

MANIFESTS = Path(__file__).parents[1] / "manifests"
NAMESPACE, ACCOUNT = "syncpause-system", "syncpause"


def install(cluster: Cluster) -> None:
    """The shipped rights and ServiceAccount; no pod, for the operator runs elsewhere."""
    cluster.kubectl("apply", "--server-side", "-k", str(MANIFESTS / "base"))
    cluster.kubectl("scale", "deployment", "syncpause", "-n", NAMESPACE, "--replicas=0")


def operator_kubeconfig(cluster: Cluster) -> Path:
    """A kubeconfig with exactly these rights."""
    install(cluster)
    return cluster.service_account_kubeconfig(NAMESPACE, ACCOUNT)
