"""The images that the nodes run: the operator's, and the sample workloads'."""

from __future__ import annotations

import os
from pathlib import Path

from kind.cluster import ROOT, Kind, run

HERE = Path(__file__).parent
NAME = "localhost/syncpause"
SAMPLES = "localhost/syncpause-samples"


def operator(cluster: Kind, source: Path = ROOT) -> str:
    """Build the operator's image from a checkout and load it; returns its name with a tag of its content."""
    return _build(cluster, NAME, source, source / "Containerfile")


def samples(cluster: Kind) -> str:
    """Build the image of the sample workloads and load it; returns its name with a tag of its content."""
    return _build(cluster, SAMPLES, HERE / "samples", HERE / "samples" / "Containerfile")


def _build(cluster: Kind, name: str, context: Path, file: Path) -> str:
    command = [cluster.engine, "build", "--tag", f"{name}:kind", "--file", str(file)]
    if base := os.environ.get("BASE"):
        command += ["--build-arg", f"BASE={base}"]
    run([*command, str(context)])
    found = run([cluster.engine, "image", "inspect", "--format", "{{.Id}}", f"{name}:kind"]).strip()
    # The tag follows the content: another build is another pod template, and the Deployment rolls.
    tagged = f"{name}:kind-{found.removeprefix('sha256:')[:12]}"
    run([cluster.engine, "tag", f"{name}:kind", tagged])
    cluster.load(tagged)
    return tagged
