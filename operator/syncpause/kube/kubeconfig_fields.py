"""The fields of a kubeconfig file, with their types.

Source: k8s.io/client-go/tools/clientcmd/api/v1. Fields that this client does not use,
such as ``preferences``, are not checked. A field that is null counts as absent, as for kubectl.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import yaml

from syncpause.kube.credentials import ConfigError
from syncpause.kube.exec_plugin import Exec
from syncpause.kube.printable import one_line

_OWN_NAMES = {"token_file": "tokenFile", "as_": "as", "api_version": "apiVersion"}
_AT = re.compile(r"(?P<problem>.*?)(?: - at `(?P<place>.*)`)?", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_ENTRY = re.compile(
    r"(?P<list>clusters|contexts|users)\[(?P<index>\d+)\](?:\.(?:cluster|context|user)\b)?\.?(?P<field>.*)"
)
_WANTED = {
    "bool": ("must be true or false", "write it without quotes"),
    "str": ("must be text", "put it in quotes"),
    "array": ("must be a list", "start each item with `- `"),
    "object": ("must be a map", "write `key: value` pairs"),
}


def _name(field: str) -> str:
    return _OWN_NAMES.get(field) or field.replace("_", "-")


class _Fields(msgspec.Struct, frozen=True, kw_only=True, rename=_name):
    pass


class Extension(_Fields, frozen=True):
    """A named value of somebody else's; exec plugins get one of them."""

    name: str = ""
    extension: Any = None


class Cluster(_Fields, frozen=True):
    """How to reach an API server, and how to check its certificate."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    extensions: tuple[Extension, ...] = ()

    def __post_init__(self) -> None:
        _check_base64(certificate_authority_data=self.certificate_authority_data)


class AuthProvider(_Fields, frozen=True):
    """The predecessor of exec plugins."""

    name: str = ""
    config: dict[str, str] = {}


class User(_Fields, frozen=True):
    """How to log in, and whom to impersonate."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    as_: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: dict[str, tuple[str, ...]] = {}
    auth_provider: AuthProvider | None = None
    exec: Exec | None = None

    def __post_init__(self) -> None:
        _check_base64(
            client_certificate_data=self.client_certificate_data, client_key_data=self.client_key_data
        )


class Context(_Fields, frozen=True):
    """A cluster, a user of it and a namespace, by their names. Without a user, requests are anonymous."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class NamedCluster(_Fields, frozen=True):
    """An entry of ``clusters``."""

    name: str
    cluster: Cluster = msgspec.field(default_factory=Cluster)


class NamedContext(_Fields, frozen=True):
    """An entry of ``contexts``."""

    name: str
    context: Context = msgspec.field(default_factory=Context)


class NamedUser(_Fields, frozen=True):
    """An entry of ``users``."""

    name: str
    user: User = msgspec.field(default_factory=User)


class Kubeconfig(_Fields, frozen=True):
    """One file."""

    kind: str = ""
    api_version: str = ""
    current_context: str = ""
    clusters: tuple[NamedCluster, ...] = ()
    contexts: tuple[NamedContext, ...] = ()
    users: tuple[NamedUser, ...] = ()


def read_file(path: Path) -> Kubeconfig:
    """The content of a file; an empty file has no entries. Raises ConfigError with file, field and fix."""
    try:
        content = _without_nulls(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or one_line(str(error))
        raise ConfigError(
            f"the kubeconfig {path} cannot be read: {reason}; it must be a readable file of valid YAML"
        ) from error
    if content is None:
        return Kubeconfig()
    if not isinstance(content, dict):
        raise ConfigError(
            f"the kubeconfig {path} is not a map: it must have the keys clusters, contexts and users"
        )
    try:
        found = msgspec.convert(content, Kubeconfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"the kubeconfig {path}: {_sentence(str(error), content)}") from error
    except UnicodeEncodeError as error:  # JSON escapes of half a character, which YAML reads as such
        raise ConfigError(f"the kubeconfig {path} has a text that is not Unicode: {error.reason}") from error
    _check(found, path)
    return found


def decoded(data: str) -> bytes:
    """The bytes of a ``-data`` field."""
    return base64.b64decode("".join(data.split()), validate=True)


def _check_base64(**fields: str) -> None:
    for field, data in fields.items():
        try:
            decoded(data)
        except ValueError:
            raise ValueError(f"{_name(field)} is not base64: write the PEM file through `base64`") from None


def _check(found: Kubeconfig, path: Path) -> None:
    if found.kind not in ("", "Config") or found.api_version not in ("", "v1"):
        raise ConfigError(
            f"the kubeconfig {path} is a {one_line(found.api_version)} {one_line(found.kind)}:"
            " its apiVersion must be v1 and its kind Config"
        )
    lists: dict[str, Any] = {
        "clusters": found.clusters, "contexts": found.contexts, "users": found.users
    }  # fmt: skip
    for kind, entries in lists.items():
        for name, count in Counter(entry.name for entry in entries).items():
            if count > 1:
                raise ConfigError(
                    f'the kubeconfig {path}: {kind} has {count} entries named "{one_line(name)}":'
                    " rename or remove all but one"
                )
            if not name:
                raise ConfigError(f"the kubeconfig {path}: an entry of {kind} has an empty name: give it one")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _sentence(error: str, content: dict[str, Any]) -> str:
    """msgspec's error as a sentence that names the entry, the field and the fix; never a value."""
    found = _AT.fullmatch(error)
    assert found is not None
    problem, place = found["problem"], _place(found["place"] or "", content)
    missing, expected = _MISSING.match(problem), _EXPECTED.match(problem)
    if missing:
        return f"{place} has no {missing['field']}: add it"
    kind = expected["wanted"].removesuffix(" | null") if expected else ""
    if expected and kind in _WANTED:
        wanted, fix = _WANTED[kind]
        if kind == "str" and expected["found"] in ("array", "object", "null"):
            fix = "write one value"
        return f"{place} {wanted}: {fix}"
    return f"{place}: {one_line(problem)}" if place else one_line(problem)


def _place(path: str, content: dict[str, Any]) -> str:
    """A JSON path as people name it: ``user ann: exec.args`` for ``$.users[0].user.exec.args``."""
    path = one_line(path).replace("key` in `", "a key of ").replace("$.", "")
    found = _ENTRY.match(path)
    if found is None:
        return path
    entry = content[found["list"]][int(found["index"])]
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not found["field"]:
        return path
    return f"{found['list'][:-1]} {one_line(name)}: {found['field']}"
