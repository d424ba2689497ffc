"""A kubeconfig that is wrong in any way is one sentence that names the file, the field and the fix."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from syncpause.kube.access import Access
from syncpause.kube.credentials import ConfigError
from syncpause.kube.kubeconfig import choose
from syncpause.kube.kubeconfig_fields import read_file

EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "interactiveMode": "Never"}


def config(**changes: Any) -> dict[str, Any]:
    """A kubeconfig that works, with some of its keys replaced."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "ann"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://api.example.com"}}],
        "users": [{"name": "ann", "user": {"token": "t"}}],
        **changes,
    }


def cluster(**fields: Any) -> dict[str, Any]:
    return config(clusters=[{"name": "k", "cluster": {"server": "https://api.example.com", **fields}}])


def user(**fields: Any) -> dict[str, Any]:
    return config(users=[{"name": "ann", "user": fields}])


def written(folder: Path, content: Any, name: str = "kubeconfig") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


WRONG: dict[str, tuple[Any, str]] = {
    "empty": ("", "is empty: name another one with --kubeconfig or KUBECONFIG"),
    "only a comment": ("# nothing\n", "is empty"),
    "a list": ("- a\n- b\n", "is not a map: it must have the keys clusters"),
    "a word": ("kubeconfig", "is not a map"),
    "no YAML": ("a: [", "cannot be read: .*valid YAML"),
    "another kind": (config(kind="Deployment"), "kind Config"),
    "server is a number": (cluster(server=5), "cluster k: server must be text: put it in quotes"),
    "skip is text": (
        cluster(**{"insecure-skip-tls-verify": "true"}),
        "cluster k: insecure-skip-tls-verify must be true or false: write it without quotes",
    ),
    "skip is a number": (cluster(**{"insecure-skip-tls-verify": 1}), "must be true or false"),
    "CA data is no base64": (
        cluster(**{"certificate-authority-data": "***"}), "certificate-authority-data is not base64"
    ),
    "proxy is a list": (cluster(**{"proxy-url": ["p"]}), "proxy-url must be text: write one value"),
    "token is a number": (user(token=12345), "user ann: token must be text: put it in quotes"),
    "token is a day": (
        "users: [{name: ann, user: {token: 2027-01-01}}]", "user ann: token must be text: put it in quotes"
    ),
    "as-uid is a number": (user(token="t", **{"as": "b", "as-uid": 7}), "as-uid must be text"),
    "extra is a list": (user(token="t", **{"as": "b", "as-user-extra": ["x"]}), "as-user-extra must be a m"),
    "extra of text": (user(**{"as": "b", "as-user-extra": {"x": "y"}}), r"extra\[...\] must be a list"),
    "exec is text": (user(exec="aws"), "user ann: exec must be a map"),
    "args is text": (user(exec={**EXEC, "args": "get-token"}), "exec.args must be a list"),
    "env is a map": (user(exec={**EXEC, "env": {"A": "b"}}), "exec.env must be a list"),
    "env of text": (user(exec={**EXEC, "env": ["A=b"]}), r"exec.env\[0\] must be a map"),
    "env value": (user(exec={**EXEC, "env": [{"name": "A", "value": 1}]}), r"env\[0\].value must be text"),
    "env without a name": (user(exec={**EXEC, "env": [{"value": "b"}]}), r"exec.env\[0\] has no valid name"),
    "provideClusterInfo": (user(exec={**EXEC, "provideClusterInfo": "yes"}), "must be true or false"),
    "contexts is a map": (config(contexts={"c": {}}), "contexts must be a list"),
    "users is text": (config(users="ann"), "users must be a list"),
    "entry without a name": (config(users=[{"user": {}}]), r"users\[0\] has no name: add it"),
    "entry is null": (config(users=[None]), r"users\[0\] must be a map"),
    "user is a list": (config(users=[{"name": "ann", "user": []}]), "must be a map"),
    "two users": (config(users=[{"name": "ann"}, {"name": "ann"}]), 'users has 2 entries named "ann"'),
    "no current-context": (config(**{"current-context": None}), "no current-context: set one"),
    "unknown context": (config(**{"current-context": "d"}), "no context 'd'.*there is c"),
    "no cluster": (config(contexts=[{"name": "c", "context": {"user": "ann"}}]), "context c has no cluster"),
    "unknown cluster": (config(clusters=None), "no cluster 'k'.*there is none"),
    "unknown user": (config(users=[]), "no user 'ann'"),
    "no server": (cluster(server=None), "cluster k has no server: add its URL"),
    "token and password": (user(token="t", username="u"), "exclude each other"),
    "exec and provider": (user(exec=EXEC, **{"auth-provider": {"name": "oidc"}}), "exclude each other"),
    "skip and authority": (
        cluster(**{"insecure-skip-tls-verify": True, "certificate-authority": "/none"}), "/none cannot be"
    ),
    "authority is garbage": (cluster(**{"certificate-authority-data": "AAAA"}), "no certificate in PEM form"),
    "certificate without key": (user(**{"client-certificate-data": "AAAA"}), "client-key is missing"),
    "certificate is garbage": (
        user(**{"client-certificate-data": "AAAA", "client-key-data": "AAAA"}), "cannot be used.*belong"
    ),
    "token with a space": (user(token="a b"), "has characters that no token has"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
async def test_a_wrong_kubeconfig_is_one_sentence(tmp_path: Path, fault: str) -> None:
    content, sentence = WRONG[fault]
    path = written(tmp_path, content)
    with pytest.raises(ConfigError, match=sentence) as refused:
        await Access(str(path)).load()
    message = str(refused.value)
    assert message.isprintable()
    assert "12345" not in message, "a token is never shown"
    assert any(word in message for word in (str(path), "ann", "certificate-authority", "/none")), message


@pytest.mark.parametrize(
    "server",
    ["api.example.com:6443", "ftp://x", "https://", "https://x:port", "https://x:99999", "https://u:secret@x",
     "https://[::1", "https://x y", "https://x?a=b", "https://x\x1b[31m", "unix:///run/x"],
)  # fmt: skip
async def test_a_server_that_is_no_url_is_named(tmp_path: Path, server: str) -> None:
    with pytest.raises(ConfigError, match=r"context c, user ann: the server .* not the URL") as refused:
        await Access(str(written(tmp_path, cluster(server=server)))).load()
    assert "secret" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    "server", ["https://x:6443/", "http://127.0.0.1:8001", "https://[fd00::2]:6443/k8s/c"]
)
async def test_a_server_may_have_a_port_a_path_or_an_address(tmp_path: Path, server: str) -> None:
    loaded = await Access(str(written(tmp_path, cluster(server=server)))).load()
    assert loaded.host == server.rstrip("/")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
fields = st.sampled_from(
    ["kind", "contexts", "clusters", "users", "current-context", "name", "user", "cluster", "context", "exec",
     "server", "token", "args", "env", "as-user-extra", "extensions", "certificate-authority-data"]
)  # fmt: skip
documents = st.recursive(
    json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)


@given(content=st.dictionaries(fields, documents, max_size=5))
def test_no_content_of_a_file_is_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "generated"
    path.write_text(json.dumps(content))
    with suppress(ConfigError):
        choose([path], None)


def test_null_counts_as_absent_as_for_kubectl(tmp_path: Path) -> None:
    content = user(exec={**EXEC, "args": None, "env": None, "provideClusterInfo": None})
    content["preferences"] = {"colors": "odd"}
    found = read_file(written(tmp_path, content)).users[0].user.exec
    assert found is not None
    assert (found.args, found.env, found.provide_cluster_info) == ((), (), False)


def test_files_are_merged_and_the_first_entry_of_a_name_wins(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = written(
        tmp_path, {"current-context": "d", "users": [{"name": "ann", "user": {"tokenFile": "a"}}]}
    )
    second = written(tmp_path / "other", user(tokenFile="b"))
    empty = written(tmp_path, "", "empty")
    found = choose([empty, first, second], "c")
    assert (found.user.token_file, found.folder) == (str(tmp_path / "a"), tmp_path)
    assert found.cluster.server == "https://api.example.com"
    with pytest.raises(ConfigError, match="no context 'd'"):
        choose([first, second], None)


async def test_missing_files_of_kubeconfig_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, config())
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none:{path}:{path}/below-a-file:")
    assert (await Access().load()).host == "https://api.example.com"
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none:{tmp_path}")
    with pytest.raises(ConfigError, match=f"{tmp_path} cannot be read: Is a directory"):
        await Access().load()
    with pytest.raises(ConfigError, match=f"there is no kubeconfig at {tmp_path}/none"):
        await Access(f"{tmp_path}/none").load()
