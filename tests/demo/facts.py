"""What the API server says about workloads, their Jobs and pods, and policies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo.stage import Cluster

SCHOOL = "syncpause.dev/school"
APPLICATION = "syncpause.dev/application"
STATE = "syncpause.dev/state"
SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
OPERATOR = "syncpause"  # its field manager


@dataclass(frozen=True, slots=True)
class Workload:
    """A CronJob or Deployment, as it stands."""

    raw: dict[str, Any]

    @property
    def key(self) -> str:
        """Kind, namespace and name: what a person calls it."""
        return f"{self.raw['kind']} {self.namespace}/{self._meta['name']}"

    @property
    def namespace(self) -> str:
        return str(self._meta["namespace"])

    @property
    def name(self) -> str:
        return str(self._meta["name"])

    @property
    def school(self) -> str | None:
        return self.labels.get(SCHOOL)

    @property
    def application(self) -> str | None:
        return self.labels.get(APPLICATION)

    @property
    def labels(self) -> dict[str, str]:
        return dict(self._meta.get("labels", {}))

    @property
    def is_cron_job(self) -> bool:
        return bool(self.raw["kind"] == "CronJob")

    @property
    def is_suspended(self) -> bool:
        return bool(self.raw["spec"].get("suspend"))

    @property
    def owned(self) -> dict[str, Any]:
        """Everything that its owner wrote: what must be the same after a pause as it was before."""
        return {
            "spec": self.raw["spec"],
            "labels": self.labels,
            "annotations": self._meta.get("annotations", {}),
        }

    @property
    def version(self) -> str:
        """Changes with every write, whoever wrote what."""
        return str(self._meta["resourceVersion"])

    @property
    def generation(self) -> int:
        """Changes with every write of the spec."""
        return int(self._meta["generation"])

    @property
    def managers(self) -> set[str]:
        """Who wrote any field of it."""
        return {entry["manager"] for entry in self._meta.get("managedFields", [])}

    def why_not_paused(self) -> list[str]:
        """What speaks against its being paused; empty when it is, and no pod of a Deployment is left.

        The Jobs of a CronJob are asked for apart: its own list of active ones has suspended ones too.
        """
        spec, status = self.raw["spec"], self.raw.get("status", {})
        found = [] if self.labels.get(STATE) == "paused" else [f"{self.key} is not labelled as paused"]
        if self.is_cron_job:
            locks = (spec.get("suspend"), spec.get("startingDeadlineSeconds"))
            if locks != (True, 0):
                found.append(f"{self.key} has suspend={locks[0]}, startingDeadlineSeconds={locks[1]}")
        else:
            pods = status.get("replicas", 0) + (status.get("terminatingReplicas") or 0)
            if spec["replicas"] or pods:
                found.append(f"{self.key} has replicas={spec['replicas']} and {pods} pods")
        return found

    def why_not_as(self, before: Workload) -> list[str]:
        """What speaks against its being as it was, and its pods ready; empty when it is."""
        found = [
            f"{self.key} has {part} {self.owned[part]}, before {old}"
            for part, old in before.owned.items()
            if self.owned[part] != old
        ]
        return found + self.why_not_rolled_out()

    def why_not_rolled_out(self) -> list[str]:
        """What speaks against all of its pods being ready and its status being at rest."""
        if self.is_cron_job:
            return []
        status, wanted = self.raw.get("status", {}), self.raw["spec"]["replicas"]
        done = any(seen.get("reason") == "NewReplicaSetAvailable" for seen in status.get("conditions", []))
        if status.get("availableReplicas", 0) == wanted and done:
            return []
        return [f"{self.key} has {status.get('availableReplicas', 0)} of {wanted} pods ready"]

    @property
    def _meta(self) -> dict[str, Any]:
        return dict(self.raw["metadata"])


@dataclass(frozen=True, slots=True)
class Job:
    """A Job that a CronJob started."""

    name: str
    cron_job: str
    scheduled: datetime
    runs: bool
    """Whether it has pods; a suspended Job, though not finished, has none."""


def workloads(cluster: Cluster) -> dict[str, Workload]:
    """Every CronJob and Deployment in the namespaces of schools by its key, ours or not."""
    found = [Workload(item) for item in _items(cluster, "cronjobs,deployments", "--show-managed-fields")]
    platform = {each.namespace for each in found if each.school}
    return {each.key: each for each in found if each.namespace in platform}


def jobs(cluster: Cluster) -> list[Job]:
    """Every Job that a CronJob started and that is still there."""
    return [
        Job(
            f"{item['metadata']['namespace']}/{item['metadata']['name']}",
            owner["name"],
            datetime.fromisoformat(item["metadata"]["annotations"][SCHEDULED_AT]),
            _has_pods(item["status"]),
        )
        for item in _items(cluster, "jobs")
        for owner in item["metadata"].get("ownerReferences", [])
        if owner["kind"] == "CronJob"
    ]


def _has_pods(status: dict[str, Any]) -> bool:
    return bool(status.get("active") or status.get("terminating"))


def _items(cluster: Cluster, kinds: str, *arguments: str) -> list[dict[str, Any]]:
    got = cluster.kubectl("get", kinds, "--all-namespaces", "--output=json", *arguments)
    return list(json.loads(got)["items"])
