#!/usr/bin/env python3
"""Builds the operator's image with the container engine at hand; prints its size and its start-up time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROBES = {"docker": ["version"], "podman": ["info"], "buildah": ["info"]}
"""Each engine, the preferred one first, and what it answers only where it can build."""

STARTS = 3


def main() -> int:
    """Exit code: 0, or that of the engine."""
    image = os.environ.get("IMAGE") or f"localhost/syncpause:{version()}"
    if sys.argv[1:] == ["--name"]:
        print(image)
        return 0
    engine = find_engine(os.environ.get("ENGINE", ""))
    built = subprocess.run(
        [engine, *build_command(engine, image)], check=False, cwd=ROOT, env=build_environment()
    )
    if built.returncode:
        print(f"make image: {engine} failed, see above; BASE=… names another base image", file=sys.stderr)
        return built.returncode
    print(image)
    print(f"size: {megabytes(engine, image)}")
    print(f"start: {start_time(engine, image):.2f} s until `syncpause run --help` ends, the best of {STARTS}")
    return 0


def find_engine(wanted: str) -> str:
    """The first engine that works, or the one wanted. Exits with a sentence that names what is missing."""
    found = {}
    for engine in [wanted] if wanted else PROBES:
        if not shutil.which(engine):
            found[engine] = f"{engine} is not installed"
            continue
        probe = subprocess.run(
            [engine, *PROBES.get(engine, ["info"])], capture_output=True, text=True, check=False
        )
        if probe.returncode == 0:
            return engine
        reason = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
        found[engine] = f"{engine} does not work: {reason}"
    sys.exit(
        f"make image needs docker, podman or buildah: {'; '.join(found.values())}. `make demo` needs none."
    )


def version() -> str:
    """The package's version, as it is written in the source."""
    source = (ROOT / "operator/syncpause/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    assert found, "operator/syncpause/__init__.py has no __version__"
    return found[1]


def build_command(engine: str, image: str) -> list[str]:
    """The build, with the labels that depend on the commit. A registry is asked only for the base images."""
    epoch = git("log", "-1", "--format=%ct") or "0"
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or epoch
    labels = {
        "version": version(),
        "revision": git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"),
        "created": datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": without_credentials(git("remote", "get-url", "origin")),
    }
    command = [
        "build",
        "--file",
        "Containerfile",
        "--tag",
        image,
        "--build-arg",
        f"SOURCE_DATE_EPOCH={epoch}",
    ]
    for name in ("BASE", "RUNTIME_BASE"):
        if os.environ.get(name):
            command += ["--build-arg", f"{name}={os.environ[name]}"]
    for name, value in labels.items():
        if value:
            command += ["--label", f"org.opencontainers.image.{name}={value}"]
    if engine != "docker":
        command += ["--timestamp", epoch]
    return [*command, *os.environ.get("BUILD_FLAGS", "").split(), "."]


def build_environment() -> dict[str, str]:
    """BuildKit where docker has it; the builder of before otherwise, which older machines have alone."""
    has_buildx = (
        subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode == 0
        if shutil.which("docker")
        else False
    )
    return {"DOCKER_BUILDKIT": "1" if has_buildx else "0", **os.environ}


def without_credentials(url: str) -> str:
    """An address as a label may show it; none for a folder of this machine."""
    return re.sub(r"//[^/@]*@", "//", url) if re.match(r"(https?|ssh)://|[\w.-]+@[\w.-]+:", url) else ""


def git(*arguments: str) -> str:
    """What git answers; nothing outside of a checkout."""
    if not shutil.which("git"):
        return ""
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


def megabytes(engine: str, image: str) -> str:
    """The whole image's size, in MB of 10^6 bytes."""
    form = "{{.Size}}"
    if engine == "buildah":
        return output(engine, "images", "--format", form, image)
    return f"{int(output(engine, 'image', 'inspect', '--format', form, image)) / 1e6:.0f} MB"


def start_time(engine: str, image: str) -> float:
    """Seconds for one start, the engine's own part included: the best of a few, as the first fills caches."""
    arguments = ["run", "--help"]
    if engine != "buildah":
        return best(lambda: output(engine, "run", "--rm", "--network=none", "--read-only", image, *arguments))
    container = output(engine, "from", image)
    try:
        return best(lambda: output(engine, "run", container, "--", "python3", "-m", "syncpause", *arguments))
    finally:
        output(engine, "rm", container)


def best(start: Callable[[], object]) -> float:
    """Seconds of the fastest of STARTS calls."""
    seconds = []
    for _ in range(STARTS):
        begin = time.monotonic()
        start()
        seconds.append(time.monotonic() - begin)
    return min(seconds)


def output(*command: str) -> str:
    """What a command prints. Exits with what it said where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"make image: {' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
