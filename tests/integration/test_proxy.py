"""The way to the API server that a kubeconfig names: its proxy, its TLS name, and no user at all."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from plugin import Plugin
from stage import RunningOperator, Stage, eventually

from controlplane.cluster import Cluster
from syncpause.kube.client import connect
from syncpause.kube.errors import ConnectionLost

PASSWORD = "s3cret"


class Connect:
    """An HTTP proxy on loopback that asks for a password, and notes where it has led to."""

    def __init__(self) -> None:
        self.refused = 0
        self.led_to: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        wanted = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
        if f"Basic {wanted}" not in head:
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()
            return
        host, port = head.split()[1].split(":")
        self.led_to.append(head.split()[1])
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[tuple[Connect, int]]:
    connects = Connect()
    server = await asyncio.start_server(connects.serve, "127.0.0.1", 0)
    yield connects, server.sockets[0].getsockname()[1]
    server.close()


def kubeconfig(cluster: Cluster, folder: Path, **of_cluster: Any) -> Path:
    config = json.loads(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"] |= of_cluster
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


async def test_all_goes_through_the_proxy_with_its_password(
    stage: Stage, tmp_path: Path, proxy: tuple[Connect, int]
) -> None:
    connects, port = proxy
    path = kubeconfig(stage.cluster, tmp_path, **{"proxy-url": f"http://ann:{PASSWORD}@127.0.0.1:{port}"})
    running = RunningOperator(str(path))
    try:
        await running.start()
        operator = running.operator
        assert operator is not None
        await eventually(lambda: operator.synced and not operator.problem, "everything is read")
    finally:
        await running.stop()
    assert connects.refused == 0
    assert set(connects.led_to) == {stage.cluster.url.removeprefix("https://")}


async def test_a_proxy_that_refuses_is_named_without_the_password(
    stage: Stage, tmp_path: Path, proxy: tuple[Connect, int]
) -> None:
    connects, port = proxy
    path = kubeconfig(stage.cluster, tmp_path, **{"proxy-url": f"http://ann:{PASSWORD}x@127.0.0.1:{port}"})
    answer = await asyncio.to_thread(Plugin(stage.cluster, path), "status")
    assert (answer.code, len(answer.err.splitlines())) == (3, 1), answer
    assert "407" in answer.err
    assert PASSWORD not in answer.err
    assert connects.refused
    async with await connect(kubeconfig=str(path)) as client:
        with pytest.raises(ConnectionLost) as refused:
            await client.get("/version")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("name", ["kubernetes.default.svc", "api.example.com"])
async def test_the_tls_name_is_the_one_that_the_kubeconfig_names(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    right = name == "kubernetes.default.svc"
    path = kubeconfig(stage.cluster, tmp_path, **{"tls-server-name": name})
    answer = Plugin(stage.cluster, path)("status", "-n", stage.namespace)
    assert (answer.code, name in answer.err) == ((0, False) if right else (3, True))
    running = RunningOperator(str(path))
    try:
        await running.start(lead=right)
        operator = running.operator
        assert operator is not None
        if right:
            await eventually(lambda: operator.synced and not operator.problem, "everything is read")
        else:
            await eventually(lambda: name in operator.problem, "the problem names it")
    finally:
        await running.stop()


@pytest.mark.parametrize("users", [None, []])
def test_a_kubeconfig_without_users_is_anonymous_and_the_refusal_says_so(
    stage: Stage, tmp_path: Path, users: Any
) -> None:
    path = kubeconfig(stage.cluster, tmp_path)
    config = json.loads(path.read_text())
    config["users"] = users
    del config["contexts"][0]["context"]["user"]
    path.write_text(json.dumps(config))
    answer = Plugin(stage.cluster, path)("status", "-n", stage.namespace)
    assert (answer.code, len(answer.err.splitlines())) == (3, 1), answer
    assert "log in again, or correct the kubeconfig" in answer.err
    assert "system:anonymous" in answer.err
