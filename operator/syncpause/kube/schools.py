"""SchoolSyncs, as the API server has them: watched, made and removed, written in their status only."""

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


class LineKey(NamedTuple):
    """What names a SchoolSync in a cluster."""

    namespace: str
    name: str


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A SchoolSync as it is kept. ``packed`` is its status, the API server's JSON, compressed: 0.5 KiB for a
    school of ten applications, of which read ones would take forty times the memory."""

    key: LineKey
    uid: str
    resource_version: int
    generation: int
    packed: bytes = b""

    def said(self) -> dict[str, Any]:
        """The status as JSON values."""
        found: dict[str, Any] = msgspec.json.decode(zlib.decompress(self.packed)) if self.packed else {}
        return found


class SchoolSyncs:
    """The schools' lines on the dashboard. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self, namespace: str = "") -> Objects:
        """Whole objects: of one namespace or of all."""
        return await list_in(
            self._client, namespace, list_all(self._client, paths.schools(namespace), decode_objects)
        )

    async def create(self, key: LineKey, school: str) -> Line:
        """Make the line of a school, without a status yet. Raises Conflict if it is there."""
        body = {
            "apiVersion": API_VERSION,
            "kind": SchoolSync.KIND,
            "metadata": {"name": key.name, "namespace": key.namespace, "labels": {SCHOOL_LABEL: school}},
        }
        return _decode(await self._client.post(paths.schools(key.namespace), body))

    async def put_status(self, line: Line, status: Mapping[str, Any]) -> Line:
        """Make the status this; returns the line as it is now. Raises NotFound or Conflict if it is another.

        A PUT, for all of the status is the operator's, and to merge a patch into it costs the API server more
        than to take it as it comes. Of the metadata it takes nothing over from a write of a status.
        """
        key, version = line.key, str(line.resource_version)
        named = {"name": key.name, "namespace": key.namespace, "uid": line.uid, "resourceVersion": version}
        body = {"apiVersion": API_VERSION, "kind": SchoolSync.KIND, "metadata": named, "status": status}
        return _decode(await self._client.put(f"{_path(key)}/status", body))

    async def delete(self, line: Line) -> None:
        """Remove it, never a namesake that was made since. Raises NotFound or Conflict."""
        await self._client.delete(_path(line.key), {"preconditions": {"uid": line.uid}})


def _path(key: LineKey) -> str:
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

    def record(self) -> Line:
        meta = self.metadata
        return Line(
            key=LineKey(intern(meta.namespace), meta.name),
            uid=meta.uid,
            resource_version=meta.resource_version,
            generation=meta.generation,
            packed=zlib.compress(self.status, level=1),
        )


_ONE = msgspec.json.Decoder(_SchoolSync, strict=False)  # a resource version is a number in text
_MANY = msgspec.json.Decoder(ObjectList[_SchoolSync], strict=False)


def _decode(body: bytes | msgspec.Raw) -> Line:
    try:
        return _ONE.decode(body).record()
    except msgspec.DecodeError as error:
        raise unreadable("a SchoolSync", error) from error


def _decode_list(body: bytes) -> Page[Line]:
    try:
        page = _MANY.decode(body).page()
    except msgspec.DecodeError as error:
        raise unreadable("a list of SchoolSyncs", error) from error
    return Page([item.record() for item in page.items], *page[1:])


def schools_of(namespace: str = "") -> Source[Line]:
    """Every SchoolSync of one namespace or of all, for an informer."""
    return Source(SchoolSync.KIND, paths.schools(namespace), "", namespace, _decode_list, _decode)
