"""`kubectl syncpause`, run as people run it: the real kubectl finds the real plugin on the PATH."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.access import environment
from controlplane.cluster import Cluster

SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What `-o json` printed."""
        return json.loads(self.out)


class Plugin:
    """Runs the plugin against one cluster, as the owner of a kubeconfig."""

    def __init__(self, cluster: Cluster, kubeconfig: Path | None = None) -> None:
        self.env = environment(cluster.bin, kubeconfig or cluster.kubeconfig)

    def __call__(
        self, *args: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> Answer:
        """`kubectl syncpause ARGS`, with no terminal on either side."""
        done = subprocess.run(
            ["kubectl", "syncpause", *args],
            input=stdin,
            env={**self.env, **(env or {})},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *args: str) -> str:
        """What kubectl itself prints, with the plugin on its PATH."""
        done = subprocess.run(
            ["kubectl", *args], env=self.env, capture_output=True, text=True, check=True, timeout=SECONDS
        )
        return done.stdout

    def ok(self, *args: str, **rest: Any) -> str:
        """The same, where anything but exit code 0 is a failure; returns what was printed."""
        answer = self(*args, **rest)
        told = f"{answer.out}{answer.err}"
        assert answer.code == 0, f"kubectl syncpause {args}: {answer.code}\n{told}"
        return answer.out
