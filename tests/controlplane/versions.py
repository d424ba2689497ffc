"""The Kubernetes minors that the control plane is pinned for, and the one that this run uses."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from controlplane.failure import BuildError

HERE = Path(__file__).parent
VARIABLE = "SYNCPAUSE_K8S"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """One pinned release: its minor and patch number, and the folder of its go.mod and go.sum."""

    minor: int
    patch: int
    module: Path

    def __str__(self) -> str:
        return f"1.{self.minor}"


def supported() -> list[Release]:
    """Every pinned release, oldest first. The newest has its go.mod in this folder, each other one its own.

    Raises BuildError when a go.mod requires no version of k8s.io/kubernetes.
    """
    return sorted(_pinned(folder) for folder in (HERE, *HERE.glob("kubernetes-1.*")))


def chosen() -> Release:
    """The release that the environment names in SYNCPAUSE_K8S by its minor (1.34); without, the newest.

    Raises BuildError that lists the supported minors when it names no supported one.
    """
    releases = supported()
    wanted = os.environ.get(VARIABLE) or str(releases[-1])
    for release in releases:
        if str(release) == wanted.removeprefix("v"):
            return release
    minors = ", ".join(str(release) for release in releases)
    raise BuildError(f"{VARIABLE}={wanted} is no supported Kubernetes minor; use one of {minors}")


def _pinned(folder: Path) -> Release:
    text = (folder / "go.mod").read_text()
    found = re.search(r"^\s*k8s\.io/kubernetes v1\.(\d+)\.(\d+) ", text, re.MULTILINE)
    if not found:
        raise BuildError(f"{folder / 'go.mod'} requires no version of k8s.io/kubernetes")
    return Release(int(found[1]), int(found[2]), folder)
