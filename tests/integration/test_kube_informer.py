"""The informer on the real API server, over a wire that fails in every way a wire can."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from wire import Proxy, Recorder, Room, until

from controlplane.cluster import Cluster
from syncpause.api.names import SCHOOL_LABEL
from syncpause.domain.workload import Kind, Workload
from syncpause.kube.client import Client, connect
from syncpause.kube.informer import Informer, workloads_of


@pytest.fixture
async def proxy(cluster: Cluster) -> AsyncIterator[Proxy]:
    async with Proxy(cluster) as proxy:
        yield proxy


@asynccontextmanager
async def running(
    client: Client,
    room: Room,
    *,
    kind: Kind = Kind.CRON_JOB,
    page_size: int = 500,
    read_timeout: float = 90.0,
) -> AsyncIterator[tuple[Informer[Workload], Recorder]]:
    recorder = Recorder(room.name)
    informer = Informer(
        client,
        workloads_of(kind),
        recorder,
        page_size=page_size,
        read_timeout=read_timeout,
        backoff_first=0.05,
    )
    task = asyncio.create_task(informer.run())
    try:
        yield informer, recorder
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def synced(informer: Informer[Workload]) -> None:
    await until(informer.synced.is_set, f"the first list; problem: {informer.problem}")


class Tampering(Client):
    """A client whose parameters a test changes on their way, so that the real server says no."""

    tamper: Callable[[dict[str, str]], dict[str, str]] = staticmethod(dict)

    @classmethod
    async def to(cls, kubeconfig: str) -> Tampering:
        plain = await connect(kubeconfig=kubeconfig)
        return cls(plain.connection._access, plain.connection.configuration, request_timeout=30.0)

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, *, within: float | None = None
    ) -> bytes:
        return await super().get(path, self.tamper(dict(params or {})), within=within)


async def test_a_list_of_several_pages_is_told_whole(room: Room) -> None:
    names = [f"sync-{number}" for number in range(7)]
    for name in names:
        await room.cron_job(name)
    await room.cron_job("unlabelled", school=None)
    async with running(room.client, room, page_size=3) as (informer, recorder):
        await synced(informer)
        assert recorder.told == [f"upsert {name}" for name in names]
        assert recorder.relists == 1
        assert informer.problem == ""


async def test_changes_are_told_in_their_order(room: Room) -> None:
    async with running(room.client, room, kind=Kind.DEPLOYMENT) as (informer, recorder):
        await synced(informer)
        await room.deployment("ingest", replicas=2)
        await until(lambda: "ingest" in recorder.workloads, "the new one")
        await room.change("deployments", "ingest", {"spec": {"replicas": 5}})
        await until(lambda: recorder.workloads["ingest"].replicas == 5, "the change")
        await room.remove("deployments", "ingest")
        await until(lambda: recorder.told[-1] == "removed ingest", "the deletion")
        assert recorder.relists == 1


async def test_a_workload_that_loses_its_school_label_is_removed(room: Room) -> None:
    await room.cron_job("sync")
    async with running(room.client, room) as (informer, recorder):
        await synced(informer)
        await room.change("cronjobs", "sync", {"metadata": {"labels": {SCHOOL_LABEL: None}}})
        await until(lambda: recorder.told == ["upsert sync", "removed sync"], "the removal")
        await room.change("cronjobs", "sync", {"metadata": {"labels": {SCHOOL_LABEL: "lincoln"}}})
        await until(lambda: recorder.told[-1] == "upsert sync", "its return")


async def test_after_a_restart_of_the_api_server_a_list_tells_only_the_difference(
    cluster: Cluster, room: Room, proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its watch cache begins anew, so that it answers 410 to every version from before."""
    caplog.set_level(logging.INFO, "syncpause")
    for name in ("same", "changed", "deleted", "replaced"):
        await room.cron_job(name)
    async with (
        await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client,
        running(client, room) as (informer, recorder),
    ):
        await synced(informer)
        recorder.told.clear()
        proxy.refuse()
        await room.change("cronjobs", "changed", {"spec": {"suspend": True}})
        await room.remove("cronjobs", "deleted")
        await room.remove("cronjobs", "replaced")
        await room.cron_job("replaced")
        await room.cron_job("new")
        restart_api_server(cluster)
        await proxy.listen()
        await until(lambda: recorder.relists == 2, "a second list")
        assert "too old resource version" in caplog.text
        assert recorder.told == [
            "upsert changed",
            "upsert new",
            "removed replaced",
            "upsert replaced",
            "removed deleted",
        ]
        await room.cron_job("later")
        await until(lambda: recorder.told[-1] == "upsert later", "the watch after it")


async def test_an_expired_continue_token_begins_the_list_anew(cluster: Cluster, room: Room) -> None:
    for number in range(5):
        await room.cron_job(f"sync-{number}")
    compact(cluster)
    expired: list[str] = []

    def expire_once(params: dict[str, str]) -> dict[str, str]:
        if expired or "continue" not in params:
            return params
        token = json.loads(base64.urlsafe_b64decode(params["continue"] + "=="))
        expired.append(params["continue"])
        old = json.dumps({**token, "rv": 2}).encode()
        return {**params, "continue": base64.urlsafe_b64encode(old).rstrip(b"=").decode()}

    async with await Tampering.to(str(cluster.kubeconfig)) as client:
        client.tamper = expire_once
        async with running(client, room, page_size=2) as (informer, recorder):
            await synced(informer)
            assert expired
            assert recorder.told == [f"upsert sync-{number}" for number in range(5)]
            assert recorder.relists == 1


async def test_after_a_reset_the_watch_goes_on_from_where_it_was(
    room: Room, proxy: Proxy, tmp_path: Path
) -> None:
    async with (
        await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client,
        running(client, room) as (informer, recorder),
    ):
        await synced(informer)
        await room.cron_job("before")
        await until(lambda: recorder.told == ["upsert before"], "the first event")
        proxy.refuse()
        await room.cron_job("meanwhile")
        await until(lambda: "cannot be read" in informer.problem, "a problem, after a second failure")
        await proxy.listen()
        await until(lambda: "meanwhile" in recorder.workloads, "what happened meanwhile")
        assert informer.problem == ""
        assert recorder.told == ["upsert before", "upsert meanwhile"]
        assert recorder.relists == 1


async def test_a_half_open_watch_is_noticed_and_replaced(room: Room, proxy: Proxy, tmp_path: Path) -> None:
    async with (
        await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client,
        running(client, room, read_timeout=1.0) as (informer, recorder),
    ):
        await synced(informer)
        await room.cron_job("before")
        await until(lambda: recorder.told == ["upsert before"], "the first event")
        proxy.freeze()
        await room.cron_job("in-silence")
        await until(lambda: "in-silence" in recorder.workloads, "what the frozen connection withheld")
        assert recorder.told == ["upsert before", "upsert in-silence"]
        assert recorder.relists == 1


async def test_a_list_that_is_cut_in_the_middle_is_begun_anew(
    room: Room, proxy: Proxy, tmp_path: Path
) -> None:
    for number in range(30):
        await room.cron_job(f"sync-{number:02}")
    proxy.cut_after = 8000  # past the TLS handshake, inside the body
    async with (
        await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client,
        running(client, room) as (informer, recorder),
    ):
        await until(lambda: informer.problem, "a problem")
        assert not recorder.told
        proxy.cut_after = None
        await synced(informer)
        assert len(recorder.workloads) == 30
        assert informer.problem == ""


async def test_a_watch_that_is_cut_again_and_again_loses_and_repeats_nothing(
    room: Room, proxy: Proxy, tmp_path: Path
) -> None:
    async with (
        await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client,
        running(client, room) as (informer, recorder),
    ):
        await synced(informer)
        proxy.cut_after = 6000  # some events get through, the next is torn
        proxy.reset()
        names = [f"sync-{number:02}" for number in range(20)]
        for name in names:
            await room.cron_job(name)
        proxy_seen = proxy.connections
        await until(lambda: proxy.connections > proxy_seen + 1, "some more watches")
        proxy.cut_after = None
        await until(lambda: len(recorder.workloads) == 20, "every one")
        assert recorder.told == [f"upsert {name}" for name in names]


async def test_missing_rights_are_a_problem_until_they_are_given(cluster: Cluster, room: Room) -> None:
    await room.cron_job("sync")
    await room.make("serviceaccounts", {"metadata": {"name": "reader"}})
    kubeconfig = cluster.service_account_kubeconfig(room.name, "reader")
    async with (
        await connect(kubeconfig=str(kubeconfig)) as client,
        running(client, room) as (informer, recorder),
    ):
        await until(lambda: informer.problem, "a problem")
        assert f'User "system:serviceaccount:{room.name}:reader" cannot list resource' in informer.problem
        assert not informer.synced.is_set()
        binding = f"{room.name}-reader"
        cluster.kubectl(
            "create", "clusterrolebinding", binding, "--clusterrole=view",
            f"--serviceaccount={room.name}:reader",
        )  # fmt: skip
        await synced(informer)
        cluster.kubectl("delete", "clusterrolebinding", binding)
        assert informer.problem == ""
        assert recorder.told == ["upsert sync"]


def restart_api_server(cluster: Cluster) -> None:
    """Blocks, for it must not run in a worker thread: a child started by one ends when that thread does."""
    cluster.stop_process("kube-apiserver")
    cluster.start_process("kube-apiserver")


def compact(cluster: Cluster) -> None:
    """Make etcd forget every revision but the last, as the API server does every five minutes."""
    port = json.loads((cluster.directory / "cluster.json").read_text())["ports"]["etcd"]
    post(f"http://127.0.0.1:{port}/v3/kv/put", {"key": "eA==", "value": "eA=="})
    revision = post(f"http://127.0.0.1:{port}/v3/kv/range", {"key": "eA=="})["header"]["revision"]
    post(f"http://127.0.0.1:{port}/v3/kv/compaction", {"revision": revision, "physical": True})


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: dict[str, Any] = json.load(answer)
        return read
