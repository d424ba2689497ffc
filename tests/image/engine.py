"""The container engine: runs and builds, and returns what was printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGE = os.environ.get("IMAGE", "")
ENGINE = os.environ.get("ENGINE") or "docker"
RESTRICTED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
NO_NETWORK = "--network=none"
OPENSHIFT = "--user=1000700000:0"
"""OpenShift runs an image with a number of the namespace's own, which no image knows, in group 0."""


def engine(*arguments: str, stdin: str | None = None) -> str:
    """What the engine printed; for `logs`, on both outputs. Fails the test with its output where it fails."""
    done = subprocess.run([ENGINE, *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{ENGINE} {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return (done.stdout + (done.stderr if arguments[0] == "logs" else "")).strip()


def run(*arguments: str, image: str = IMAGE, entrypoint: str = "", user: str = OPENSHIFT) -> str:
    """Run the image once with all that a restricted pod takes away, and without a network."""
    entry = [f"--entrypoint={entrypoint}"] if entrypoint else []
    return engine("run", "--rm", *RESTRICTED, NO_NETWORK, user, *entry, image, *arguments)


def make_image(name: str, **settings: str) -> None:
    """`make image` with these variables."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "image" / "build.py")],
        env={**os.environ, **settings, "IMAGE": name, "ENGINE": ENGINE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def layers(image: str) -> list[str]:
    """The digests of the layers' content."""
    return engine("image", "inspect", "--format", '{{join .RootFS.Layers " "}}', image).split()
