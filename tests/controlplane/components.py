"""The processes that make a control plane, and the command line of each."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path

STAGES = Path(__file__).parent / "stages"
AUDIT = Path(__file__).parent / "audit.yaml"
AUDIT_MEBIBYTES = 100_000
"""Never rotated: whoever reads it holds a place in it. The API server's own default is 100."""

# Outside of the range that the kernel hands out to outgoing connections (from 32768 on Linux), so that
# no connection takes the port between the check here and the server's bind.
_PORTS = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of one cluster; kept over restarts, so kubeconfigs stay true."""

    etcd: int
    etcd_peer: int
    apiserver: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of one cluster are, inside its directory."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """The API server's certificate, followed by the authority that signed it."""
        return self.directory / "certs" / "apiserver.crt"

    @property
    def key(self) -> Path:
        """The API server's key; it also signs the service accounts' tokens, as is Kubernetes' default."""
        return self.directory / "certs" / "apiserver.key"

    @property
    def audit_log(self) -> Path:
        """Every request of the operator's ServiceAccount, one JSON object a line."""
        return self.directory / "logs" / "audit.log"

    @property
    def tokens(self) -> Path:
        return self.directory / "tokens.csv"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "admin.kubeconfig"

    @property
    def state(self) -> Path:
        """Ports, token and process ids: what another process needs to manage the cluster."""
        return self.directory / "cluster.json"

    def log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports() -> Ports:
    """Three loopback ports without a listener."""
    found: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if is_free(port):
            found.append(port)
        if len(found) == 3:
            return Ports(*found)
    raise OSError(f"no free port on 127.0.0.1 in {_PORTS.start}..{_PORTS.stop}")


def commands(binaries: Path, layout: Layout, ports: Ports) -> dict[str, list[str | Path]]:
    """The command of each process by name, in the order in which they start."""
    return {
        "etcd": _etcd(binaries, layout, ports),
        "kube-apiserver": _apiserver(binaries, layout, ports),
        "kube-controller-manager": _controller_manager(binaries, layout),
        "kube-scheduler": [
            binaries / "kube-scheduler",
            f"--kubeconfig={layout.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ],
        "kwok": _kwok(binaries, layout),
    }


def _etcd(binaries: Path, layout: Layout, ports: Ports) -> list[str | Path]:
    client, peer = (f"http://127.0.0.1:{port}" for port in (ports.etcd, ports.etcd_peer))
    return [
        binaries / "etcd",
        f"--data-dir={layout.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # the data is disposable, and waiting for a slow disk makes etcd flaky
        "--log-level=warn",
        "--quota-backend-bytes=8589934592",  # the 2 GiB by default are full after some 100,000 writes of ours
    ]


def _apiserver(binaries: Path, layout: Layout, ports: Ports) -> list[str | Path]:
    return [
        binaries / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.apiserver}",
        f"--cert-dir={layout.certificate.parent}",
        f"--service-account-issuer=https://127.0.0.1:{ports.apiserver}",
        f"--service-account-key-file={layout.key}",
        f"--service-account-signing-key-file={layout.key}",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--audit-policy-file={AUDIT}",
        f"--audit-log-path={layout.audit_log}",
        f"--audit-log-maxsize={AUDIT_MEBIBYTES}",
        # Pods mount no token here, so a pod need not wait for its namespace's default account.
        "--disable-admission-plugins=ServiceAccount",
    ]


def _controller_manager(binaries: Path, layout: Layout) -> list[str | Path]:
    return [
        binaries / "kube-controller-manager",
        f"--kubeconfig={layout.kubeconfig}",
        f"--service-account-private-key-file={layout.key}",
        f"--root-ca-file={layout.certificate}",
        "--use-service-account-credentials=false",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def _kwok(binaries: Path, layout: Layout) -> list[str | Path]:
    return [
        binaries / "kwok",
        f"--kubeconfig={layout.kubeconfig}",
        *(f"--config={stage}" for stage in sorted(STAGES.glob("*.yaml"))),
        "--manage-all-nodes",
        "--node-ip=127.0.0.1",
        # Without leases the node controller calls every node, and so every pod, not ready after 40 s.
        "--node-lease-duration-seconds=40",
    ]
