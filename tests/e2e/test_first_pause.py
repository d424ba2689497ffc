"""The tutorial: every command of it is run, in its order, and prints what it says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from test_process import Process, eventually

from controlplane.access import environment
from controlplane.cluster import Cluster, start

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-pause.md"


VARIES = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d|\b\d+m?\d*s\b|<none>|36[56] days")
"""What differs from run to run: dates, times, ages, and whether a CronJob has run before."""


def steps() -> list[tuple[str, list[str]]]:
    """Each command of the tutorial, with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace(" \\\n", " ").splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


def without_what_varies(lines: Iterable[str]) -> list[str]:
    """The lines that are not empty, with single spaces, and with a mark where each run differs."""
    return [" ".join(VARIES.sub("?", line).split()) for line in lines if line.strip()]


def pattern(expected: Iterable[str]) -> str:
    """A regular expression for what is printed. `...` is any number of lines, or the rest of one."""
    return "".join(map(_line_pattern, without_what_varies(expected)))


def _line_pattern(line: str) -> str:
    if line == "...":
        return r"(?:.*\n)*"
    return re.escape(line.removesuffix("...")) + (r".*\n" if line.endswith("...") else r"\n")


@pytest.fixture
def playground(tmp_path: Path, ports: Callable[[], int]) -> Iterator[Cluster]:
    """A cluster of its own, as `make cluster` gives one, with the CRDs and the operator."""
    with start() as cluster:
        cluster.kubectl("apply", "-f", str(ROOT / "crds"))
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
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        printed = "".join(f"{line}\n" for line in without_what_varies(done.stdout.splitlines()))
        assert re.fullmatch(pattern(expected), printed), f"$ {command}\n{done.stdout}"


def _run(cluster: Cluster, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = environment(cluster.bin, cluster.kubeconfig)
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=90,
    )
