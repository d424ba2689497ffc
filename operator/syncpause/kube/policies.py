"""Policies and namespaces on the API server: whole objects are read, and only their status is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_object, decode_objects
from syncpause.kube.errors import NotFound
from syncpause.kube.namespaces import list_in
from syncpause.kube.paging import list_all

Objects = list[dict[str, Any]]
PolicyKind = Literal["SyncPausePolicy", "ClusterSyncPausePolicy"]


class Unreadable(Exception):
    """An empty list of policies proves nothing: a CRD is missing, being deleted or not yet established."""


class Policies:
    """The policies of a cluster. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self, kind: PolicyKind | str, namespace: str = "") -> Objects:
        """The policies of a kind as whole objects, in one namespace or in all."""
        return await list_in(
            self._client, namespace, list_all(self._client, paths.policies(kind, namespace), decode_objects)
        )

    async def namespaces(self) -> Objects:
        """All namespaces as whole objects."""
        return await list_all(self._client, paths.NAMESPACES, decode_objects)

    async def namespace(self, name: str) -> dict[str, Any]:
        """One namespace as a whole object. Raises NotFound."""
        return decode_object(await self._client.get(f"{paths.NAMESPACES}/{name}"))

    async def crds(self) -> datetime:
        """When (UTC) the newer one of both CRDs was created. A change means that one was created again.

        Raises Unreadable where one is missing, being deleted or not established. An empty list of policies
        proves nothing then, and a deletion that a watch reported may be that of the CRD.
        """
        bodies = await asyncio.gather(*(self._crd(path) for path in paths.crds()))
        return max(_alive(body) for body in bodies)

    async def create(self, kind: PolicyKind | str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a policy in the namespace that it names; returns it. Raises Conflict where it exists."""
        namespace = body["metadata"].get("namespace")
        return decode_object(await self._client.post(paths.policies(kind, namespace), body))

    async def patch_spec(self, kind: PolicyKind | str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge the spec of ``body`` into the policy's; returns the whole object.

        Raises Conflict unless ``body`` has the current resource version.
        """
        metadata = body["metadata"]
        path = f"{paths.policies(kind, metadata.get('namespace'))}/{metadata['name']}"
        precondition = {"resourceVersion": metadata["resourceVersion"]}
        return decode_object(await self._client.patch(path, {"metadata": precondition, "spec": body["spec"]}))

    async def patch_status(
        self,
        kind: PolicyKind | str,
        namespace: str | None,
        name: str,
        *,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        resource_version: str | None = None,
    ) -> dict[str, Any]:
        """Change the status from ``before`` to ``after``; returns the whole object.

        Raises Conflict where ``resource_version`` is given and not the current one.
        """
        body: dict[str, Any] = {"status": status_patch(before, after)}
        if resource_version is not None:
            body["metadata"] = {"resourceVersion": resource_version}
        path = f"{paths.policies(kind, namespace)}/{name}/status"
        return decode_object(await self._client.patch(path, body))

    async def _crd(self, path: str) -> _Definition:
        try:
            body = await self._client.get(path)
        except NotFound:
            raise Unreadable(
                f"the CustomResourceDefinition {path.rsplit('/', 1)[1]} is missing: kubectl apply -f crds/"
            ) from None
        try:
            return msgspec.json.decode(body, type=_Definition)
        except msgspec.DecodeError as error:
            raise Unreadable(f"{path} cannot be read: {error}") from error


class _Condition(msgspec.Struct):
    type: str
    status: str


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    creation_timestamp: datetime
    deletion_timestamp: datetime | None = None


class _Status(msgspec.Struct):
    conditions: list[_Condition] | None = None


class _Definition(msgspec.Struct):
    metadata: _Meta
    status: _Status = msgspec.field(default_factory=_Status)


def status_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) from one status to another.

    It names a removed field as null and replaces a list as a whole. It is empty where nothing changes.
    """
    patch: dict[str, Any] = {name: None for name in before.keys() - after.keys()}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            inner = status_patch(old, value)
            if inner:
                patch[name] = inner
        elif name not in before or old != value:
            patch[name] = value
    return patch


def _alive(crd: _Definition) -> datetime:
    name = crd.metadata.name
    if crd.metadata.deletion_timestamp is not None:
        raise Unreadable(f"the CustomResourceDefinition {name} is being deleted")
    conditions = {condition.type: condition.status for condition in crd.status.conditions or ()}
    if conditions.get("Established") != "True":
        raise Unreadable(f"the CustomResourceDefinition {name} is not established yet")
    return crd.metadata.creation_timestamp.astimezone(UTC)
