"""A kind cluster: found or made, and what tests do to its nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.failure import ClusterError, KubectlError
from controlplane.process import tail
from kind import tools

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".kind"
COMMAND_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A running cluster, the kubeconfig of its administrator, and the tools that reach it."""

    name: str
    kubeconfig: Path
    engine: str
    kind: Path
    kubectl_path: Path

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        """Standard output of a kubectl command. Raises KubectlError with its standard error."""
        done = self.kubectl_done(*args, input=input)
        if check and done.returncode:
            raise KubectlError(args, done.returncode, done.stderr)
        return done.stdout

    def kubectl_done(self, *args: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """The result of a kubectl command. Never raises for an exit code."""
        return subprocess.run(
            [self.kubectl_path, *args],
            capture_output=True,
            text=True,
            input=input,
            env=self.environment,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which kubectl and kind reach this cluster, and kubectl finds the plugin."""
        path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def get(self, *args: str) -> dict[str, Any]:
        """An object or a list, as JSON."""
        return dict(json.loads(self.kubectl("get", *args, "--output=json")))

    def load(self, image: str) -> None:
        """Put an image of the container engine onto every node."""
        with tempfile.TemporaryDirectory() as scratch:
            archive = Path(scratch) / "image.tar"
            run([self.engine, "save", "--output", str(archive), image])
            run([str(self.kind), "load", "image-archive", str(archive), "--name", self.name])

    def workers(self) -> list[str]:
        """Names of the nodes that are no control plane."""
        found = self.get("nodes", "--selector=!node-role.kubernetes.io/control-plane")
        return [item["metadata"]["name"] for item in found["items"]]

    def stop_node(self, name: str) -> None:
        """Stop a node without a shutdown, as a power failure does."""
        run([self.engine, "kill", name])

    def start_node(self, name: str) -> None:
        """Switch a node on again and wait until it is Ready."""
        run([self.engine, "start", name])
        self.kubectl("wait", f"node/{name}", "--for=condition=Ready", "--timeout=180s")


def attach() -> Kind:
    """The cluster that KIND_CLUSTER_NAME (default: syncpause) names; made if there is none.

    One that exists is used as it is, however it was made. Raises MissingTool, BuildError or ClusterError.
    """
    name = cluster_name()
    engine, kind, kubectl = tools.engine(), tools.kind(), tools.kubectl()
    if engine == "podman":
        os.environ.setdefault("KIND_EXPERIMENTAL_PROVIDER", "podman")
    if name not in run([str(kind), "get", "clusters", "--quiet"]).split():
        create(kind, name)
    return Kind(name, _kubeconfig(kind, name), engine, kind, kubectl)


def create(kind: Path, name: str) -> None:
    """`kind create cluster`, with KIND_NODE_IMAGE and KIND_CONFIG if they are set."""
    command = [str(kind), "create", "cluster", "--name", name, "--wait", "180s"]
    command += ["--kubeconfig", str(kubeconfig_path())]
    if image := os.environ.get("KIND_NODE_IMAGE"):
        command += ["--image", image]
    command += ["--config", os.environ.get("KIND_CONFIG") or str(Path(__file__).parent / "cluster.yaml")]
    FOLDER.mkdir(exist_ok=True)
    log = FOLDER / "create.log"
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise ClusterError(
            f"kind could not create the cluster {name}; the end of {log}:\n{tail(log)}\n"
            "What to do: KIND_NODE_IMAGE names another node image, KIND_CONFIG another configuration; "
            "`make kind-stop` removes what is left."
        )


def delete() -> None:
    """Delete the cluster. A cluster that does not exist is no error."""
    kind = tools.kind()
    if tools.engine() == "podman":
        os.environ.setdefault("KIND_EXPERIMENTAL_PROVIDER", "podman")
    run([str(kind), "delete", "cluster", "--name", cluster_name(), "--kubeconfig", str(kubeconfig_path())])


def cluster_name() -> str:
    """The name of the cluster, from KIND_CLUSTER_NAME."""
    return os.environ.get("KIND_CLUSTER_NAME") or "syncpause"


def kubeconfig_path() -> Path:
    """$KUBECONFIG, else a file of the checkout's own: ~/.kube/config is the user's."""
    return Path(os.environ.get("KUBECONFIG") or FOLDER / "kubeconfig")


def _kubeconfig(kind: Path, name: str) -> Path:
    """The administrator's kubeconfig, in a file that names this cluster alone."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(run([str(kind), "get", "kubeconfig", "--name", name]))
    return path


def run(command: Sequence[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Standard output of a command. Raises ClusterError with what it wrote."""
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=env, check=False, timeout=COMMAND_SECONDS
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise ClusterError(f"{' '.join(command)} exited {done.returncode}: {said}")
    return done.stdout
