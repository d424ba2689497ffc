"""A real Kubernetes control plane in a folder: for the tests, the demo, the benches and for playing.

`build` makes the six binaries once per user, `cluster` runs them. Nothing in here is a stand-in: the API
server, the controllers and the scheduler are Kubernetes' own; only the kubelets are KWOK's.
"""

from controlplane.build import binaries
from controlplane.cluster import Cluster, start
from controlplane.failure import BuildError, ClusterError, KubectlError

__all__ = ["BuildError", "Cluster", "ClusterError", "KubectlError", "binaries", "start"]
