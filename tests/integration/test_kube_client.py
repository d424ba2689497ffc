"""The client on the real API server: its words in our errors, changing credentials, lost connections."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from wire import Proxy, Room, until

from controlplane.cluster import Cluster
from syncpause.kube.client import ConfigError, connect
from syncpause.kube.errors import (
    Conflict,
    ConnectionLost,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    error_of,
)


async def test_a_missing_object_is_not_found(room: Room) -> None:
    with pytest.raises(NotFound, match=r'cronjobs.batch "nothing" not found') as caught:
        await room.client.get(room.path("cronjobs", "nothing"))
    assert (caught.value.status, caught.value.reason) == (404, "NotFound")


async def test_a_stale_precondition_is_a_conflict(room: Room) -> None:
    made = await room.cron_job("sync")
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}}
    await room.change("cronjobs", "sync", {"spec": {"suspend": True}})
    with pytest.raises(Conflict, match="the object has been modified"):
        await room.change("cronjobs", "sync", {**stale, "spec": {"suspend": False}})
    assert (await room.get("cronjobs", "sync"))["spec"]["suspend"] is True


async def test_a_value_that_validation_refuses_is_invalid_in_the_servers_words(room: Room) -> None:
    await room.cron_job("sync")
    with pytest.raises(Invalid, match=r"spec.startingDeadlineSeconds: Invalid value: -1: must be greater"):
        await room.change("cronjobs", "sync", {"spec": {"startingDeadlineSeconds": -1}})


async def test_missing_rights_are_forbidden_in_the_servers_words(cluster: Cluster, room: Room) -> None:
    await room.make("serviceaccounts", {"metadata": {"name": "nobody"}})
    kubeconfig = cluster.service_account_kubeconfig(room.name, "nobody")
    async with await connect(kubeconfig=str(kubeconfig)) as client:
        with pytest.raises(Forbidden, match='cannot list resource "cronjobs" in API group "batch"') as caught:
            await client.get(room.path("cronjobs"))
    assert caught.value.status == 403


async def test_writes_carry_the_operators_name_as_field_manager(room: Room) -> None:
    made = await room.cron_job("sync")
    assert {entry["manager"] for entry in made["metadata"]["managedFields"]} == {"syncpause"}


async def test_a_token_that_was_replaced_in_the_kubeconfig_is_taken_over(
    cluster: Cluster, room: Room, tmp_path: Path
) -> None:
    good = cluster.kubeconfig.read_text()
    expired = json.loads(good)
    expired["users"][0]["user"]["token"] = "expired"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(expired))
    async with await connect(kubeconfig=str(path)) as client:
        path.write_text(good)
        assert json.loads(await client.get(room.path("cronjobs")))["items"] == []


async def test_a_token_that_stays_refused_is_forbidden(cluster: Cluster, room: Room, tmp_path: Path) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = "expired"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    async with await connect(kubeconfig=str(path)) as client:
        for _ in range(2):
            with pytest.raises(Forbidden, match="Unauthorized") as caught:
                await client.get(room.path("cronjobs"))
            assert caught.value.status == 401


async def test_nobody_listening_is_a_lost_connection(cluster: Cluster, tmp_path: Path) -> None:
    async with Proxy(cluster) as proxy, await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client:
        proxy.refuse()
        with pytest.raises(ConnectionLost, match=r"no connection to .*: Connection refused") as caught:
            await client.get("/version")
    assert caught.value.status == 0


async def test_an_answer_that_never_comes_is_a_lost_connection(cluster: Cluster, tmp_path: Path) -> None:
    kubeconfig = cluster.kubeconfig
    async with (
        Proxy(cluster) as proxy,
        await connect(kubeconfig=proxy.kubeconfig(tmp_path, kubeconfig), request_timeout=0.5) as client,
    ):
        await client.get("/version", within=30.0)
        proxy.freeze()
        with pytest.raises(ConnectionLost, match=r"no response from .* within 0\.5 s"):
            await client.patch("/version", {})


async def test_a_patch_whose_answer_is_lost_is_sent_only_once(
    cluster: Cluster, room: Room, tmp_path: Path
) -> None:
    await room.cron_job("sync")
    async with Proxy(cluster) as proxy, await connect(kubeconfig=proxy.kubeconfig(tmp_path)) as client:
        await client.get("/version")
        before = proxy.connections
        proxy.freeze()
        patch = asyncio.create_task(client.patch(room.path("cronjobs", "sync"), {"spec": {"suspend": True}}))
        await until(lambda: proxy.withheld, "the request on the wire")
        proxy.reset()
        with pytest.raises(ConnectionLost):
            await patch
        assert proxy.connections == before


async def test_a_closed_client_says_so(cluster: Cluster) -> None:
    client = await connect(kubeconfig=str(cluster.kubeconfig))
    await client.get("/version")
    await client.close()
    with pytest.raises(ConnectionLost, match="the client is closed"):
        await client.get("/version")


async def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"there is no kubeconfig at {tmp_path}/none"):
        await connect(kubeconfig=f"{tmp_path}/none")


async def test_no_way_to_a_cluster_names_everything_that_was_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a:{tmp_path}/b")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError) as caught:
        await connect()
    assert f"{tmp_path}/a and {tmp_path}/b" in str(caught.value)
    assert "does not run in a pod" in str(caught.value)


async def test_a_proxy_of_the_environment_is_used_unless_the_server_is_exempt(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    async with await connect(kubeconfig=str(cluster.kubeconfig)) as client:
        # Loopback never goes through a proxy, as for kubectl.
        assert client.connection.configuration.proxy is None
        await client.get("/version")
    config = json.loads(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://10.0.0.1:6443"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    monkeypatch.setenv("no_proxy", "10.0.0.0/8")
    async with await connect(kubeconfig=str(path)) as client:
        assert client.connection.configuration.proxy is None
    monkeypatch.setenv("no_proxy", "10.0.0.2")
    async with await connect(kubeconfig=str(path)) as client:
        assert client.connection.configuration.proxy == "http://proxy.example.com:3128"
        with pytest.raises(ConnectionLost, match=r"proxy\.example\.com"):
            await client.get("/version")


@pytest.mark.parametrize("text", ["", "[]", "{", "clusters: 3\ncurrent-context: x"])
async def test_a_broken_kubeconfig_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"the kubeconfig {path}"):
        await connect(kubeconfig=str(path))


async def test_an_unknown_context_is_named(cluster: Cluster) -> None:
    with pytest.raises(ConfigError, match="moon"):
        await connect(kubeconfig=str(cluster.kubeconfig), context="moon")


def test_an_answer_of_priority_and_fairness_is_plain_text_with_a_header() -> None:
    error = error_of(429, b"Too many requests, please try again later.\n", {"Retry-After": "7"})
    assert isinstance(error, TooManyRequests)
    assert (str(error), error.retry_after) == ("Too many requests, please try again later.", 7.0)


def test_retry_after_may_stand_in_the_details() -> None:
    body = b'{"kind":"Status","message":"slow down","code":500,"details":{"retryAfterSeconds":2}}'
    error = error_of(500, body, {})
    assert isinstance(error, ServerError)
    assert (error.message, error.retry_after) == ("slow down", 2)


def test_an_answer_without_a_body_still_has_a_message() -> None:
    assert str(error_of(503, b"", {}, "Service Unavailable")) == "HTTP 503 Service Unavailable"
