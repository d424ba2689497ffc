"""Errors of the control plane. Each message names the problem and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence


class ClusterError(RuntimeError):
    """The cluster, or one of its processes, is not in the state that the caller needs."""


class BuildError(RuntimeError):
    """The binaries of the control plane could not be built."""


class KubectlError(RuntimeError):
    """kubectl exited non-zero; `stderr` holds its standard error."""

    def __init__(self, arguments: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"kubectl {' '.join(arguments)} exited {code}: {stderr.strip()}")
        self.code = code
        self.stderr = stderr
