"""The tutorial: every command of it is run, in its order, and prints what it says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_process import Process, eventually

from controlplane.access import environment
from controlplane.cluster import Cluster, start

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-pause.md"


def steps() -> list[tuple[str, list[str]]]:
    """Each command of the tutorial, with what it is said to print among other things."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


@pytest.fixture
def playground(tmp_path: Path, ports: Callable[[], int]) -> Iterator[Cluster]:
    """A cluster of its own, as `make cluster` gives one, with the CRDs and the operator."""
    with start() as cluster:
        cluster.kubectl("apply", "-k", str(ROOT / "crds"))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        operator = Process(cluster.kubeconfig, tmp_path / "operator.log", ports())
        eventually(lambda: operator.ready()[0] == 200, "the operator is ready")
        yield cluster
        operator.terminate()


def test_every_command_of_the_tutorial_works_and_prints_what_it_says(
    playground: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "manifests").symlink_to(ROOT / "manifests")
    eventually(lambda: _run(playground, tmp_path, "kubectl get schools -A").returncode == 0, "the kinds")
    assert len(steps()) > 15
    for command, expected in steps():
        done = _run(playground, tmp_path, command)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        words = " ".join(done.stdout.split())
        missing = [line for line in expected if " ".join(line.split()) not in words]
        assert missing == [], f"$ {command}\n{done.stdout}"


def _run(cluster: Cluster, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = environment(cluster.bin, cluster.kubeconfig)
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=90
    )
