"""The shipped NetworkPolicy allows what the operator's pods do, and nothing else is needed.

Read from the kernel and not from a network plugin, for not every kind cluster has one that enforces policies:
every connection of an operator's pod is one that the policy names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kind.cluster import ROOT, Kind, run
from kind.install import NAMESPACE
from kind.school import LATER, School, eventually

LISTEN, ESTABLISHED = "0A", "01"
OPERATORS = "--selector=app.kubernetes.io/component=operator"


@dataclass(frozen=True, slots=True)
class Connection:
    """A line of /proc/net/tcp: ports and state."""

    local: int
    remote: int
    state: str


def connections(cluster: Kind, pod: dict[str, Any]) -> list[Connection]:
    """TCP sockets of a pod. Its processes are found on its node; the image needs no shell."""
    node, container = pod["spec"]["nodeName"], pod["status"]["containerStatuses"][0]["containerID"]
    name = container.rpartition("/")[2]
    inspect = ["crictl", "inspect", "--output", "go-template", "--template", "{{.info.pid}}", name]
    pid = run([cluster.engine, "exec", node, *inspect]).strip()
    tables = run([cluster.engine, "exec", node, "cat", f"/proc/{pid}/net/tcp", f"/proc/{pid}/net/tcp6"])
    rows = [line.split() for line in tables.splitlines() if ":" in line.split()[0]]
    return [Connection(_port(row[1]), _port(row[2]), row[3]) for row in rows]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


@pytest.fixture
def network_policy(cluster: Kind) -> Iterator[dict[str, Any]]:
    """The component, installed by itself."""
    folder = str(ROOT / "manifests/components/network-policy")
    cluster.kubectl("apply", "-k", folder)
    yield cluster.get("networkpolicy", "syncpause", "--namespace", NAMESPACE)["spec"]
    cluster.kubectl("delete", "-k", folder)


def allowed(rules: list[dict[str, Any]], ports: dict[str, int]) -> set[int]:
    """Numbers of the TCP ports that the rules name."""
    named = [port["port"] for rule in rules for port in rule["ports"] if port["protocol"] == "TCP"]
    return {ports.get(port, port) for port in named}


def test_the_network_policy_allows_every_connection_of_the_operator(
    cluster: Kind, school: School, network_policy: dict[str, Any]
) -> None:
    school.pause(30)
    school.policy(LATER)
    school.until_resumed(30)
    pods = cluster.get("pods", "--namespace", NAMESPACE, OPERATORS)["items"]
    labels = network_policy["podSelector"]["matchLabels"].items()
    assert all(labels <= pod["metadata"]["labels"].items() for pod in pods)
    ports = {port["name"]: port["containerPort"] for port in pods[0]["spec"]["containers"][0]["ports"]}
    incoming = allowed(network_policy["ingress"], ports)
    outgoing = allowed(network_policy["egress"], ports)

    def all_allowed() -> bool | str:
        seen = [each for pod in pods for each in connections(cluster, pod)]
        assert {each.local for each in seen if each.state == LISTEN} == incoming
        made = [each for each in seen if each.state == ESTABLISHED and each.local not in incoming]
        assert {each.remote for each in made} <= outgoing
        return len(made) >= len(pods) or f"{len(made)} connections"

    eventually(all_allowed, "each replica has a connection to the API server", 10)
