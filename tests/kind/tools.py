"""What `make kind` needs on the machine: a container engine, kind and kubectl."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from controlplane.build import cache, ready
from controlplane.progress import Progress
from controlplane.toolchain import choose

HERE = Path(__file__).parent
ENGINES = ("docker", "podman")
NO_ENGINE = (
    "no container engine runs here ({seen}): install and start Docker or Podman; `make demo` needs none"
)


class MissingTool(RuntimeError):
    """A required tool is not installed. The message names the tool and the fix."""


def engine() -> str:
    """The container engine that answers: docker, else podman. Raises MissingTool."""
    seen = []
    for name in ENGINES:
        if not shutil.which(name):
            seen.append(f"{name} is not installed")
            continue
        asked = subprocess.run([name, "info"], capture_output=True, text=True, check=False)
        # Docker's client reports an unreachable daemon on stderr, and in some versions exits 0 all the same.
        if asked.returncode == 0 and "Cannot connect" not in asked.stderr:
            return name
        words = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        seen.append(f"{name} does not answer: {words}")
    raise MissingTool(NO_ENGINE.format(seen="; ".join(seen)))


def kind() -> Path:
    """kind from the PATH, else built from the module that go.mod pins. Raises MissingTool or BuildError."""
    if found := shutil.which("kind"):
        return Path(found)
    progress = Progress()
    version = _pinned()
    target = cache().parent / f"kind-{version}" / "kind"
    if not target.exists():
        cache().mkdir(parents=True, exist_ok=True)
        go = choose().ensure(cache(), progress)
        progress.say(f"building kind {version}")
        building = target.with_name(".building")
        building.parent.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [go, "build", "-mod=readonly", "-trimpath", "-o", building]
        command.append("sigs.k8s.io/kind")
        environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingTool(
                f"kind is not on the PATH and cannot be built: {done.stderr.strip()[-500:]}\n"
                "Install kind, or check the network and `go env GOPROXY`."
            )
        building.rename(target)
    return target


def kubectl() -> Path:
    """kubectl from the PATH, else the one of the embedded control plane. Raises MissingTool."""
    if found := shutil.which("kubectl"):
        return Path(found)
    built = ready()
    if built is None:
        raise MissingTool("kubectl is not on the PATH: install it, or run `make controlplane` once")
    return built / "kubectl"


def _pinned() -> str:
    for line in (HERE / "go.mod").read_text().splitlines():
        if "sigs.k8s.io/kind v" in line:
            return line.split()[1]
    raise MissingTool(f"{HERE / 'go.mod'} requires no version of sigs.k8s.io/kind")
