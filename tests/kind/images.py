"""The images that the nodes run: the operator's, and the sample workloads'."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kind.cluster import ROOT, Kind, run

SOURCE = Path(__file__).parent / "samples"
NAME = "localhost/syncpause"
SAMPLES = "localhost/syncpause-samples"


def operator(cluster: Kind, source: Path = ROOT) -> str:
    """Build the operator's image from a checkout and load it; returns its name with a tag of its content."""
    environment = {**os.environ, "IMAGE": f"{NAME}:kind", "ENGINE": cluster.engine}
    run([sys.executable, str(source / "image" / "build.py")], cwd=source, env=environment)
    return _loaded(cluster, NAME)


def samples(cluster: Kind) -> str:
    """Build the image of the sample workloads and load it; returns its name with a tag of its content."""
    command = [cluster.engine, "build", "--tag", f"{SAMPLES}:kind", "--file", str(SOURCE / "Containerfile")]
    if base := os.environ.get("BASE"):
        command += ["--build-arg", f"BASE={base}"]
    run([*command, str(SOURCE)])
    return _loaded(cluster, SAMPLES)


def _loaded(cluster: Kind, name: str) -> str:
    found = run([cluster.engine, "image", "inspect", "--format", "{{.Id}}", f"{name}:kind"]).strip()
    # The tag follows the content: another build is another pod template, and the Deployment rolls.
    tagged = f"{name}:kind-{found.removeprefix('sha256:')[:12]}"
    run([cluster.engine, "tag", f"{name}:kind", tagged])
    cluster.load(tagged)
    return tagged
