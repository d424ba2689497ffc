"""Server, certificates and credentials come from one context, which is pinned at the start."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from test_kubeconfig import EXEC, cluster, config, user, written

from syncpause.kube import connection as connection_module
from syncpause.kube import credentials
from syncpause.kube.access import Access
from syncpause.kube.client import Client, connect
from syncpause.kube.credentials import ConfigError
from syncpause.kube.errors import ConnectionLost, Forbidden, Redirected
from syncpause.kube.watch_session import watch_session


def two_contexts(current: str) -> dict[str, Any]:
    """Context ``a`` and ``b``, each with its own server and token."""
    return config(
        **{"current-context": current},
        contexts=[{"name": n, "context": {"cluster": n, "user": n, "namespace": n}} for n in "ab"],
        clusters=[{"name": n, "cluster": {"server": f"https://{n}.example.com"}} for n in "ab"],
        users=[{"name": n, "user": {"token": f"token-of-{n}"}} for n in "ab"],
    )


async def test_a_renewal_stays_with_the_context_of_the_start(tmp_path: Path) -> None:
    path = written(tmp_path, two_contexts("a"))
    async with await connect(kubeconfig=str(path)) as client:
        written(tmp_path, two_contexts("b"))
        assert await client.renew(asyncio.get_running_loop().time())
        assert client.server == "https://a.example.com"
        assert (await client.connection.headers())["Authorization"] == "Bearer token-of-a"


async def test_a_context_with_another_server_gets_no_credentials_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, user(token="old"))
    async with await connect(kubeconfig=str(path)) as client:
        written(tmp_path, {**cluster(server="https://evil.example.com"), "users": user(token="new")["users"]})
        with pytest.raises(Forbidden, match=r"now has the server https://evil.*restart it"):
            await client.renew(asyncio.get_running_loop().time())
        assert (await client.connection.headers())["Authorization"] == "Bearer old"


async def test_namespace_and_server_are_of_one_reading(tmp_path: Path) -> None:
    access = Access(str(written(tmp_path, two_contexts("a"))))
    assert access.namespace() == "a"
    written(tmp_path, two_contexts("b"))
    assert (await access.load()).host == "https://a.example.com"


async def test_a_kubeconfig_that_goes_away_does_not_turn_into_a_pod(tmp_path: Path, pod: Path) -> None:
    path = written(tmp_path, config())
    access = Access(context=None, pod=pod)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(path))
        await access.load()
        path.unlink()
        with pytest.raises(ConfigError, match="there is no kubeconfig"):
            await access.load()


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"tokenFile": "file", "token": "text"}, "Bearer of-the-file"),
        ({"tokenFile": "none", "token": "text"}, "Bearer text"),
        ({"token": "text", "exec": EXEC}, "Bearer text"),
        ({"token": "text", "auth-provider": {"name": "oidc"}}, "Bearer text"),
        ({"username": "u", "password": "p", "exec": EXEC},
         f"Basic {base64.b64encode(b'u:p').decode()}"),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": "id"}}}, "Bearer id"),
        ({}, None),
    ],
)  # fmt: skip
async def test_credentials_have_the_precedence_that_client_go_gives_them(
    tmp_path: Path, fields: dict[str, Any], sent: str | None
) -> None:
    (tmp_path / "file").write_text("of-the-file\n")
    async with await connect(kubeconfig=str(written(tmp_path, user(**fields)))) as client:
        assert (await client.connection.headers()).get("Authorization") == sent


def jwt(expires: int) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({}, "has no id-token: run a kubectl command"), ({"id-token": jwt(1_600_000_000)}, "expired at 2020")],
)
async def test_an_oidc_provider_without_a_good_token_is_a_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    path = written(tmp_path, user(**{"auth-provider": {"name": "oidc", "config": settings}}))
    with pytest.raises(ConfigError, match=f"user ann: .*{sentence}"):
        await Access(str(path)).load()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    paths = (folder / "crt", folder / "key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", str(paths[0]), "-keyout", str(paths[1])],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


@pytest.fixture
def pod(tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a service account, and the variables that a pod has."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("first")
    (folder / "namespace").write_text("own")
    (folder / "ca.crt").write_bytes(certificate[0].read_bytes())
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    return folder


async def test_a_pod_reads_its_token_again(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "REREAD_SECONDS", 0.0)
    access = Access(pod=pod)
    assert access.namespace() == "own"
    async with await connect(access=access) as client:
        assert client.server == "https://[fd00::1]:443"
        assert (await client.connection.headers())["Authorization"] == "Bearer first"
        (pod / "token").write_text("second")
        assert (await client.connection.headers())["Authorization"] == "Bearer second"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("token", None, "service account of this pod: the token file .*token cannot be read"),
        ("token", "\n", "is empty"),
        ("ca.crt", None, r"certificate authority .*ca\.crt cannot be read"),
        ("ca.crt", "garbage", "no certificate in PEM form"),
    ],
)
async def test_a_pod_whose_files_are_wrong_is_a_sentence(
    pod: Path, name: str, content: str | None, sentence: str
) -> None:
    (pod / name).unlink()
    if content is not None:
        (pod / name).write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        await Access(pod=pod).load()


async def test_outside_of_a_pod_the_sentence_names_the_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"no kubeconfig at .*none.* Set KUBECONFIG, or give --kubeconfig"):
        await Access().load()
    with pytest.raises(ConfigError, match="in which to find context x"):
        await Access(context="x").load()


async def test_a_certificate_of_an_exec_plugin_is_loaded(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    status = {
        "clientCertificateData": certificate[0].read_text(),
        "clientKeyData": certificate[1].read_text(),
    }
    answer = {"apiVersion": EXEC["apiVersion"], "kind": "ExecCredential", "status": status}
    (tmp_path / "answer").write_text(json.dumps(answer))
    spec = {**EXEC, "command": "cat", "args": [str(tmp_path / "answer")]}
    configuration = await Access(str(written(tmp_path, user(exec=spec)))).load()
    assert configuration.cert_file
    status["clientKeyData"] = "garbage"
    (tmp_path / "answer").write_text(json.dumps(answer))
    with pytest.raises(ConfigError, match="that the exec plugin printed cannot be used"):
        await Access(str(written(tmp_path, user(exec=spec)))).load()


async def test_a_plugin_gets_the_cluster_that_it_asks_for(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    printed = json.dumps(
        {"apiVersion": EXEC["apiVersion"], "kind": "ExecCredential", "status": {"token": "t"}}
    )
    script = tmp_path / "plugin"
    script.write_text(f"#!/bin/sh\necho \"$KUBERNETES_EXEC_INFO\" > '{tmp_path}/info'\necho '{printed}'\n")
    script.chmod(0o755)
    spec = {**EXEC, "command": "./plugin", "provideClusterInfo": True}
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    content = cluster(**{"certificate-authority": str(certificate[0]), "extensions": [extension]})
    await Access(str(written(tmp_path, {**content, "users": user(exec=spec)["users"]}))).load()
    info = json.loads((tmp_path / "info").read_text())["spec"]
    assert info["interactive"] is False
    assert info["cluster"]["server"] == "https://api.example.com"
    assert base64.b64decode(info["cluster"]["certificate-authority-data"]) == certificate[0].read_bytes()
    assert info["cluster"]["config"] == {"audience": "x"}


class Servers:
    """HTTP servers on loopback that keep the headers of what they are asked."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def start(
        self, status: int, headers: dict[str, str], context: ssl.SSLContext | None = None
    ) -> tuple[str, list[dict[str, str]]]:
        seen: list[dict[str, str]] = []

        async def answer(request: web.Request) -> web.Response:
            seen.append(dict(request.headers))
            return web.json_response({}, status=status, headers=headers)

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        runner = web.AppRunner(app)
        self._runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        return f"{'https' if context else 'http'}://127.0.0.1:{port}", seen

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    found = Servers()
    yield found
    await found.stop()


async def ask_as_kopf(client: Client) -> None:
    async with watch_session(client, {}) as session:
        await session.request(method="get", url=f"{client.server}/api/v1/namespaces")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_token_goes_nowhere(
    servers: Servers, tmp_path: Path, status: int
) -> None:
    far, seen_far = await servers.start(200, {})
    near, seen = await servers.start(status, {"Location": f"{far}/login?secret=s"})
    path = written(tmp_path, {**cluster(server=near), "users": user(token="t")["users"]})
    async with await connect(kubeconfig=str(path)) as client:
        for send in (client.get, client.delete):
            with pytest.raises(
                Redirected, match=f"{near} redirects to {far[7:]} .*set the server"
            ) as refused:
                await send("/api/v1/namespaces")
            assert "secret" not in str(refused.value)
        with pytest.raises(Redirected):
            await client.patch("/api/v1/namespaces/x", {})
        with pytest.raises(Redirected):
            async for _ in client.stream("/api/v1/namespaces", {"watch": "true"}, 5.0):
                pass
        with pytest.raises(Exception, match=f"{near} redirects to"):
            await ask_as_kopf(client)
    assert len(seen) == 5
    assert seen_far == []


async def test_headers_of_the_user_are_in_kopfs_requests_and_in_ours(
    servers: Servers, tmp_path: Path
) -> None:
    near, seen = await servers.start(200, {})
    fields = {"token": "t", "as": "bob", "as-uid": "7", "as-groups": ["g"], "as-user-extra": {"x": ["y"]}}
    path = written(tmp_path, {**cluster(server=near), "users": user(**fields)["users"]})
    async with await connect(kubeconfig=str(path)) as client:
        await client.get("/version")
        await ask_as_kopf(client)
    wanted = {"Authorization": "Bearer t", "Impersonate-User": "bob", "Impersonate-Uid": "7",
              "Impersonate-Group": "g", "Impersonate-Extra-x": "y"}  # fmt: skip
    assert [{name: headers.get(name) for name in wanted} for headers in seen] == [wanted, wanted]


async def test_an_authority_that_is_replaced_in_a_pod_is_loaded_again(
    servers: Servers, pod: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server, seen = await servers.start(200, {}, context)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.rpartition(":")[2])
    monkeypatch.setattr(connection_module, "RENEW_SECONDS", 0.0)
    right = (pod / "ca.crt").read_bytes()
    (pod / "ca.crt").write_bytes(_another_authority(pod))
    async with await connect(access=Access(pod=pod)) as client:
        with pytest.raises(ConnectionLost, match=f"the certificate of {server} is not accepted: .*check the"):
            await client.get("/version")
        (pod / "ca.crt").write_bytes(right)
        await client.get("/version")
    assert len(seen) == 1


def _another_authority(folder: Path) -> bytes:
    path = folder / "another"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
         "2", "-subj", "/CN=another", "-out", str(path), "-keyout", "/dev/null"],
        check=True, capture_output=True,
    )  # fmt: skip
    return path.read_bytes()


async def test_no_connection_is_a_sentence_that_names_the_server(tmp_path: Path) -> None:
    path = written(tmp_path, cluster(server="https://127.0.0.1:1"))
    async with await connect(kubeconfig=str(path)) as client:
        with pytest.raises(ConnectionLost, match=r"no connection to https://127.0.0.1:1: Connection refused"):
            await client.get("/version")
