"""/healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


class Readiness(Protocol):
    """What the probes report."""

    @property
    def synced(self) -> bool:
        """Whether every cache has been filled once."""

    @property
    def problem(self) -> str:
        """Why the operator cannot do its work, or empty."""

    @property
    def limitation(self) -> str:
        """What does not work although the operator is ready, or empty."""


async def serve(readiness: Readiness, address: str) -> web.AppRunner:
    """Serve the probes on ``host:port``. Raises ValueError for an invalid address."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise ValueError("not host:port; write for instance 0.0.0.0:8080")

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if readiness.problem:
            return web.Response(status=503, text=readiness.problem + "\n")
        if not readiness.synced:
            return web.Response(status=503, text="the caches are not filled yet\n")
        limitation = readiness.limitation
        return web.Response(text=f"ok, but {limitation}\n" if limitation else "ok\n")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    await asyncio.shield(web.TCPSite(runner, host.strip("[]") or None, int(port)).start())
    return runner
