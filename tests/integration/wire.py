"""What the tests of kube/ share: a faults wire to the real API server, and objects to look at."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import socket
import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from controlplane.cluster import Cluster
from syncpause.api.names import SCHOOL_LABEL
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.kube.client import Client

DEADLINE_SECONDS = 60.0

Object = dict[str, Any]


async def until(look: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until a look (not blocking; awaited if it can be) finds something true; say what was seen last."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        found = look()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if loop.time() > end:
            pytest.fail(f"not within {seconds:g} s: {what}; seen last: {found!r}")
        await asyncio.sleep(0.02)


class Proxy:
    """Bytes between a client and the API server, until a test lets the wire fail. TLS goes through unread."""

    def __init__(self, cluster: Cluster) -> None:
        where = urlsplit(cluster.url)
        self._target = (where.hostname or "", where.port or 0)
        self._cluster = cluster
        self._server: asyncio.Server | None = None
        self._port = 0
        self._pairs: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.withheld = 0
        self.cut_after: int | None = None
        """Bytes that the API server may send on the next connections until they are cut."""

    async def __aenter__(self) -> Proxy:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        for task in self._tasks:
            task.cancel()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Nobody listens any more, and what is open is reset."""
        if self._server is not None:
            self._server.close()
        self.reset()

    def reset(self) -> None:
        """Every open connection ends with RST, as when a load balancer is replaced."""
        for ours, theirs in self._pairs:
            for writer in (ours, theirs):
                raw = writer.get_extra_info("socket")
                if raw is not None and raw.fileno() >= 0:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
        self._pairs.clear()

    def freeze(self) -> None:
        """Open connections stay open and carry nothing any more, as when a NAT entry has expired."""
        for pair in self._pairs:
            self._frozen.update(pair)

    def kubeconfig(self, directory: Path, source: Path | None = None) -> str:
        """A kubeconfig that leads through here."""
        config = json.loads((source or self._cluster.kubeconfig).read_text())
        for each in config["clusters"]:
            each["cluster"]["server"] = f"https://127.0.0.1:{self._port}"
        path = directory / "proxied.kubeconfig"
        path.write_text(json.dumps(config))
        return str(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._pairs.append((writer, far_writer))
        for source, sink, limit in ((reader, far_writer, None), (far_reader, writer, self.cut_after)):
            task = asyncio.create_task(self._pump(source, sink, limit))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if sink in self._frozen:
                    self.withheld += len(data)
                    continue
                sink.write(data if limit is None else data[:limit])
                await sink.drain()
                if limit is not None:
                    limit -= len(data)
                    if limit <= 0:
                        break
            sink.close()


class Recorder:
    """A handler that keeps what it is told about one namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self.told: list[str] = []
        self.workloads: dict[str, Workload] = {}
        self.relists = 0

    def upsert(self, workload: Workload) -> None:
        if workload.namespace == self._namespace:
            self.told.append(f"upsert {workload.name}")
            self.workloads[workload.name] = workload

    def removed(self, key: Key, uid: str) -> None:
        if key.namespace == self._namespace:
            assert self.workloads.pop(key.name).uid == uid
            self.told.append(f"removed {key.name}")

    def relisted(self, _kind: Kind) -> None:
        self.relists += 1


class Room:
    """A namespace of one test, and what is in it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.name = f"kube-{uuid.uuid4().hex[:8]}"

    async def open(self) -> Room:
        await self.client.post("/api/v1/namespaces", {"metadata": {"name": self.name}})
        return self

    async def close(self) -> None:
        self.client.may_write = None  # it may have been a leader's
        await self.client.delete(f"/api/v1/namespaces/{self.name}")

    def path(self, plural: str, name: str = "") -> str:
        groups = {"cronjobs": "/apis/batch/v1", "jobs": "/apis/batch/v1", "deployments": "/apis/apps/v1"}
        group = groups.get(plural, "/api/v1")
        return f"{group}/namespaces/{self.name}/{plural}" + (f"/{name}" if name else "")

    def key(self, name: str, kind: Kind = Kind.CRON_JOB) -> Key:
        return Key(kind, self.name, name)

    async def cron_job(self, name: str, school: str | None = "lincoln", **spec: Any) -> Object:
        """Make one that never falls due."""
        labels = {SCHOOL_LABEL: school} if school else {}
        body = {
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "schedule": "0 3 29 2 *",
                "jobTemplate": {"spec": {"template": POD}},
                **spec,
            },
        }
        return await self.make("cronjobs", body)

    async def deployment(self, name: str, replicas: int = 2, school: str = "lincoln") -> Object:
        pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": CONTAINERS}}
        body = {
            "metadata": {"name": name, "labels": {SCHOOL_LABEL: school}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod},
        }
        return await self.make("deployments", body)

    async def job(self, name: str, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
        body = {
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"template": POD, **spec},
        }
        return await self.make("jobs", body)

    async def make(self, plural: str, body: Object) -> Object:
        made: Object = json.loads(await self.client.post(self.path(plural), body))
        return made

    async def change(self, plural: str, name: str, body: Object) -> Object:
        changed: Object = json.loads(await self.client.patch(self.path(plural, name), body))
        return changed

    async def get(self, plural: str, name: str = "") -> Object:
        found: Object = json.loads(await self.client.get(self.path(plural, name)))
        return found

    async def remove(self, plural: str, name: str) -> None:
        await self.client.delete(self.path(plural, name))


CONTAINERS = [{"name": "sync", "image": "sync"}]
POD = {"spec": {"restartPolicy": "Never", "containers": CONTAINERS}}
