"""Leaders that are deleted, lose their node, are drained or replaced: policies still apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kind.cluster import Kind
from kind.figures import Figures
from kind.install import DEPLOYMENT, NAMESPACE, wait_ready
from kind.school import LATER, OPEN, School, eventually


def leader(cluster: Kind) -> str:
    """The name of the pod that holds the Lease."""
    return str(cluster.get("lease", "syncpause", "--namespace", NAMESPACE)["spec"]["holderIdentity"])


def node_of(cluster: Kind, pod: str) -> str:
    return str(cluster.get("pod", pod, "--namespace", NAMESPACE)["spec"]["nodeName"])


@pytest.fixture
def healed(cluster: Kind) -> Iterator[None]:
    """Whatever a test does to nodes is undone, and both replicas are ready again."""
    yield
    for node in cluster.workers():
        cluster.start_node(node)
        cluster.kubectl("uncordon", node)
    wait_ready(cluster)


def delete_gracefully(cluster: Kind) -> None:
    cluster.kubectl("delete", "pod", leader(cluster), "--namespace", NAMESPACE, "--wait=false")


def kill(cluster: Kind) -> None:
    pod = leader(cluster)
    cluster.kubectl("delete", "pod", pod, "--namespace", NAMESPACE, "--grace-period=0", "--force")


def stop_node(cluster: Kind) -> None:
    cluster.stop_node(node_of(cluster, leader(cluster)))


def drain(cluster: Kind) -> None:
    node = node_of(cluster, leader(cluster))
    cluster.kubectl(
        "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=120s"
    )


def roll(cluster: Kind) -> None:
    cluster.kubectl("rollout", "restart", DEPLOYMENT, "--namespace", NAMESPACE)


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (delete_gracefully, "leader's pod deleted"),
        (kill, "leader's pod deleted by force"),
        (stop_node, "leader's node without power"),
        (drain, "leader's node drained"),
        (roll, "operator restarted by rolling update"),
    ],
    ids=["pod-deleted", "pod-killed", "node-stopped", "node-drained", "rolling-update"],
)
@pytest.mark.usefixtures("healed")
def test_a_policy_is_obeyed_although_the_leader_goes(
    harm: Callable[[Kind], None], what: str, cluster: Kind, school: School, figures: Figures
) -> None:
    eventually(lambda: bool(leader(cluster)) or "nobody leads", "one leads")
    school.until_a_sync_runs()
    before = leader(cluster)
    harm(cluster)
    figures.add(f"{what}: both workloads paused", school.pause(90))
    eventually(lambda: (seen := leader(cluster)) not in ("", before) or seen, "another one leads")
    school.policy(LATER)
    figures.add(f"{what}: then resumed", school.until_resumed(90))
    school.policy(OPEN)
    school.until_paused()
    school.assert_nothing_began_while_paused()


@pytest.mark.usefixtures("healed")
def test_edits_in_the_middle_of_a_rolling_update_are_obeyed(
    cluster: Kind, school: School, figures: Figures
) -> None:
    rollouts = 2
    for _ in range(rollouts):
        roll(cluster)
        figures.add("edited during a rolling update: both workloads paused", school.pause(60))
        assert not rolled(cluster), "the rolling update was over before the edit"
        school.policy(LATER)
        figures.add("edited during a rolling update: both workloads as before", school.until_resumed(60))
        wait_ready(cluster)
    school.pause()
    school.assert_nothing_began_while_paused()


def rolled(cluster: Kind) -> bool:
    """Whether every replica runs the newest revision, and no older replica is left."""
    found = cluster.get("deployment", "syncpause", "--namespace", NAMESPACE)
    status, wanted = found["status"], found["spec"]["replicas"]
    current = status.get("observedGeneration") == found["metadata"]["generation"]
    return bool(current and status.get("updatedReplicas") == wanted == status.get("replicas"))


@pytest.mark.usefixtures("healed")
def test_after_a_rolling_update_the_replicas_stand_on_different_nodes(cluster: Kind) -> None:
    roll(cluster)
    wait_ready(cluster)
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector=app.kubernetes.io/component=operator")
    alive = [pod for pod in pods["items"] if not pod["metadata"].get("deletionTimestamp")]
    assert len(alive) == 2
    assert len({pod["spec"]["nodeName"] for pod in alive}) == min(2, len(cluster.workers()) or 1)


def test_a_drain_never_takes_both_replicas(cluster: Kind) -> None:
    budget = cluster.get("poddisruptionbudget", "syncpause", "--namespace", NAMESPACE)
    assert budget["status"]["expectedPods"] == 2
    assert budget["status"]["disruptionsAllowed"] == 1
