"""A small school platform on the real control plane, and the operator on a clock that can be moved."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from controlplane.cluster import Cluster
from syncpause.controller.operator import Operator
from syncpause.handlers import Watcher, watches
from syncpause.kube.client import Client, connect
from syncpause.settings import Settings

DEADLINE_SECONDS = 60.0
QUICK = {"status_interval": 0.1, "relist_interval": 5.0, "deletion_grace": 0.0}
"""Settings for tests with a topic of their own: they wait for nothing but that."""

Object = dict[str, Any]


async def eventually(probe: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until the probe (blocking, run in a thread) returns something true; say what was seen last."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            seen = await asyncio.to_thread(probe)
        except KeyError as error:
            seen = f"no {error} yet"
        if seen is True or (seen and not isinstance(seen, str)):
            return seen
        if asyncio.get_running_loop().time() > end:
            pytest.fail(f"not within {seconds} s: {what}; seen last: {seen}")
        await asyncio.sleep(0.1)


class Stage:
    """One test's namespace, and the objects in it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.namespace = f"district-{uuid.uuid4().hex[:8]}"
        self._cluster_policies: list[str] = []
        self._namespaces = [self.namespace]
        self.add_namespace(self.namespace)

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl(*args, input=stdin)

    def add_namespace(self, name: str, zone: str | None = None) -> str:
        annotations = {"syncpause.dev/time-zone": zone} if zone else {}
        labels = {"stage": self.namespace}
        metadata = {"name": name, "annotations": annotations, "labels": labels}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        if name not in self._namespaces:
            self._namespaces.append(name)
        return name

    def apply(self, *objects: Object) -> None:
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))

    def sync(
        self, name: str = "rosters", school: str = "lincoln", application: str = "rosters", **spec: Any
    ) -> None:
        labels = {"syncpause.dev/school": school, "syncpause.dev/application": application}
        annotations = spec.pop("annotations", {})
        pod_annotations = spec.pop("podAnnotations", {})
        namespace = spec.pop("namespace", self.namespace)
        pod = {
            "metadata": {"annotations": pod_annotations},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "sync", "image": "sync"}]},
        }
        self.apply(
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": labels,
                    "annotations": annotations,
                },
                "spec": {"schedule": "0 3 29 2 *", "jobTemplate": {"spec": {"template": pod}}, **spec},
            }
        )

    def ingest(self, name: str = "ingest", school: str = "lincoln", replicas: int = 3, **more: Any) -> None:
        labels = {"syncpause.dev/school": school}
        pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "in", "image": "in"}]}}
        self.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": name,
                    "namespace": more.get("namespace", self.namespace),
                    "labels": labels,
                },
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod},
            }
        )

    def policy(self, name: str = "summer", **spec: Any) -> None:
        self.apply(
            {
                "apiVersion": "syncpause.dev/v1alpha1",
                "kind": "SyncPausePolicy",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": {"timeZone": "UTC", **spec},
            }
        )

    def cluster_policy(self, name: str, **spec: Any) -> str:
        """A cluster policy for this stage's namespaces alone; returns its full name."""
        full = f"{name}-{self.namespace}"
        self._cluster_policies.append(full)
        self.apply(
            {
                "apiVersion": "syncpause.dev/v1alpha1",
                "kind": "ClusterSyncPausePolicy",
                "metadata": {"name": full},
                "spec": {
                    "timeZone": "UTC",
                    "namespaceSelector": {"matchLabels": {"stage": self.namespace}},
                    **spec,
                },
            }
        )
        return full

    def get(self, *what: str, namespace: str | None = None) -> Object:
        found: Object = json.loads(
            self.kubectl("get", *what, "-n", namespace or self.namespace, "-o", "json")
        )
        return found

    def items(self, *what: str, namespace: str | None = None) -> list[Object]:
        found: list[Object] = self.get(*what, namespace=namespace)["items"]
        return found

    def spec_of_sync(self, name: str = "rosters", **where: Any) -> tuple[bool, int | None]:
        spec = self.get("cronjob", name, **where)["spec"]
        return spec["suspend"], spec.get("startingDeadlineSeconds")

    def is_paused(self, name: str = "rosters", **where: Any) -> bool | str:
        found = self.get("cronjob", name, **where)
        labels = found["metadata"]["labels"]
        paused = labels.get("syncpause.dev/state") == "paused"
        stopped = found["spec"]["suspend"] and found["spec"].get("startingDeadlineSeconds") == 0
        return (paused and stopped) or f"{labels} {found['spec']['suspend']}"

    def is_syncing(self, name: str = "rosters", **where: Any) -> bool | str:
        found = self.get("cronjob", name, **where)
        traces = [key for key in found["metadata"].get("annotations", {}) if "syncpause.dev/restore" in key]
        label = found["metadata"]["labels"].get("syncpause.dev/state")
        return (not found["spec"]["suspend"] and not traces and label is None) or f"{traces} {label}"

    def replicas(self, name: str = "ingest") -> int:
        return int(self.get("deployment", name)["spec"]["replicas"])

    def condition(self, type_: str, policy: str = "spp/summer") -> Object:
        found = self.get(policy)
        generation = found["metadata"]["generation"]
        for item in found.get("status", {}).get("conditions", []):
            if item["type"] == type_ and item["observedGeneration"] == generation:
                return dict(item)
        return {}

    def strike(self) -> None:
        if self._cluster_policies:
            self.kubectl("delete", "cspp", "--ignore-not-found", *self._cluster_policies)
        self.kubectl("delete", "namespace", "--wait=false", "--ignore-not-found", *self._namespaces)


class RunningOperator:
    """The operator's parts in this process, on a clock that can be moved."""

    def __init__(self, kubeconfig: str) -> None:
        self._kubeconfig = kubeconfig
        self._offset = timedelta()
        self._client: Client | None = None
        self.operator: Operator | None = None

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def jump_to(self, text: str) -> None:
        """Set the operator's clock; it goes on from there."""
        self._offset = datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime.now(UTC)
        if self.operator:
            self.operator.scheduler.wake()

    async def start(self, *, lead: bool = True, **knobs: Any) -> None:
        """Start it, and wait until it leads; unless it is to stand by."""
        settings = Settings(**{**QUICK, **knobs})
        self._client = await connect(kubeconfig=self._kubeconfig)
        states = watches(settings)
        self.operator = Operator(self._client, settings, self.now, list(states.values()))
        watcher = Watcher(self.operator.context.policies, self._client, settings, states)
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self.operator.run(self._stop, watcher.run()))
        if lead:
            await asyncio.wait_for(self.operator.leading.wait(), DEADLINE_SECONDS)

    async def stop(self) -> None:
        if self._client is None:
            return
        self._stop.set()
        try:
            await asyncio.wait_for(self._task, 15)
        finally:
            await self._client.close()
            self._client = self.operator = None
