"""SchoolSyncs on the API server: listed, watched, created and deleted; only their status is updated."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from sys import intern
from typing import Any, NamedTuple

import msgspec

from syncpause.api.names import API_VERSION, SCHOOL_LABEL
from syncpause.api.resources import SchoolSync
from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import ObjectList, Page, decode_objects, unreadable
from syncpause.kube.informer import Source
from syncpause.kube.namespaces import list_in
from syncpause.kube.paging import list_all

Objects = list[dict[str, Any]]


class SchoolKey(NamedTuple):
    """Namespace and name of a SchoolSync."""

    namespace: str
    name: str


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A SchoolSync in memory. ``packed`` is the compressed JSON of its status.

    That is 0.5 KiB for a school of ten applications; the decoded status takes forty times as much memory.
    """

    key: SchoolKey
    uid: str
    resource_version: int
    generation: int
    packed: bytes = b""

    def status(self) -> dict[str, Any]:
        """The decoded JSON of the status."""
        found: dict[str, Any] = msgspec.json.decode(zlib.decompress(self.packed)) if self.packed else {}
        return found


class SchoolSyncs:
    """The SchoolSyncs of a cluster. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self, namespace: str = "") -> Objects:
        """All of them as whole objects, in one namespace or in all."""
        return await list_in(
            self._client, namespace, list_all(self._client, paths.schools(namespace), decode_objects)
        )

    async def create(self, key: SchoolKey, school: str) -> SchoolRecord:
        """Create the SchoolSync of a school, without a status. Raises Conflict where it exists."""
        body = {
            "apiVersion": API_VERSION,
            "kind": SchoolSync.KIND,
            "metadata": {"name": key.name, "namespace": key.namespace, "labels": {SCHOOL_LABEL: school}},
        }
        return _decode(await self._client.post(paths.schools(key.namespace), body))

    async def put_status(self, record: SchoolRecord, status: Mapping[str, Any]) -> SchoolRecord:
        """Replace the status; returns the new record. Raises NotFound, or Conflict where the object changed.

        The operator owns the whole status, and a PUT costs the API server less than a PATCH. A write of the
        status does not change the metadata.
        """
        key, version = record.key, str(record.resource_version)
        named = {"name": key.name, "namespace": key.namespace, "uid": record.uid, "resourceVersion": version}
        body = {"apiVersion": API_VERSION, "kind": SchoolSync.KIND, "metadata": named, "status": status}
        return _decode(await self._client.put(f"{_path(key)}/status", body))

    async def delete(self, record: SchoolRecord) -> None:
        """Delete this object, never another one of the same name. Raises NotFound or Conflict."""
        await self._client.delete(_path(record.key), {"preconditions": {"uid": record.uid}})


def _path(key: SchoolKey) -> str:
    return f"{paths.schools(key.namespace)}/{key.name}"


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: int
    generation: int = 1


class _SchoolSync(msgspec.Struct):
    metadata: _Meta
    status: msgspec.Raw = msgspec.Raw(b"{}")

    def record(self) -> SchoolRecord:
        meta = self.metadata
        return SchoolRecord(
            key=SchoolKey(intern(meta.namespace), meta.name),
            uid=meta.uid,
            resource_version=meta.resource_version,
            generation=meta.generation,
            packed=zlib.compress(self.status, level=1),
        )


_ONE = msgspec.json.Decoder(_SchoolSync, strict=False)  # a resource version is a number in text
_MANY = msgspec.json.Decoder(ObjectList[_SchoolSync], strict=False)


def _decode(body: bytes | msgspec.Raw) -> SchoolRecord:
    try:
        return _ONE.decode(body).record()
    except msgspec.DecodeError as error:
        raise unreadable("a SchoolSync", error) from error


def _decode_list(body: bytes) -> Page[SchoolRecord]:
    try:
        page = _MANY.decode(body).page()
    except msgspec.DecodeError as error:
        raise unreadable("a list of SchoolSyncs", error) from error
    return Page([item.record() for item in page.items], *page[1:])


def schools_of(namespace: str = "") -> Source[SchoolRecord]:
    """Every SchoolSync of one namespace or of all, for an informer."""
    return Source(SchoolSync.KIND, paths.schools(namespace), "", namespace, _decode_list, _decode)
