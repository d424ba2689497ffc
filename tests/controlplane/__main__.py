"""A cluster to play with: `python -m controlplane build | start | stop | status | minor`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from controlplane.access import tools
from controlplane.build import binaries
from controlplane.cluster import Cluster, start
from controlplane.failure import BuildError, ClusterError
from controlplane.versions import chosen

PLAYGROUND = Path(__file__).parents[2] / ".cluster"


def exports(cluster: Cluster) -> str:
    """The shell lines that make a cluster the current one."""
    path = os.pathsep.join([*tools(cluster.bin), "$PATH"])
    return f"export KUBECONFIG={cluster.kubeconfig}\nexport PATH={path}"


def _build() -> int:
    print(binaries())
    return 0


def _minor() -> int:
    print(chosen())
    return 0


def _start() -> int:
    cluster = Cluster.attach(PLAYGROUND)
    if cluster and all(cluster.status().values()):
        print("the cluster runs already:", file=sys.stderr)
    else:
        _stop()  # what is left of one that was killed, or of a machine that was restarted
        shutil.rmtree(PLAYGROUND, ignore_errors=True)
        cluster = start(PLAYGROUND, outlive=True)
        print("the cluster is up; `make cluster-stop` ends it. In your shell:", file=sys.stderr)
    print(exports(cluster))
    return 0


def _stop() -> int:
    if cluster := Cluster.attach(PLAYGROUND):
        cluster.stop()
        shutil.rmtree(PLAYGROUND)
    return 0


def _status() -> int:
    cluster = Cluster.attach(PLAYGROUND)
    if cluster is None:
        print("no cluster; `make cluster` starts one")
        return 1
    processes = cluster.status()
    for name, runs in processes.items():
        print(f"{name:<24} {'running' if runs else 'not running'}")
    return 0 if all(processes.values()) else 1


def main() -> int:
    """Run one command; what a script wants is on standard output, what a person reads on standard error."""
    commands = {"build": _build, "start": _start, "stop": _stop, "status": _status, "minor": _minor}
    parser = argparse.ArgumentParser(prog="python -m controlplane", description=__doc__)
    parser.add_argument("command", choices=commands)
    try:
        return commands[parser.parse_args().command]()
    except (BuildError, ClusterError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
