"""The API server as an administrator speaks to it: JSON in, JSON out, nothing of the operator's client."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from controlplane.cluster import Cluster

Object = dict[str, Any]
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class Refused(Exception):
    """The API server said no."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP {status}: {body[:300]}")
        self.status = status


class Api:
    """An administrator's connection."""

    def __init__(self, cluster: Cluster) -> None:
        config = json.loads(Path(cluster.kubeconfig).read_text())
        self._server = cluster.url
        self._headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        authority = config["clusters"][0]["cluster"]["certificate-authority"]
        self._tls = ssl.create_default_context(cafile=authority)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Object:
        return await self._send("GET", path, query=query)

    async def create(self, path: str, body: Object, manager: str = "people") -> Object:
        return await self._send("POST", path, body, query={"fieldManager": manager})

    async def patch(self, path: str, body: Object, manager: str = "people") -> Object:
        return await self._send("PATCH", path, body, MERGE, {"fieldManager": manager})

    async def apply(self, path: str, body: Object, manager: str) -> Object:
        """Server-side apply, taking over whatever is in the way."""
        return await self._send("PATCH", path, body, APPLY, {"fieldManager": manager, "force": "true"})

    async def delete(self, path: str, **options: Any) -> Object:
        return await self._send("DELETE", path, options or None)

    async def watch(self, path: str, version: str) -> AsyncIterator[Object]:
        """Every event after a version, until the server ends the watch."""
        query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
        limits = aiohttp.ClientTimeout(total=None, sock_read=30 * 60)
        async with self._session.get(self._server + path, params=query, timeout=limits) as answer:
            if answer.status >= 300:
                raise Refused(answer.status, await answer.text())
            rest = b""
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield json.loads(line)

    async def _send(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content_type: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Object:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        while True:
            async with self._session.request(
                method, self._server + path, params=query, data=data, headers=headers
            ) as answer:
                text = await answer.text()
            if answer.status != 429:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        if answer.status >= 300:
            raise Refused(answer.status, text)
        found: Object = json.loads(text)
        return found


def collection(kind: str, namespace: str = "") -> str:
    """Where objects of a kind live; kinds are named as in a URL: ``cronjobs``."""
    groups = {
        "cronjobs": "/apis/batch/v1",
        "jobs": "/apis/batch/v1",
        "deployments": "/apis/apps/v1",
        "syncpausepolicies": "/apis/syncpause.dev/v1alpha1",
        "clustersyncpausepolicies": "/apis/syncpause.dev/v1alpha1",
        "schoolsyncs": "/apis/syncpause.dev/v1alpha1",
        "leases": "/apis/coordination.k8s.io/v1",
    }
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{groups.get(kind, '/api/v1')}{within}/{kind}"
