"""What can go wrong with a control plane, each with a sentence that a person can act upon."""

from __future__ import annotations

from collections.abc import Sequence


class ClusterError(RuntimeError):
    """The cluster, or one process of it, did not do what was waited for."""


class BuildError(RuntimeError):
    """The binaries of the control plane could not be built."""


class KubectlError(RuntimeError):
    """kubectl exited non-zero; `stderr` is what it said."""

    def __init__(self, arguments: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"kubectl {' '.join(arguments)} exited {code}: {stderr.strip()}")
        self.code = code
        self.stderr = stderr
