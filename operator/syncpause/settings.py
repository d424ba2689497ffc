"""Every knob of the operator: its default, its environment variable and its flag, in one place."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import Any

from syncpause.api.names import OPERATOR_NAMESPACE

ENV_PREFIX = "SYNCPAUSE"
EVERYWHERE = ("",)


def _knob(default: Any, text: str, choices: tuple[str, ...] = (), least: int = 1) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices, "least": least})


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of all knobs. Each field is a flag ``--like-this`` and a variable ``SYNCPAUSE_LIKE_THIS``."""

    kubeconfig: str = _knob(
        "", "Path of a kubeconfig. Empty: $KUBECONFIG, ~/.kube/config, or the pod's own service account."
    )
    context: str = _knob("", "Context of the kubeconfig. Empty: its current context.")
    log_format: str = _knob(
        "text", "How log lines look: text for people, json for machines.", ("text", "json")
    )
    log_level: str = _knob(
        "info", "The least severe level that is logged.", ("debug", "info", "warning", "error")
    )
    listen: str = _knob("127.0.0.1:8080", "Address of /healthz, /readyz and /metrics. Empty: none of them.")
    namespaces: str = _knob(
        "", "The namespaces to watch and write in, with commas between. Empty: all of the cluster."
    )
    workers: int = _knob(64, "Workloads written at once at most; fewer while the API server is busy.")
    writes_per_second: int = _knob(
        400, "Workloads and statuses written a second at most. 0: as many as the API server takes.", least=0
    )
    page_size: int = _knob(500, "Objects per page of a list.")
    request_timeout: float = _knob(30.0, "Seconds until a request counts as lost.")
    watch_timeout: float = _knob(150.0, "Seconds without a byte until a watch counts as cut.")
    relist_interval: float = _knob(
        1800.0, "Seconds between two comparisons with all policies and namespaces, beside those with cause."
    )
    status_interval: float = _knob(0.5, "Least seconds between two rounds of status writes.")
    leader_elect: bool = _knob(False, "Hold a Lease, so that one replica of several is active.")
    lease_namespace: str = _knob(OPERATOR_NAMESPACE, "Namespace of the Lease.")
    lease_name: str = _knob("syncpause", "Name of the Lease.")
    identity: str = _knob("", "Name of this replica in the Lease and in events. Empty: host and process.")
    blind_timeout: float = _knob(
        60.0, "Seconds without sight of the cluster until a leader gives the Lease back for others to take."
    )
    drain_timeout: float = _knob(5.0, "Seconds that writes in flight get to finish at SIGTERM.")

    @property
    def scope(self) -> tuple[str, ...]:
        """The namespaces to watch, each once; one empty name stands for the whole cluster."""
        return tuple(dict.fromkeys(filter(None, map(str.strip, self.namespaces.split(","))))) or EVERYWHERE

    @property
    def name(self) -> str:
        """This replica's name."""
        return self.identity or f"{socket.gethostname()}-{os.getpid()}"
