"""Where the story takes place: what it needs of a cluster, and a kubectl that the audience sees."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from demo.telling import Teller

ROOT = Path(__file__).parents[2]


class Cluster(Protocol):
    """A cluster, reached as its administrator."""

    def kubectl(self, *args: str, input: str | None = None) -> str:
        """What `kubectl ARGS` prints. Raises KubectlError if it fails."""


class Stage:
    """The cluster, with a kubectl that the audience sees."""

    def __init__(self, cluster: Cluster, teller: Teller) -> None:
        self.cluster = cluster
        self._teller = teller

    def kubectl(self, line: str, *, stdin: str | None = None) -> str:
        """Run a kubectl command line for real, and show it with what it printed."""
        output = self.cluster.kubectl(*shlex.split(line), input=stdin)
        heredoc = f" <<EOF\n{stdin.strip()}\nEOF" if stdin else ""
        self._teller.command(f"kubectl {line}{heredoc}", output)
        return output


class Place(Protocol):
    """A kind of cluster, and how the operator gets there."""

    @property
    def cluster(self) -> Cluster:
        """The cluster."""

    def install(self, stage: Stage) -> None:
        """Install what the operator needs: the CRDs and its rights."""

    def operator(self, teller: Teller) -> AbstractContextManager[None]:
        """The operator at work."""
