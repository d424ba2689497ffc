"""Credentials that change: what an exec plugin prints, and what a token file holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

EXEC_SECONDS = 60.0
"""How long an exec plugin that nobody can type into may take."""
REREAD_SECONDS = 60.0
_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")


class ConfigError(Exception):
    """No way to the cluster is configured, or the one that is cannot be used; names the cause and the fix."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, or a client certificate with its key (PEM), or both; ``expires`` is in UTC."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: datetime | None = None


class Renewed:
    """A credential that is got again once it is stale. Safe to use from several loops and threads."""

    def __init__(self, get: Callable[[], Credential], stale_after: float | None = None) -> None:
        self._get, self._stale_after = get, stale_after
        self._lock = threading.Lock()
        self._current: Credential | None = None
        self._got_at = 0.0
        self._failure: tuple[float, str] | None = None

    def current(self) -> Credential:
        """The credential, got anew if need be. Blocks. Raises ConfigError.

        Who waits while another call fails gets that failure: a plugin that hangs is not run for each request.
        """
        asked_at = monotonic()
        with self._lock:
            if self._current is not None and not self._stale(self._current):
                return self._current
            if self._failure is not None and self._failure[0] >= asked_at:
                raise ConfigError(self._failure[1])
            self._current = None
            try:
                self._current = self._get()
            except ConfigError as error:
                self._failure = (monotonic(), str(error))
                raise
            self._got_at = monotonic()
            return self._current

    async def refresh(self, configuration: Any) -> None:
        """The hook of the client library's Configuration, called before each request."""
        fresh = self._current
        if fresh is None or self._stale(fresh):
            fresh = await asyncio.to_thread(self.current)
        if fresh.token:
            configuration.api_key["BearerToken"] = f"Bearer {fresh.token}"

    def _stale(self, credential: Credential) -> bool:
        if credential.expires is not None and datetime.now(UTC) >= credential.expires:
            return True
        return self._stale_after is not None and monotonic() - self._got_at >= self._stale_after


def token_of(path: Path, whose: str) -> Credential:
    """The token in a file. Raises ConfigError."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{whose}: the token file {path} cannot be read: {_why(error)}") from error
    if not token:
        raise ConfigError(f"{whose}: the token file {path} is empty: write a token into it")
    return Credential(token)


def run_plugin(spec: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any], whose: str) -> Credential:
    """Run the exec plugin of a user, by client-go's rules. Raises ConfigError.

    A command with a slash is relative to ``folder``, the kubeconfig's; others are looked for on the PATH.
    """
    command = _checked(spec, whose)
    what = f"{whose}: the exec plugin {command}"
    interactive = _interactive(spec, what)
    if "/" in command:
        command = str(folder / command)
    info: dict[str, Any] = {"interactive": interactive}
    if spec.get("provideClusterInfo"):
        info["cluster"] = cluster
    request = {"apiVersion": spec["apiVersion"], "kind": "ExecCredential", "spec": info}
    environment = os.environ | {item["name"]: str(item.get("value", "")) for item in spec.get("env") or []}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(request)
    arguments = [command, *map(str, spec.get("args") or [])]
    hint = str(spec.get("installHint") or "")
    return _credential(_output(arguments, environment, what, hint, interactive=interactive), spec, what)


def _checked(spec: Mapping[str, Any], whose: str) -> str:
    command, version = spec.get("command"), spec.get("apiVersion")
    if not isinstance(command, str) or not command:
        raise ConfigError(f"{whose}: exec.command is missing: name the command that prints the credentials")
    if version not in _VERSIONS:
        raise ConfigError(f"{whose}: exec.apiVersion is {version!r}: set it to {' or '.join(_VERSIONS)}")
    for name in ("args", "env"):
        if not isinstance(spec.get(name) or [], list):
            raise ConfigError(f"{whose}: exec.{name} must be a list: correct the kubeconfig")
    for item in spec.get("env") or []:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
            raise ConfigError(f"{whose}: an entry of exec.env has no name: give each a name and a value")
    return command


def _interactive(spec: Mapping[str, Any], what: str) -> bool:
    mode = spec.get("interactiveMode") or ("IfAvailable" if spec["apiVersion"].endswith("v1beta1") else "")
    if mode not in _MODES:
        raise ConfigError(f"{what}: interactiveMode is {mode!r}: set it to {', '.join(_MODES)}")
    terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if mode == "Always" and not terminal:
        raise ConfigError(
            f"{what} has interactiveMode Always, and there is no terminal to type into:"
            " use IfAvailable or Never, or another way to log in"
        )
    return terminal and mode != "Never"


def _output(
    arguments: list[str], environment: Mapping[str, str], what: str, hint: str, *, interactive: bool
) -> bytes:
    try:
        process = subprocess.Popen(
            arguments,
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            start_new_session=not interactive,
        )
    except (OSError, ValueError) as error:
        advice = _one_line(hint) or "install it, or correct exec.command in the kubeconfig"
        raise ConfigError(f"{what} cannot be run: {_why(error)}; {advice}") from error
    try:
        out, complaint = process.communicate(timeout=None if interactive else EXEC_SECONDS)
    except subprocess.TimeoutExpired as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise ConfigError(
            f"{what} did not end within {EXEC_SECONDS:g} s: run it by hand to see why"
        ) from error
    if process.returncode:
        said = _one_line((complaint or b"").decode(errors="replace"))[-500:]
        code = process.returncode
        raise ConfigError(f"{what} ended with exit code {code}: {said or 'run it by hand to see why'}")
    return out


def _credential(output: bytes, spec: Mapping[str, Any], what: str) -> Credential:
    try:
        said = json.loads(output)
    except ValueError as error:
        raise ConfigError(f"{what} printed no JSON: it must print an ExecCredential") from error
    status = said.get("status") if isinstance(said, dict) else None
    if not isinstance(status, dict):
        raise ConfigError(f"{what} printed no ExecCredential with a status: run it by hand to see why")
    if said.get("apiVersion") != spec["apiVersion"] or said.get("kind") != "ExecCredential":
        raise ConfigError(
            f"{what} printed {said.get('apiVersion')} {said.get('kind')}: exec.apiVersion asks for"
            f" {spec['apiVersion']} ExecCredential"
        )
    names = ("token", "clientCertificateData", "clientKeyData")
    token, certificate, key = (status.get(name) or "" for name in names)
    if not all(isinstance(value, str) for value in (token, certificate, key)):
        raise ConfigError(f"{what} printed a status with a value that is no text")
    if bool(certificate) != bool(key):
        raise ConfigError(f"{what} printed only one of clientCertificateData and clientKeyData")
    if not token and not certificate:
        raise ConfigError(f"{what} printed neither a token nor a client certificate: log in again")
    return Credential(token.strip(), certificate, key, _expiry(status.get("expirationTimestamp"), what))


def _expiry(text: Any, what: str) -> datetime | None:
    if not text:
        return None
    try:
        expires = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} printed an expirationTimestamp that is no time: {text!r}") from error
    if expires <= datetime.now(UTC):
        raise ConfigError(f"{what} printed credentials that expired at {text}: log in again")
    return expires


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(char for char in text if char.isprintable() or char.isspace())).strip()


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
