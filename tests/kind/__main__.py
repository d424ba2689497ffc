"""`python -m kind start | stop`: the operator on a kind cluster, to play with."""

from __future__ import annotations

import argparse
import os
import sys

from controlplane.failure import BuildError, ClusterError, KubectlError
from kind import images
from kind.cluster import Kind, attach, delete
from kind.install import install, wait_ready
from kind.tools import MissingTool


def exports(cluster: Kind) -> str:
    """The shell lines that make the cluster the current one."""
    lines = [f"export KUBECONFIG={cluster.kubeconfig}"]
    if cluster.name != "syncpause":
        lines.append(f"export KIND_CLUSTER_NAME={cluster.name}")
    path = [str(tool.parent) for tool in (cluster.kubectl_path, cluster.kind)]
    missing = [each for each in dict.fromkeys(path) if each not in os.environ["PATH"].split(os.pathsep)]
    return "\n".join([*lines, *(f"export PATH={each}:$PATH" for each in missing)])


def _start() -> None:
    cluster = attach()
    say(f"cluster {cluster.name}: building and loading the image")
    image = images.operator(cluster)
    say(f"applying manifests/default with {image}")
    install(cluster, image)
    wait_ready(cluster)
    say("the operator is ready; `make kind-stop` deletes the cluster. In your shell:")
    print(exports(cluster))


def say(text: str) -> None:
    """A line for the person; standard output is for the shell."""
    print(text, file=sys.stderr)


def main() -> int:
    """Run one command; 1 with a sentence where something is missing or fails."""
    parser = argparse.ArgumentParser(prog="python -m kind", description=__doc__)
    parser.add_argument("command", choices=("start", "stop"))
    try:
        delete() if parser.parse_args().command == "stop" else _start()
    except (MissingTool, BuildError, ClusterError, KubectlError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
