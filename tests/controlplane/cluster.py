"""One running control plane: etcd, API server, controller manager, scheduler and KWOK, on loopback ports."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from controlplane import access
from controlplane.build import binaries
from controlplane.components import Layout, Ports, commands, free_ports, is_free
from controlplane.failure import ClusterError, KubectlError
from controlplane.process import command_line, kill_group, spawn, tail, wait_until

NODES = 3
PODS_PER_NODE = 5000


def start(
    directory: Path | None = None, *, outlive: bool = False, apiserver_flags: Sequence[str] = ()
) -> Cluster:
    """Start a cluster and wait until it can run a workload; builds the binaries first if there are none yet.

    In `directory` (new or empty; it stays after `stop`) or in a temporary one (removed by `stop`). With
    `outlive` the processes run on when we exit, and `Cluster.attach(directory)` finds them again; without,
    they end with us. `apiserver_flags` come after the API server's own.
    """
    ready = binaries()
    temporary = directory is None
    place = (directory or Path(tempfile.mkdtemp(prefix="syncpause-cluster-"))).absolute()
    if (place / "etcd").exists():  # before there is anything to stop: that cluster may be running
        raise ClusterError(f"{place} holds another cluster's data; remove it or name another directory")
    token = secrets.token_urlsafe(24)
    cluster = Cluster(
        place,
        ready,
        free_ports(),
        token,
        temporary=temporary,
        outlive=outlive,
        apiserver_flags=apiserver_flags,
    )
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    return cluster


class Cluster:
    """A control plane that belongs to its caller. As a context manager, it stops at the end."""

    def __init__(
        self,
        directory: Path,
        binaries: Path,
        ports: Ports,
        token: str,
        *,
        temporary: bool = False,
        outlive: bool = False,
        apiserver_flags: Sequence[str] = (),
        pids: Mapping[str, int] | None = None,
    ) -> None:
        self.directory = directory
        self.bin = binaries
        self.url = f"https://127.0.0.1:{ports.apiserver}"
        self._ports = ports
        self._token = token
        self._temporary = temporary
        self._outlive = outlive
        self._layout = Layout(directory)
        self._commands = commands(binaries, self._layout, ports)
        self._commands["kube-apiserver"] += apiserver_flags
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._pids: dict[str, int] = dict(pids or {})

    @classmethod
    def attach(cls, directory: Path) -> Cluster | None:
        """The cluster that an earlier process started in `directory` with `outlive`, if there is one."""
        state = Layout(directory.absolute()).state
        if not state.exists():
            return None
        saved = json.loads(state.read_text())
        return cls(
            directory.absolute(),
            Path(saved["bin"]),
            Ports(**saved["ports"]),
            saved["token"],
            outlive=True,
            pids=saved["pids"],
        )

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._layout.kubeconfig

    @property
    def audit_log(self) -> Path:
        """Every request of the operator's ServiceAccount, one JSON object a line."""
        return self._layout.audit_log

    @property
    def etcd_metrics(self) -> str:
        """The URL of etcd's metrics, in the Prometheus format."""
        return f"http://127.0.0.1:{self._ports.etcd}/metrics"

    @property
    def environment(self) -> dict[str, str]:
        """Our environment with this cluster as the current one, for a process that talks to it."""
        return access.environment(self.bin, self.kubeconfig)

    def start(self) -> None:
        """Start every process, each once what it needs answers, and wait until a pod could run."""
        self._prepare()
        for name in self._commands:
            self.start_process(name)
        self.kubectl(
            "create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": _nodes()})
        )
        self._wait("the nodes to be ready", self._unready_nodes)
        self._wait("the default service account", self._missing_account)

    def stop(self) -> None:
        """Kill every process, and remove the directory if it was a temporary one. Safe to call twice."""
        for name in reversed(self._commands):
            self.stop_process(name)
        self._layout.state.unlink(missing_ok=True)
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def start_process(self, name: str) -> None:
        """Start one process (`etcd`, `kube-apiserver`, …); one that serves answers when this returns."""
        if self.is_running(name):
            return
        child = spawn(self._commands[name], self._layout.log(name), outlive=self._outlive)
        self._children[name] = child
        self._pids[name] = child.pid
        self._save()
        if name == "etcd":
            self._wait("etcd", lambda: access.health(f"http://127.0.0.1:{self._ports.etcd}/health"), name)
        elif name == "kube-apiserver":
            self._wait("the API server", self._apiserver_health, name)

    def stop_process(self, name: str) -> None:
        """Kill one process and wait until its ports are free again.

        Never SIGTERM: the API server would linger for as long as watches are open, and answer meanwhile.
        """
        if name not in self._commands:
            raise KeyError(f"no process {name!r}; there are {', '.join(self._commands)}")
        if self.is_running(name):
            kill_group(self._pids[name])
        if child := self._children.pop(name, None):
            child.wait()
        self._pids.pop(name, None)
        owned = {
            "etcd": (self._ports.etcd, self._ports.etcd_peer),
            "kube-apiserver": (self._ports.apiserver,),
        }
        for port in owned.get(name, ()):
            wait_until(f"port {port} to be free", partial(_in_use, port), seconds=10)

    def freeze(self, name: str) -> None:
        """Stop a process without ending it, as an overloaded machine does; `thaw` undoes it."""
        os.killpg(self._pids[name], signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Resume a process that `freeze` stopped."""
        os.killpg(self._pids[name], signal.SIGCONT)

    def pid(self, name: str) -> int:
        """The process id of a process that was started, by name."""
        return self._pids[name]

    def is_running(self, name: str) -> bool:
        """Whether a process that was started still runs."""
        if child := self._children.get(name):
            return child.poll() is None
        pid = self._pids.get(name)
        # The id may have been given to somebody else since; the directory in the command line can't.
        return pid is not None and str(self.directory) in command_line(pid)

    def status(self) -> dict[str, bool]:
        """Each process by name, and whether it runs."""
        return {name: self.is_running(name) for name in self._commands}

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        """What `kubectl ARGS` prints, as administrator. Raises KubectlError (with `stderr`) if it fails."""
        return access.kubectl(self.bin, self.kubeconfig, *args, stdin=input, check=check)

    @property
    def minor(self) -> int:
        """The minor version that the API server reports: 34 for 1.34."""
        return int(json.loads(self.kubectl("get", "--raw", "/version"))["minor"])

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with the rights of a ServiceAccount, by a real token that is valid for one day."""
        token = self.kubectl("create", "token", "--namespace", namespace, name, "--duration=24h").strip()
        path = self.directory / f"{namespace}-{name}.kubeconfig"
        access.write_kubeconfig(
            path, url=self.url, authority=self._layout.certificate, user=name, token=token
        )
        return path

    def _prepare(self) -> None:
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        self._layout.tokens.touch(mode=0o600)
        self._layout.tokens.write_text(f'{self._token},admin,admin,"system:masters"\n')
        access.write_kubeconfig(
            self.kubeconfig, url=self.url, authority=self._layout.certificate, user="admin", token=self._token
        )

    def _save(self) -> None:
        state = {"bin": str(self.bin), "token": self._token, "ports": asdict(self._ports), "pids": self._pids}
        self._layout.state.touch(mode=0o600)
        self._layout.state.write_text(json.dumps(state, indent=2) + "\n")

    def _wait(self, what: str, probe: Callable[[], str | None], name: str | None = None) -> None:
        def alive() -> str | None:
            for each, child in self._children.items():
                if (code := child.poll()) is not None:
                    raise ClusterError(
                        f"{each} exited with {code}; its log ends:\n{tail(self._layout.log(each))}"
                    )
            return probe()

        def evidence() -> str:
            return "\n".join(
                f"--- {each}\n{tail(self._layout.log(each))}" for each in ([name] if name else self._pids)
            )

        wait_until(what, alive, evidence=evidence)

    def _apiserver_health(self) -> str | None:
        if not self._layout.certificate.exists():
            return "no certificate yet"
        return access.health(f"{self.url}/readyz", authority=self._layout.certificate, token=self._token)

    def _unready_nodes(self) -> str | None:
        nodes = json.loads(self.kubectl("get", "nodes", "--output=json"))["items"]
        # A taint stays until the controller manager has seen the node ready: until then no pod is scheduled.
        tainted = [node["metadata"]["name"] for node in nodes if node["spec"].get("taints")]
        ready = [node for node in nodes if "True" in _ready(node)]
        return None if len(ready) == NODES and not tainted else f"{len(ready)} ready, tainted: {tainted}"

    def _missing_account(self) -> str | None:
        with contextlib.suppress(KubectlError):
            self.kubectl("get", "serviceaccount", "default", "--namespace=default")
            return None
        return "not there yet"


def _in_use(port: int) -> str | None:
    return None if is_free(port) else "in use"


def _ready(node: dict[str, Any]) -> list[str]:
    return [seen["status"] for seen in node["status"].get("conditions", []) if seen["type"] == "Ready"]


def _nodes() -> list[dict[str, Any]]:
    capacity = {"cpu": "1000", "memory": "1Ti", "pods": str(PODS_PER_NODE)}
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": f"node-{number}", "labels": {"kubernetes.io/hostname": f"node-{number}"}},
            "status": {"capacity": capacity, "allocatable": capacity},
        }
        for number in range(1, NODES + 1)
    ]
