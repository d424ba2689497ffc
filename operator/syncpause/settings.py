"""Every setting of the operator: its default, its environment variable and its flag, in one place."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import Any

from syncpause.api.names import OPERATOR_NAMESPACE

ENV_PREFIX = "SYNCPAUSE"
EVERYWHERE = ("",)


SHORTEST_WATCH_TIMEOUT = 130.0
"""Seconds. The API server sends a bookmark on every watch about once a minute, the first after up to 120 s
(measured on 1.37): a shorter timeout would end healthy watches."""


def _setting(
    default: Any, text: str, choices: tuple[str, ...] = (), least: float | None = None, why: str = ""
) -> Any:
    """A field with its help text. ``least`` is the minimum, by default 1 or 0.1 s; ``why`` is its reason."""
    if least is None:
        least = 0.1 if isinstance(default, float) else 1
    return field(default=default, metadata={"help": text, "choices": choices, "least": least, "why": why})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each field is a flag ``--like-this`` and a variable ``SYNCPAUSE_LIKE_THIS``."""

    kubeconfig: str = _setting(
        "", "Path of a kubeconfig. Empty: $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount."
    )
    context: str = _setting("", "Context of the kubeconfig. Empty: its current context.")
    log_format: str = _setting(
        "text", "Format of log lines: text for people, json for machines.", ("text", "json")
    )
    log_level: str = _setting(
        "info", "The lowest level that is logged.", ("debug", "info", "warning", "error")
    )
    listen: str = _setting(
        "127.0.0.1:8080", "Address of /healthz, /readyz and /metrics. Empty: none is served."
    )
    namespaces: str = _setting(
        "", "The namespaces to work in, separated by commas. Empty: all namespaces of the cluster."
    )
    workers: int = _setting(64, "The most workloads written at once; fewer while the API server is busy.")
    writes_per_second: int = _setting(
        400, "The most workloads and statuses written per second. 0: no limit.", least=0
    )
    page_size: int = _setting(500, "Objects per page of a list.")
    request_timeout: float = _setting(30.0, "Seconds until a request fails.")
    watch_timeout: float = _setting(
        150.0,
        "Seconds without a byte until a watch is reopened.",
        least=SHORTEST_WATCH_TIMEOUT,
        why="the API server may send nothing on a healthy watch for 120 s",
    )
    relist_interval: float = _setting(
        1800.0, "Seconds between two full lists of policies and namespaces, besides those that have a cause."
    )
    deletion_grace: float = _setting(
        30.0,
        "Seconds until the deletion of a policy or a change of a Namespace counts for a resume. 0: at once.",
        least=0,
    )
    status_interval: float = _setting(0.5, "The fewest seconds between two rounds of status writes.")
    leader_elect: bool = _setting(False, "Contend for a Lease, so that only one of several replicas works.")
    lease_namespace: str = _setting(OPERATOR_NAMESPACE, "Namespace of the Lease.")
    lease_name: str = _setting("syncpause", "Name of the Lease.")
    identity: str = _setting(
        "", "Name of this replica in the Lease and in Events. Empty: host name and process ID."
    )
    blind_timeout: float = _setting(
        60.0, "Seconds for which a leader may fail to see the cluster before it gives the Lease back."
    )
    drain_timeout: float = _setting(5.0, "Seconds in which writes in flight may finish after SIGTERM.")

    @property
    def scope(self) -> tuple[str, ...]:
        """The namespaces to work in, each once; one empty name stands for the whole cluster."""
        return tuple(dict.fromkeys(filter(None, map(str.strip, self.namespaces.split(","))))) or EVERYWHERE

    @property
    def name(self) -> str:
        """This replica's name."""
        return self.identity or f"{socket.gethostname()}-{os.getpid()}"
