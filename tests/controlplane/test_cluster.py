"""The cluster's own promises: it ends with its owner, and survives the loss of a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane import Cluster, KubectlError, start
from controlplane.components import is_free
from controlplane.process import wait_until

OWNER = """
import pathlib, sys, time
from controlplane import start
with start(pathlib.Path(sys.argv[1])) as cluster:
    print(cluster.url, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent dies")
def test_a_cluster_ends_with_the_process_that_started_it(cluster: Cluster, tmp_path: Path) -> None:
    del cluster  # the fixture makes sure that the binaries exist
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "cluster")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert owner.stdout is not None
    port = int(owner.stdout.readline().rsplit(":", 1)[1])
    owner.kill()
    owner.wait()
    wait_until("the API server's port to be free", lambda: None if is_free(port) else "in use", seconds=10)


def test_a_folder_with_another_clusters_data_is_refused(cluster: Cluster) -> None:
    with pytest.raises(
        RuntimeError, match="holds another cluster's data; remove it or name another directory"
    ):
        start(cluster.directory)
    assert all(cluster.status().values())


def test_a_cluster_survives_the_loss_of_its_etcd_and_of_its_api_server(cluster: Cluster) -> None:
    with start() as own:
        assert own.url != cluster.url
        own.kubectl("create", "configmap", "kept", "--from-literal=a=b")
        for name in ("etcd", "kube-apiserver"):
            own.stop_process(name)
            assert not own.is_running(name)
            with pytest.raises(KubectlError):
                own.kubectl("get", "configmap", "kept", "--request-timeout=2s")
            own.start_process(name)
            wait_until("the API server to be ready", lambda: _not_ready(own))
        assert json.loads(own.kubectl("get", "configmap", "kept", "--output=json"))["data"] == {"a": "b"}
        directory = own.directory
    assert not directory.exists()


def _not_ready(cluster: Cluster) -> str | None:
    seen = cluster.kubectl("get", "--raw=/readyz", check=False)
    return None if seen == "ok" else seen or "no answer"
