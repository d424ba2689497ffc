"""The path of each kind of object on the API server."""

from __future__ import annotations

from syncpause.api.names import GROUP, VERSION
from syncpause.api.resources import POLICY_KINDS, SchoolSync
from syncpause.domain.workload import Key, Kind

NAMESPACES = "/api/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def workloads(kind: Kind, namespace: str = "") -> str:
    """The collection of a kind, in one namespace or in all."""
    match kind:
        case Kind.CRON_JOB:
            return _collection("/apis/batch/v1", "cronjobs", namespace)
        case Kind.DEPLOYMENT:
            return _collection("/apis/apps/v1", "deployments", namespace)


def workload(key: Key) -> str:
    """One workload."""
    return f"{workloads(key.kind, key.namespace)}/{key.name}"


def jobs(namespace: str = "") -> str:
    """The Jobs of one namespace or of all."""
    return _collection("/apis/batch/v1", "jobs", namespace)


def job(namespace: str, name: str) -> str:
    """One Job."""
    return f"{jobs(namespace)}/{name}"


def pods(namespace: str) -> str:
    """The Pods of a namespace."""
    return _collection("/api/v1", "pods", namespace)


def events(namespace: str) -> str:
    """The Events of a namespace."""
    return _collection("/api/v1", "events", namespace)


def leases(namespace: str) -> str:
    """The Leases of a namespace."""
    return _collection("/apis/coordination.k8s.io/v1", "leases", namespace)


def policies(kind: str, namespace: str | None = None) -> str:
    """All policies of a kind, or those of one namespace. Raises KeyError for a kind that is no policy."""
    plurals = {policy.KIND: policy.PLURAL for policy in POLICY_KINDS}
    return _collection(f"/apis/{GROUP}/{VERSION}", plurals[kind], namespace or "")


def crds() -> list[str]:
    """The CustomResourceDefinitions of both kinds of policy."""
    return [f"{CRDS}/{policy.PLURAL}.{GROUP}" for policy in POLICY_KINDS]


def schools(namespace: str = "") -> str:
    """The SchoolSyncs of one namespace or of all."""
    return _collection(f"/apis/{GROUP}/{VERSION}", SchoolSync.PLURAL, namespace)


def _collection(group: str, plural: str, namespace: str) -> str:
    return f"{group}/namespaces/{namespace}/{plural}" if namespace else f"{group}/{plural}"


def short_name(path: str) -> str:
    """A collection as people name it: its plural, after the namespace where it has one."""
    parts = path.split("/")
    return f"{parts[-2]}/{parts[-1]}" if "namespaces" in parts[:-1] else parts[-1]
