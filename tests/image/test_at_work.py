"""The image's operator at work on a real control plane, as a user that the image does not know."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine import IMAGE, OPENSHIFT, RESTRICTED, engine

from controlplane.cluster import Cluster

DEADLINE_SECONDS = 60.0
CRONJOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: rosters, namespace: in-the-image, labels: {syncpause.dev/school: lincoln}}
spec:
  schedule: "0 3 29 2 *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: sync, image: sync}]}}}
"""
POLICY = """
apiVersion: syncpause.dev/v1alpha1
kind: SyncPausePolicy
metadata: {name: now, namespace: in-the-image}
spec: {timeZone: UTC, windows: [{name: whole-year, firstDay: 01-01, lastDay: 12-31}]}
"""


def eventually(name: str, probe: Callable[[], object], what: str) -> None:
    """Wait for it; fails with what the container ``name`` logged."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not probe():
        assert time.monotonic() < end, f"not in time: {what}; logged: {engine('logs', name)[-3000:]}"
        time.sleep(0.1)


@pytest.fixture
def operator(
    cluster: Cluster, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> Iterator[tuple[str, int]]:
    """The image's operator: its container's name, and the port that it listens on."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(cluster.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    kubeconfig.chmod(0o644)  # the container's user is none of this machine's
    name, port = f"syncpause-test-{os.getpid()}", unused_tcp_port_factory()
    mount = f"--volume={kubeconfig}:/config/kubeconfig:ro"
    settings = (mount, "--env=KUBECONFIG=/config/kubeconfig", f"--env=SYNCPAUSE_LISTEN=127.0.0.1:{port}")
    engine("run", "--detach", f"--name={name}", "--network=host", *RESTRICTED, OPENSHIFT, *settings, IMAGE)
    try:
        yield name, port
    finally:
        engine("rm", "--force", name)


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.HTTPError, OSError):
        return False


def test_a_policy_created_after_the_start_is_obeyed_and_sigterm_ends_the_process(
    cluster: Cluster, operator: tuple[str, int]
) -> None:
    name, port = operator
    eventually(name, lambda: ready(port), "the operator is ready")
    cluster.kubectl("create", "namespace", "in-the-image")
    cluster.kubectl("apply", "-f", "-", input=CRONJOB)
    cluster.kubectl("apply", "-f", "-", input=POLICY)

    def suspended() -> bool:
        found = json.loads(cluster.kubectl("get", "cronjob/rosters", "-n", "in-the-image", "-o", "json"))
        return bool(found["spec"]["suspend"])

    eventually(name, suspended, "the CronJob is paused")
    cluster.kubectl("delete", "spp/now", "-n", "in-the-image")
    eventually(name, lambda: not suspended(), "the CronJob is back")
    engine("stop", "--time=15", name)
    assert engine("inspect", "--format={{.State.ExitCode}}", name) == "0"
    assert "Traceback" not in engine("logs", name)
