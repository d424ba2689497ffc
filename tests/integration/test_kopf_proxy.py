"""An operator behind a proxy, whose API server only the proxy can reach: kopf goes that way too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from stage import RunningOperator, Stage, eventually

from controlplane.cluster import Cluster

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]
HIDDEN = "api.hidden.invalid:6443"
"""No resolver knows this name, and the API server's certificate does not hold it."""


class ConnectProxy:
    """An HTTP proxy that connects every tunnel to one API server, and keeps what it was asked for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []

    async def start(self) -> str:
        """Listen; returns the proxy's URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        request = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(request.split(b"\r\n", 1)[0].decode())
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy(cluster: Cluster) -> AsyncIterator[ConnectProxy]:
    port = urlsplit(cluster.url).port
    assert port is not None
    built = ConnectProxy(port)
    yield built
    built.stop()


def kubeconfig(source: str, folder: Path, proxy: str) -> str:
    """A kubeconfig that leads to the hidden server through the proxy."""
    config = json.loads(Path(source).read_text())
    way = {"server": f"https://{HIDDEN}", "proxy-url": proxy, "tls-server-name": "127.0.0.1"}
    config["clusters"][0]["cluster"] |= way
    path = folder / "hidden.kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)


async def test_a_proxy_and_a_tls_server_name_hold_for_kopf_as_well(
    stage: Stage, operator_kubeconfig: str, proxy: ConnectProxy, tmp_path: Path
) -> None:
    running = RunningOperator(kubeconfig(operator_kubeconfig, tmp_path, await proxy.start()))
    running.jump_to("2027-03-01T12:00")
    await running.start(relist_interval=3600.0)
    try:
        stage.sync()
        stage.policy(windows=SPRING)
        await eventually(stage.is_paused, "kopf's watch brings the policy", seconds=20)
        assert proxy.asked == [f"CONNECT {HIDDEN} HTTP/1.1"] * len(proxy.asked)
        assert len(proxy.asked) > 4
    finally:
        await running.stop()
