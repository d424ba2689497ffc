"""The real process, with a real kubeconfig, used as a person would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.cluster import Cluster

DEADLINE_SECONDS = 60.0
SCHOOL = {"syncpause.dev/school": "lincoln"}
TODAY = [{"name": "whole-year", "firstDay": "01-01", "lastDay": "12-31"}]


def eventually(probe: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + DEADLINE_SECONDS
    while not (seen := probe()):
        assert time.monotonic() < end, f"not in time: {what}; seen last: {seen}"
        time.sleep(0.1)
    return seen


class Process:
    """One ``syncpause run``."""

    def __init__(self, kubeconfig: str | Path, log: Path, port: int, **env: str) -> None:
        self._log = log
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "syncpause", "run", "--listen", f"127.0.0.1:{port}"],
            env={**os.environ, "KUBECONFIG": str(kubeconfig), **env},
            stderr=log.open("wb"),
        )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def ready(self) -> tuple[int, str]:
        return self.fetch("readyz")

    def fetch(self, page: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{page}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def terminate(self) -> tuple[int, float]:
        """Exit code and seconds after SIGTERM."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20), time.monotonic() - began


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name.replace("_", "-")[:50].strip("-")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def apply(cluster: Cluster, *objects: dict[str, Any]) -> None:
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects))


def platform(cluster: Cluster, namespace: str) -> None:
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "sync", "image": "sync"}]}}
    cronjob = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": "rosters",
            "namespace": namespace,
            "labels": {"syncpause.dev/school": "lincoln"},
        },
        "spec": {"schedule": "0 3 29 2 *", "jobTemplate": {"spec": {"template": pod}}},
    }
    policy = {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "SyncPausePolicy",
        "metadata": {"name": "now", "namespace": namespace},
        "spec": {"timeZone": "UTC", "windows": TODAY},
    }
    apply(cluster, cronjob, policy)


def suspended(cluster: Cluster, namespace: str) -> bool:
    found = json.loads(cluster.kubectl("get", "cronjob", "rosters", "-n", namespace, "-o", "json"))
    return bool(found["spec"]["suspend"])


def test_help_lists_every_setting_with_its_variable() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "syncpause", "run", "--help"], capture_output=True, text=True, check=True
    )
    for knob in ("--log-format", "SYNCPAUSE_LOG_FORMAT", "--leader-elect", "SYNCPAUSE_WORKERS", "--listen"):
        assert knob in answer.stdout


def test_without_a_cluster_it_says_what_was_tried(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "syncpause", "run"],
        env={**os.environ, "KUBECONFIG": str(tmp_path / "missing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "missing" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        (("--workers", "0"), "x>=1"),
        (("--log-format", "xml"), "'text', 'json'"),
        (("--listen", "nowhere"), "host:port"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence(
    cluster: Cluster, knob: tuple[str, str], words: str
) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "syncpause", "run", *knob],
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode != 0
    assert words in answer.stderr
    assert knob[0] in answer.stderr
    assert "Traceback" not in answer.stderr


def test_it_pauses_and_ends_within_ten_seconds_of_sigterm(
    cluster: Cluster, namespace: str, tmp_path: Path, ports: Callable[[], int]
) -> None:
    platform(cluster, namespace)
    process = Process(cluster.kubeconfig, tmp_path / "log", ports(), SYNCPAUSE_LOG_FORMAT="json")
    try:
        eventually(lambda: suspended(cluster, namespace), "paused")
        eventually(lambda: process.ready()[0] == 200, "ready")
        eventually(lambda: '"reason": "Paused"' in process.output, "the transition is logged")
        assert process.fetch("healthz")[0] == 200
        assert "syncpause_writes_total" in process.fetch("metrics")[1]
    finally:
        code, seconds = process.terminate()
    assert code == 0, process.output
    assert seconds < 10
    lines = [json.loads(line) for line in process.output.splitlines()]
    assert any(line.get("reason") == "Paused" for line in lines)
    assert not [line for line in lines if "rosters" in line["event"]], "one line per policy, not per workload"


def test_a_standby_takes_over_when_the_leader_is_killed(
    cluster: Cluster, namespace: str, tmp_path: Path, ports: Callable[[], int]
) -> None:
    env = {"SYNCPAUSE_LEADER_ELECT": "true", "SYNCPAUSE_LEASE_NAMESPACE": namespace}
    first = Process(cluster.kubeconfig, tmp_path / "first", ports(), **env)
    second = None
    try:
        eventually(lambda: "leading" in first.output, "the first leads")
        second = Process(cluster.kubeconfig, tmp_path / "second", ports(), **env)
        eventually(lambda: second.ready()[0] == 200, "the second is ready, and stands by")
        assert "synced and leading" not in second.output
        first.process.kill()
        first.process.wait()
        platform(cluster, namespace)
        eventually(lambda: suspended(cluster, namespace), "the second pauses")
    finally:
        for process in filter(None, (first, second)):
            process.process.kill()
            process.process.wait()


def test_without_rights_it_is_not_ready_and_says_why(
    cluster: Cluster, namespace: str, tmp_path: Path, ports: Callable[[], int]
) -> None:
    cluster.kubectl("create", "serviceaccount", "nobody", "-n", namespace)
    kubeconfig = cluster.service_account_kubeconfig(namespace, "nobody")
    process = Process(kubeconfig, tmp_path / "log", ports())
    try:
        code, text = eventually(
            lambda: (seen := process.ready())[0] == 503 and "forbidden" in seen[1] and seen, "503"
        )
        assert "nothing is resumed" in text
    finally:
        code, _ = process.terminate()
    assert code == 0
    assert "Traceback" not in process.output


def test_deleting_the_crds_resumes_nothing_and_release_hands_back(
    cluster: Cluster, namespace: str, tmp_path: Path, ports: Callable[[], int]
) -> None:
    platform(cluster, namespace)
    process = Process(
        cluster.kubeconfig,
        tmp_path / "log",
        ports(),
        SYNCPAUSE_RELIST_INTERVAL="1",
        SYNCPAUSE_DELETION_GRACE="0",
    )
    crds = Path("crds")
    try:
        eventually(lambda: suspended(cluster, namespace), "paused")
        cluster.kubectl("delete", "-k", str(crds))
        eventually(lambda: "missing" in process.ready()[1] or "deleted" in process.ready()[1], "held")
        assert suspended(cluster, namespace)
        cluster.kubectl("apply", "--server-side", "-k", str(crds))
        eventually(lambda: process.ready()[0] == 200, "readable again")
        time.sleep(3)  # three comparisons with no policy at all
        assert suspended(cluster, namespace), "a policy wiped with its CRD was not deleted by anyone"
        answer = subprocess.run(
            [sys.executable, "-m", "syncpause", "release", "--all", "-n", namespace, "--yes"],
            env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "released" in answer.stdout
        assert not suspended(cluster, namespace)
    finally:
        cluster.kubectl("apply", "--server-side", "-k", str(crds))
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
        process.terminate()
    assert "Traceback" not in process.output
