"""The shipped manifests, applied as a user does: an overlay that sets the image and nothing else."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from kind.cluster import FOLDER, ROOT, Kind
from kind.images import NAME

NAMESPACE = "syncpause-system"
DEPLOYMENT = "deployment/syncpause"
OVERLAY = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - {manifests}
images:
  - name: {name}
    newName: {name}
    newTag: {tag}
"""


def install(cluster: Kind, image: str, source: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Apply manifests/default of a checkout with this image; returns kubectl's answer, warnings included."""
    with overlay(image, source) as folder:
        done = cluster.kubectl_done("apply", "-k", folder)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done


def uninstall(cluster: Kind, image: str) -> None:
    """Delete everything that was applied, CRDs included, and wait until it is gone."""
    with overlay(image, ROOT) as folder:
        cluster.kubectl("delete", "-k", folder, "--ignore-not-found", "--timeout=180s")


def wait_ready(cluster: Kind, seconds: int = 180) -> None:
    """Wait until the CRDs are established and every replica is ready."""
    limit = f"--timeout={seconds}s"
    cluster.kubectl("wait", "--for=condition=Established", limit, "crd", "--all")
    cluster.kubectl("--namespace", NAMESPACE, "rollout", "status", DEPLOYMENT, limit)
    cluster.kubectl("--namespace", NAMESPACE, "wait", "--for=condition=Available", DEPLOYMENT, limit)


def overlay(image: str, source: Path) -> tempfile.TemporaryDirectory[str]:
    """A temporary folder for `kubectl apply -k`. It is removed when the context ends."""
    FOLDER.mkdir(exist_ok=True)
    folder = tempfile.TemporaryDirectory(dir=FOLDER)
    tag = image.removeprefix(f"{NAME}:")
    relative = os.path.relpath(source / "manifests" / "default", folder.name)
    text = OVERLAY.format(manifests=relative, name=NAME, tag=tag)
    (Path(folder.name) / "kustomization.yaml").write_text(text)
    return folder
