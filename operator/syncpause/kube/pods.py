"""The Pods of a Deployment, for API servers whose Deployment status does not count terminating Pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from syncpause.domain.workload import Key
from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import ObjectList, Page, decode_object, unreadable
from syncpause.kube.paging import list_all

TEMPLATE_HASH = "pod-template-hash"
UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"


class Pods:
    """The Pods of a cluster, read only. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def selector(self, deployment: Key) -> str:
        """The label selector of a Deployment, which is immutable in apps/v1. Raises NotFound."""
        found = decode_object(await self._client.get(paths.workload(deployment)))
        return selector_text(found["spec"]["selector"])

    async def count(self, deployment: Key, selector: str) -> int:
        """The number of unfinished Pods of a Deployment, including those that terminate.

        Pods of another Deployment, of a bare ReplicaSet or of a Job may match the same selector. So a Pod
        counts only if its controller is a ReplicaSet with the name that the Deployment controller gives it:
        the Deployment's name, a hyphen, and the Pod's own pod-template-hash.
        Source: k8s.io/kubernetes v1.34, pkg/controller/deployment/sync.go, getNewReplicaSet.
        """
        params = {"labelSelector": selector, "fieldSelector": UNFINISHED}
        found = await list_all(self._client, paths.pods(deployment.namespace), _decode, params)
        return sum(pod.metadata.belongs_to(deployment.name) for pod in found)


def selector_text(selector: Mapping[str, Any]) -> str:
    """A LabelSelector in the syntax of the query parameter ``labelSelector``."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for item in selector.get("matchExpressions") or ():
        key, values = item["key"], ",".join(item.get("values") or ())
        match item["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case _:
                parts.append(f"!{key}")
    return ",".join(parts)


class _Struct(msgspec.Struct, rename="camel"):
    pass


class _Owner(_Struct):
    api_version: str
    kind: str
    name: str
    controller: bool = False


class _Meta(_Struct):
    labels: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None

    def belongs_to(self, deployment: str) -> bool:
        replica_set = f"{deployment}-{(self.labels or {}).get(TEMPLATE_HASH, '')}"
        return any(
            owner.controller
            and owner.kind == "ReplicaSet"
            and owner.api_version.startswith("apps/")
            and owner.name == replica_set
            for owner in self.owner_references or ()
        )


class _Pod(_Struct):
    metadata: _Meta


_PODS = msgspec.json.Decoder(ObjectList[_Pod])


def _decode(body: bytes) -> Page[_Pod]:
    try:
        return _PODS.decode(body).page()
    except msgspec.DecodeError as error:
        raise unreadable("a list of Pods", error) from error
