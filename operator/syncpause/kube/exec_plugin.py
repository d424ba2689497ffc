"""Exec plugins: programs that print the credentials of a kubeconfig's user.

Source: client-go's plugin/pkg/client/auth/exec, and the API client.authentication.k8s.io.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from syncpause.kube.credentials import ConfigError, Credential, check_token, reason_of
from syncpause.kube.printable import one_line

EXEC_SECONDS = 60.0
"""How long a plugin without a terminal may take."""
_GROUP = "client.authentication.k8s.io"
_VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable of a plugin."""

    name: str = ""
    value: str = ""


class Exec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``exec`` of a kubeconfig's user."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin. ``folder`` is the kubeconfig's; ``cluster`` is ``spec.cluster`` of an ExecCredential.

    ``whose`` names context and user in errors.
    """

    spec: Exec
    folder: Path
    cluster: Mapping[str, Any]
    whose: str

    def run(self) -> Credential:
        """Run the plugin and return what it prints. Blocks. Raises ConfigError.

        A command with a slash is relative to ``folder``; others are looked for on the PATH.
        """
        self._check()
        spec, interactive = self.spec, self._interactive()
        command = str(self.folder / spec.command) if "/" in spec.command else spec.command
        info: dict[str, Any] = {"interactive": interactive}
        if spec.provide_cluster_info:
            info["cluster"] = self.cluster
        request = {"apiVersion": spec.api_version, "kind": "ExecCredential", "spec": info}
        environment = os.environ | {item.name: item.value for item in spec.env}
        environment["KUBERNETES_EXEC_INFO"] = json.dumps(request)
        output = self._output([command, *spec.args], environment, interactive=interactive)
        return self._credential(output)

    @property
    def _name(self) -> str:
        return f"{self.whose}: the exec plugin {one_line(self.spec.command)}"

    def _check(self) -> None:
        spec = self.spec
        if not spec.command:
            raise ConfigError(
                f"{self.whose}: exec.command is missing: name the command that prints the credentials"
            )
        if spec.api_version not in _VERSIONS:
            raise ConfigError(
                f"{self.whose}: exec.apiVersion is {spec.api_version!r}: set it to {' or '.join(_VERSIONS)}"
            )
        for number, item in enumerate(spec.env):
            if not item.name or "=" in item.name or "\0" in item.name + item.value:
                raise ConfigError(
                    f"{self.whose}: exec.env[{number}] has no valid name and value: give it both, without ="
                    " in the name"
                )

    def _interactive(self) -> bool:
        default = "IfAvailable" if self.spec.api_version.endswith("v1beta1") else ""
        mode = self.spec.interactive_mode or default
        if mode not in _MODES:
            raise ConfigError(f"{self._name}: interactiveMode is {mode!r}: set it to {' or '.join(_MODES)}")
        terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise ConfigError(
                f"{self._name} has interactiveMode Always, and there is no terminal: run the command in a"
                " terminal, set IfAvailable or Never, or use another way to log in"
            )
        return terminal and mode != "Never"

    def _output(self, arguments: list[str], environment: Mapping[str, str], *, interactive: bool) -> bytes:
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
            hint = one_line(self.spec.install_hint)
            advice = hint or "install it, or correct exec.command in the kubeconfig"
            raise ConfigError(f"{self._name} cannot be run: {reason_of(error)}; {advice}") from error
        try:
            out, complaint = process.communicate(timeout=None if interactive else EXEC_SECONDS)
        except subprocess.TimeoutExpired as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise ConfigError(
                f"{self._name} did not end within {EXEC_SECONDS:g} s: run it by hand to see why"
            ) from error
        if process.returncode:
            printed = one_line((complaint or b"").decode(errors="replace"))[-500:]
            raise ConfigError(
                f"{self._name} ended with exit code {process.returncode}:"
                f" {printed or 'run it by hand to see why'}"
            )
        return out

    def _credential(self, output: bytes) -> Credential:
        status = self._status(output)
        names = ("token", "clientCertificateData", "clientKeyData")
        token, certificate, key = (status.get(name) or "" for name in names)
        if not all(isinstance(value, str) for value in (token, certificate, key)):
            raise ConfigError(f"{self._name} printed a status with a value that is not text: correct it")
        if bool(certificate) != bool(key):
            raise ConfigError(
                f"{self._name} printed only one of clientCertificateData and clientKeyData:"
                " it must print both"
            )
        if not token and not certificate:
            raise ConfigError(f"{self._name} printed neither a token nor a client certificate: log in again")
        if token:
            token = check_token(token, f"{self._name} printed a token that")
        return Credential(token, certificate, key, self._expiry(status.get("expirationTimestamp")))

    def _status(self, output: bytes) -> dict[str, Any]:
        try:
            printed = json.loads(output)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{self._name} printed no JSON: it must print an ExecCredential") from error
        status = printed.get("status") if isinstance(printed, dict) else None
        if not isinstance(status, dict):
            raise ConfigError(
                f"{self._name} printed no ExecCredential with a status: run it by hand to see why"
            )
        if printed.get("apiVersion") != self.spec.api_version or printed.get("kind") != "ExecCredential":
            kind = one_line(f"{printed.get('apiVersion')} {printed.get('kind')}")
            raise ConfigError(
                f"{self._name} printed {kind}: exec.apiVersion asks for"
                f" {self.spec.api_version} ExecCredential"
            )
        return status

    def _expiry(self, text: Any) -> datetime | None:
        if not text:
            return None
        try:
            expires = datetime.fromisoformat(text).astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(
                f"{self._name} printed an expirationTimestamp that is not a time: {one_line(str(text))}"
            ) from error
        if expires <= datetime.now(UTC):
            raise ConfigError(f"{self._name} printed credentials that expired at {text}: log in again")
        return expires
