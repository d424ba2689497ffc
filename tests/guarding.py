"""The guard as shipped, for the part of a cluster that one test plays on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from controlplane.cluster import Cluster

FIRST_MINOR = 36
"""MutatingAdmissionPolicy is v1 since Kubernetes 1.36; an older API server refuses the guard."""
GUARD = Path(__file__).parents[1] / "manifests/components/guard"


def guard_for(cluster: Cluster, namespaces: dict[str, str]) -> str:
    """The guard's YAML, bound to the namespaces with these labels; tests beside it go unguarded."""
    objects: list[dict[str, Any]] = list(yaml.safe_load_all(cluster.kubectl("kustomize", str(GUARD))))
    for item in objects:
        if item["kind"] == "MutatingAdmissionPolicyBinding":
            item["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": namespaces}}
    return yaml.safe_dump_all(objects)
