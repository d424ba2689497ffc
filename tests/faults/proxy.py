"""A proxy before the real API server that answers some requests itself, or lets the wire fail."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from controlplane.cluster import Cluster


@dataclass(frozen=True)
class Fault:
    """What happens to a request. With a ``status`` the proxy answers itself, else the API server does."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "injected"
    reason: str = ""
    reset: bool = False
    """The connection is reset before the request gets through."""
    lose_answer: bool = False
    """The request gets through, and its answer is lost."""
    cut_after: int | None = None
    """The answer is cut after so many bytes."""
    delay: float = 0.0
    """The answer comes late by so many seconds."""
    hang: bool = False
    """Not a byte comes back, for as long as the proxy runs."""
    twice: bool = False
    """Every line of a watch comes twice."""
    mute: float = 0.0
    """The answer begins, and ends after so many seconds without a byte of its body."""


@dataclass(frozen=True)
class Seen:
    """A request on its way, and what came of it (0 while nothing has)."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0

    @property
    def watch(self) -> bool:
        return self.query.get("watch") in ("true", "1")

    @property
    def writes_a_workload(self) -> bool:
        """Whether it is for a CronJob, a Deployment or a Job: not for what only tells of them."""
        kinds = ("/cronjobs/", "/deployments/", "/jobs/")
        return self.method in ("PATCH", "PUT", "DELETE") and any(kind in self.path for kind in kinds)


Choose = Callable[[Seen], Fault | None]
"""From a request to what happens to it, or None to pass it on."""
OnWrite = Callable[[str, Seen], Awaitable[None]]
"""Is told of every write of a workload ``before`` it gets through, ``at`` its answer, and ``after`` that."""


async def _nothing(_point: str, _seen: Seen) -> None:
    """Nobody listens."""


class FaultProxy:
    """HTTP on loopback, to the API server with the rights of a token."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self._server = cluster.url
        self._token = token
        self._choose: Choose = lambda _seen: None
        self.on_write: OnWrite = _nothing
        self.faults = 0
        self.seen: list[Seen] = []
        self.written: list[Seen] = []
        """Writes of workloads that the API server has accepted."""
        self.unconditional: list[Seen] = []
        """Writes of workloads that named no version of the object as their precondition."""
        self._sites: list[web.TCPSite] = []
        self._transports: set[asyncio.Transport] = set()
        self._port = 0

    def inject(self, choose: Choose) -> None:
        """From now on."""
        self._choose = choose

    def heal(self) -> None:
        """No faults any more, from now on."""
        self._choose = lambda _seen: None

    @contextmanager
    def injecting(self, choose: Choose) -> Iterator[None]:
        """For a while."""
        self.inject(choose)
        try:
            yield
        finally:
            self.heal()

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
        await self.listen()
        path = directory / f"faults-{self._port}.kubeconfig"
        path.write_text(yaml.safe_dump(kubeconfig(f"http://127.0.0.1:{self._port}")))
        return str(path)

    async def listen(self) -> None:
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._sites.append(site)
        self._port = self._runner.addresses[0][1]

    async def refuse(self) -> None:
        """Nobody listens any more, and what is open is reset; `listen` undoes it."""
        for site in self._sites:
            await site.stop()
        self._sites.clear()
        self.reset()

    def reset(self) -> None:
        """Every open connection ends, as when a load balancer is replaced."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self._transports.add(request.transport)
        raw = await request.read()
        seen = Seen(request.method, request.path, dict(request.query), _json(raw))
        self.seen.append(seen)
        if seen.writes_a_workload:
            await self.on_write("before", seen)
            if not _precondition(seen):
                self.unconditional.append(seen)
        fault = self._choose(seen)
        if fault is None:
            return await self._forward(request, seen, raw, Fault())
        self.faults += 1
        if fault.hang:
            await asyncio.Event().wait()
        if fault.reset:
            return _reset(request)
        if fault.status:
            return _answer(fault)
        return await self._forward(request, seen, raw, fault)

    async def _forward(
        self, request: web.Request, seen: Seen, raw: bytes, fault: Fault
    ) -> web.StreamResponse:
        headers = {
            name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers
        }
        headers["Authorization"] = f"Bearer {self._token}"
        try:
            return await self._through(request, seen, raw, headers, fault)
        except aiohttp.ClientError:
            return _reset(request)  # the API server is away: so is the wire

    async def _through(
        self, request: web.Request, seen: Seen, raw: bytes, headers: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        limits = aiohttp.ClientTimeout(total=None)
        url = self._server + request.path_qs
        async with self._session.request(
            request.method, url, headers=headers, data=raw or None, timeout=limits
        ) as answer:
            await asyncio.sleep(fault.delay)
            if seen.writes_a_workload:
                if answer.status < 300:
                    self.written.append(seen)
                await self.on_write("at", seen)
            if fault.lose_answer:
                await answer.read()
                return _reset(request)
            passed = {
                name: answer.headers[name]
                for name in ("Content-Type", "Retry-After")
                if name in answer.headers
            }
            back = web.StreamResponse(status=answer.status, headers=passed)
            await back.prepare(request)
            if fault.mute:
                await asyncio.sleep(fault.mute)
            elif not await _copy(answer, back, fault):
                return _reset(request)
            await back.write_eof()
        if seen.writes_a_workload:
            await self.on_write("after", seen)
        return back


async def _copy(answer: aiohttp.ClientResponse, back: web.StreamResponse, fault: Fault) -> bool:
    """Copy the answer's body; False where it was cut."""
    sent = 0
    source = answer.content if fault.twice else answer.content.iter_any()
    async for chunk in source:
        data = chunk * 2 if fault.twice else chunk
        if fault.cut_after is not None and sent + len(data) > fault.cut_after:
            await back.write(data[: fault.cut_after - sent])
            return False
        await back.write(data)
        sent += len(data)
    return True


def _answer(fault: Fault) -> web.Response:
    body = {"kind": "Status", "code": fault.status, "message": fault.message, "reason": fault.reason}
    return web.Response(
        status=fault.status, headers=fault.headers, text=json.dumps(body), content_type="application/json"
    )


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:  # else the client has gone already
        raw = request.transport.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _precondition(seen: Seen) -> bool:
    """Whether a write names the version, or at least the identity, of what it is for."""
    body = seen.body or {}
    if seen.method == "DELETE":
        return bool(body.get("preconditions"))
    return bool(body.get("metadata", {}).get("resourceVersion"))


def kubeconfig(server: str) -> dict[str, object]:
    """A kubeconfig for a server without TLS and credentials."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "faults", "cluster": {"server": server}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "faults", "context": {"cluster": "faults", "user": "nobody"}}],
        "current-context": "faults",
    }
