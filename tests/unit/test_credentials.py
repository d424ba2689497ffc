"""Credentials, impersonation and proxies: what is sent, and the sentence where nothing can be got."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from syncpause.kube import credentials, exec_plugin
from syncpause.kube.client import ConfigError, connect
from syncpause.kube.errors import ConnectionLost
from syncpause.kube.proxy import proxy_from_environment

V1 = "client.authentication.k8s.io/v1"
GOOD = json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "fresh"}})


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> str:
    path = folder / "kubeconfig"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "ann"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://api.example.com", **cluster}}],
        "users": [{"name": "ann", "user": user}],
    }
    path.write_text(json.dumps(config))
    return str(path)


def plugin(folder: Path, script: str, **more: Any) -> dict[str, Any]:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"exec": {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **more}}


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo denied >&2; exit 3", r"plugin \./plugin ended with exit code 3: denied"),
        ("echo hello", "printed no JSON"),
        ("echo '[]'", "no ExecCredential with a status"),
        ("true", "printed no JSON"),
        (f"echo '{GOOD.replace('fresh', '')}'", "neither a token nor a client certificate"),
        (f"echo '{GOOD.replace('/v1', '/v1beta1')}'", "exec.apiVersion asks for"),
        (
            f"""echo '{GOOD.replace('"fresh"', '"t", "expirationTimestamp": "2020-01-01T00:00:00Z"')}'""",
            "expired at 2020",
        ),
    ],
)
async def test_an_exec_plugin_that_fails_is_a_sentence(tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"context c, user ann: .*{says}"):
        await connect(kubeconfig=kubeconfig(tmp_path, plugin(tmp_path, script)))


async def test_an_exec_plugin_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exec_plugin, "EXEC_SECONDS", 0.2)
    with pytest.raises(ConfigError, match="did not end within"):
        await connect(kubeconfig=kubeconfig(tmp_path, plugin(tmp_path, "sleep 600")))


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"tokenFile": "none"}, "token file .*/none cannot be read: No such file"),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider gcp was removed"),
        ({"token": "t", "as-groups": ["g"]}, "need `as`"),
        ({"token": "t", "as": "a", "as-groups": "g"}, "as-groups must be a list"),
        ({"token": "t", "as": "a\nb"}, "not one line of text"),
        ({"token": "t", "client-certificate": "none", "client-key": "none"}, "/none"),
        ({"exec": {"apiVersion": V1, "command": "no-such-plugin", "interactiveMode": "Never",
                   "installHint": "get it here"}}, "cannot be run: .*get it here"),
        ({"exec": {"apiVersion": V1, "command": "x", "interactiveMode": "Always"}}, "no terminal"),
        ({"exec": {"apiVersion": "v1alpha1", "command": "x"}}, "exec.apiVersion is 'v1alpha1'"),
    ],
)  # fmt: skip
async def test_a_user_that_cannot_log_in_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: dict[str, Any], says: str
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfigError, match=f"ann.*{says}"):
        await connect(kubeconfig=kubeconfig(tmp_path, user))


async def test_an_authority_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("no PEM")
    with pytest.raises(ConfigError, match=f"{tmp_path}/ca"):
        await connect(kubeconfig=kubeconfig(tmp_path, {"token": "t"}, **{"certificate-authority": "ca"}))


async def test_a_proxy_of_another_kind_is_refused(tmp_path: Path) -> None:
    cluster = {"proxy-url": "socks5://ann:s3cret@p:1080"}
    with pytest.raises(ConfigError, match="name an http:// or https:// proxy") as refused:
        await connect(kubeconfig=kubeconfig(tmp_path, {"token": "t"}, **cluster))
    assert "s3cret" not in str(refused.value)


async def test_the_plugin_beside_the_kubeconfig_is_run(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, plugin(tmp_path, f"echo '{GOOD}'"))
    async with await connect(kubeconfig=path) as client:
        assert (await client.connection.headers())["Authorization"] == "Bearer fresh"


async def test_whom_a_user_acts_as_is_in_every_header(tmp_path: Path) -> None:
    user = {"token": "t", "as": "bob", "as-uid": "7", "as-groups": ["a", "b"],
            "as-user-extra": {"Acme.com/P": ["x", "y"]}}  # fmt: skip
    async with await connect(kubeconfig=kubeconfig(tmp_path, user)) as client:
        headers = await client.connection.headers()
    assert (headers["Impersonate-User"], headers["Impersonate-Uid"]) == ("bob", "7")
    assert headers.getall("Impersonate-Group") == ["a", "b"]
    assert headers.getall("Impersonate-Extra-acme.com%2Fp") == ["x", "y"]


async def test_a_token_file_that_goes_empty_is_an_error_of_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "REREAD_SECONDS", 0.0)
    (tmp_path / "token").write_text("one\n")
    async with await connect(kubeconfig=kubeconfig(tmp_path, {"tokenFile": "token"})) as client:
        assert (await client.connection.headers())["Authorization"] == "Bearer one"
        (tmp_path / "token").write_text("")
        with pytest.raises(ConnectionLost, match=r"token file .*token is empty"):
            await client.connection.headers()


@pytest.mark.parametrize(
    ("rules", "server", "exempt"),
    [
        ("10.96.0.0/12", "https://10.96.0.1", True),
        ("10.96.0.0/12", "https://10.112.0.1", False),
        ("*.x.org", "https://a.x.org", True),
        ("*.x.org", "https://x.org", False),
        (".x.org", "https://a.x.org", True),
        ("x.org", "https://a.x.org", True),
        ("x.org", "https://ax.org", False),
        ("x.org:443", "https://x.org", True),
        ("x.org:80", "https://x.org", False),
        ("[fd00::2]:443", "https://[fd00::2]", True),
        ("fd00::/8", "https://[fd00::2]", True),
        ("a, *", "https://z.org", True),
        ("", "https://localhost:6443", True),
        ("", "https://127.0.0.1:6443", True),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(rules: str, server: str, exempt: bool) -> None:
    found = proxy_from_environment(server, {"HTTPS_PROXY": "p:3128", "NO_PROXY": rules})
    assert found == (None if exempt else "http://p:3128")


def test_upper_case_wins_and_each_scheme_has_its_proxy() -> None:
    environment = {"HTTPS_PROXY": "http://upper", "https_proxy": "http://lower", "HTTP_PROXY": "http://plain"}
    assert proxy_from_environment("https://x.org", environment) == "http://upper"
    assert proxy_from_environment("http://x.org", environment) == "http://plain"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its real uid")
def test_a_uid_without_a_passwd_entry_and_a_home_imports_everything() -> None:
    script = (
        "import os, sys; os.setresuid(54321, 0, 0);"
        "import syncpause.handlers, syncpause.__main__, syncpause.controller.operator, syncpause.cli.main,"
        " syncpause.cli.status; from syncpause.kube.access import Access; print(Access().namespace())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "default"), done.stderr


async def test_a_user_without_credentials_is_anonymous_as_for_kubectl(tmp_path: Path) -> None:
    async with await connect(kubeconfig=kubeconfig(tmp_path, {})) as client:
        assert "Authorization" not in await client.connection.headers()


def test_who_waits_for_a_plugin_that_fails_gets_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    failures: list[str] = []
    asked = threading.Event()

    def clock() -> float:
        now = time.monotonic()
        if threading.current_thread() is second:
            asked.set()
        return now

    def fail() -> credentials.Credential:
        runs.append(1)
        if len(runs) == 1:
            second.start()
            assert asked.wait(30)
        raise ConfigError("denied")

    def ask() -> None:
        try:
            renewed.current()
        except ConfigError as error:
            failures.append(str(error))

    second = threading.Thread(target=ask)
    monkeypatch.setattr(credentials, "monotonic", clock)
    renewed = credentials.Renewed(fail)
    ask()
    second.join(30)
    assert (failures, len(runs)) == (["denied", "denied"], 1)
    ask()
    assert len(runs) == 2, "who asks later has it run again"
