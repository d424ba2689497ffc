"""A proxy before the real API server that answers some requests itself, or loses the answer."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from controlplane.cluster import Cluster


@dataclass(frozen=True)
class Fault:
    """What happens to a request: an answer of the proxy's own, or a real one that is lost on the way."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "injected"
    lose_answer: bool = False


Choose = Callable[[str, str], Fault | None]
"""From method and path to what happens, or None to pass the request on."""


class FaultProxy:
    """HTTP on loopback, to the API server with the rights of a kubeconfig."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self._server = cluster.url
        self._token = token
        self._choose: Choose = lambda _method, _path: None
        self.faults = 0
        self.seen: list[tuple[str, str]] = []

    def inject(self, choose: Choose) -> None:
        """From now on."""
        self._choose = choose

    async def start(self, directory: Path) -> str:
        """Start; returns the path of a kubeconfig that leads here."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the far end is this test's own, on loopback
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=0))
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        path = directory / "faulty.kubeconfig"
        path.write_text(yaml.safe_dump(kubeconfig(f"http://127.0.0.1:{port}")))
        return str(path)

    async def stop(self) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        fault = self._choose(request.method, request.path)
        if fault is not None:
            self.faults += 1
        if fault is not None and not fault.lose_answer:
            body = {"kind": "Status", "code": fault.status, "message": fault.message}
            return web.Response(
                status=fault.status,
                headers=fault.headers,
                text=json.dumps(body),
                content_type="application/json",
            )
        return await self._forward(request, lose=fault is not None)

    async def _forward(self, request: web.Request, *, lose: bool) -> web.StreamResponse:
        headers = {
            name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers
        }
        headers["Authorization"] = f"Bearer {self._token}"
        async with self._session.request(
            request.method,
            self._server + request.path_qs,
            headers=headers,
            data=await request.read(),
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            if lose:
                await answer.read()
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            back = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await back.prepare(request)
            async for chunk in answer.content.iter_any():
                await back.write(chunk)
            return back


def kubeconfig(server: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "faulty", "cluster": {"server": server}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "faulty", "context": {"cluster": "faulty", "user": "nobody"}}],
        "current-context": "faulty",
    }
