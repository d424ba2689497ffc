"""What is installed: ready replicas, restricted pods, any user, the guard, uninstalls that strand nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kind import images
from kind.cluster import ROOT, Kind
from kind.figures import Figures
from kind.install import DEPLOYMENT, NAMESPACE, install, uninstall, wait_ready
from kind.school import DEADLINE, LATER, School, eventually


def test_restricted_pod_security_takes_the_manifests_without_a_warning(cluster: Kind) -> None:
    done = install(cluster, images.operator(cluster))
    assert "Warning" not in done.stderr
    labels = cluster.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"


def test_a_pod_template_that_the_namespace_refuses_is_warned_of_at_the_apply(cluster: Kind) -> None:
    patch = {"spec": {"template": {"spec": {"hostNetwork": True}}}}
    command = [
        "patch",
        DEPLOYMENT,
        "--namespace",
        NAMESPACE,
        "--dry-run=server",
        "--patch",
        json.dumps(patch),
    ]
    assert "violate PodSecurity" in cluster.kubectl_done(*command).stderr


def test_both_replicas_are_ready_and_tell_their_metrics(cluster: Kind) -> None:
    pods = cluster.get("pods", "--namespace", NAMESPACE, "--selector=app.kubernetes.io/component=operator")
    names = [
        item["metadata"]["name"] for item in pods["items"] if not item["metadata"].get("deletionTimestamp")
    ]
    assert len(names) == 2
    for name in names:
        page = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}:8080/proxy"
        assert cluster.kubectl("get", "--raw", f"{page}/readyz") == "ok\n"
        assert "syncpause_watch_silence_seconds" in cluster.kubectl("get", "--raw", f"{page}/metrics")
        lines = cluster.kubectl("logs", name, "--namespace", NAMESPACE).splitlines()
        wrong = [line for line in lines if json.loads(line).get("level") in ("warning", "error")]
        assert wrong == []


@pytest.fixture
def shipped(cluster: Kind) -> Iterator[None]:
    """The manifests as shipped are applied again."""
    yield
    install(cluster, images.operator(cluster))
    wait_ready(cluster)


def test_it_works_as_any_user_of_group_0(cluster: Kind, school: School, shipped: None) -> None:
    security = {"runAsUser": 1000680000, "runAsGroup": 0, "fsGroup": 1000680000}
    patch = {"spec": {"template": {"spec": {"securityContext": security}}}}
    cluster.kubectl("patch", DEPLOYMENT, "--namespace", NAMESPACE, "--patch", json.dumps(patch))
    wait_ready(cluster)
    school.pause(30)
    school.policy(LATER)
    school.until_resumed(30)


@pytest.fixture
def guard(cluster: Kind) -> Iterator[None]:
    folder = str(ROOT / "manifests/components/guard")
    cluster.kubectl("apply", "-k", folder)
    yield
    cluster.kubectl("delete", "-k", folder)


def test_with_the_guard_nobody_wakes_a_paused_sync(cluster: Kind, school: School, guard: None) -> None:
    school.pause(30)
    wake = json.dumps({"spec": {"suspend": False, "startingDeadlineSeconds": 77}})

    def in_force() -> bool | str:
        school.kubectl("patch", "cronjob", "sync", "--type=merge", "--patch", wake)
        return school.is_paused()

    eventually(in_force, "the guard is in force")
    school.kubectl("patch", "cronjob", "sync", "--type=merge", "--patch", wake)
    assert school.is_paused() is True
    wanted = school.get("cronjob", "sync")["metadata"]["annotations"]
    assert wanted["syncpause.dev/restore-starting-deadline-seconds"] == "77"
    back = json.dumps({"spec": {"startingDeadlineSeconds": DEADLINE}})
    school.kubectl("patch", "cronjob", "sync", "--type=merge", "--patch", back)
    school.policy(LATER)
    school.until_resumed(30)


def release(cluster: Kind) -> None:
    """`syncpause release --all`, with the administrator's rights and from outside."""
    command = [sys.executable, "-m", "syncpause", "release", "--all", "--yes"]
    subprocess.run(command, env=cluster.environment, check=True, capture_output=True)


def test_an_uninstall_after_a_release_leaves_everything_as_it_was(
    cluster: Kind, school: School, figures: Figures, shipped: None
) -> None:
    school.pause(30)
    cluster.kubectl("scale", DEPLOYMENT, "--namespace", NAMESPACE, "--replicas=0")
    eventually(lambda: not _operators(cluster) or "pods are left", "the operator is gone")
    school.expect_resume()
    release(cluster)
    figures.add("released without an operator: both workloads as before", school.until_resumed(10))
    uninstall(cluster, images.operator(cluster))
    assert school.is_restored() is True


def test_an_uninstall_in_the_wrong_order_resumes_nothing_and_release_still_hands_back(
    cluster: Kind, school: School, shipped: None
) -> None:
    school.pause(30)
    uninstall(cluster, images.operator(cluster))
    assert school.is_paused() is True
    assert "syncpause" not in cluster.kubectl("get", "crd", "--output=name")
    school.expect_resume()
    release(cluster)
    school.until_resumed(10)
    school.assert_nothing_began_while_paused()


def _operators(cluster: Kind) -> list[object]:
    return list(cluster.get("pods", "--namespace", NAMESPACE)["items"])
