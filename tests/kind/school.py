"""One school of a test: a sync that runs each minute, an ingest that takes its time to stop, and a policy."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from kind.cluster import Kind
from kind.observer import Observer

Object = dict[str, Any]

DEADLINE, REPLICAS = 600, 2
STOP_SECONDS = 8
"""How long the ingest takes to stop after SIGTERM."""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
    "runAsNonRoot": True,
}


def eventually(probe: Callable[[], Any], what: str, seconds: float = 90.0) -> float:
    """Wait until the probe returns True; returns the seconds that took. A failure shows what was seen."""
    began = time.monotonic()
    while (seen := probe()) is not True:
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}; seen last: {seen}"
        time.sleep(0.1)
    return time.monotonic() - began


def year_around(days: int = 0) -> list[Object]:
    """A window that is open today, or one that opens in so many days."""
    today = datetime.now(UTC).date()
    first = today + timedelta(days=days) if days else today - timedelta(days=2)
    return [{"name": "summer", "firstDay": str(first), "lastDay": str(first + timedelta(days=30))}]


OPEN, LATER = year_around(), year_around(60)


class School:
    """A namespace with its workloads, and the times at which they were paused."""

    def __init__(self, cluster: Kind, image: str) -> None:
        self.cluster = cluster
        self.namespace = f"school-{uuid.uuid4().hex[:6]}"
        self._image = image
        self._paused: list[tuple[datetime, datetime]] = []
        self._since: datetime | None = None
        cluster.kubectl("create", "namespace", self.namespace)
        level = "pod-security.kubernetes.io/enforce=restricted"
        cluster.kubectl("label", "namespace", self.namespace, level)
        self._observer = Observer(cluster, self.namespace)
        self.apply(self._sync(), self._ingest())

    def remove(self) -> None:
        """Delete the namespace."""
        self._observer.stop()
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def kubectl(self, *args: str) -> str:
        """kubectl in this namespace."""
        return self.cluster.kubectl("--namespace", self.namespace, *args)

    def get(self, *args: str) -> Object:
        """An object or a list of this namespace."""
        return dict(json.loads(self.kubectl("get", *args, "--output=json")))

    def apply(self, *objects: Object) -> None:
        """Apply objects in this namespace."""
        self.cluster.kubectl(
            "apply", "--namespace", self.namespace, "-f", "-", input=yaml.safe_dump_all(objects)
        )

    def policy(self, windows: list[Object], **spec: Any) -> None:
        """Create or edit the policy of the namespace."""
        if windows != OPEN:
            self.expect_resume()
        self.apply(
            {
                "apiVersion": "syncpause.dev/v1alpha1",
                "kind": "SyncPausePolicy",
                "metadata": {"name": "summer"},
                "spec": {"timeZone": "UTC", "windows": windows, **spec},
            }
        )

    def pause(self, seconds: float = 90.0, **spec: Any) -> float:
        """Open the window; returns the seconds until both workloads are paused."""
        self.policy(OPEN, **spec)
        return self.until_paused(seconds)

    def until_paused(self, seconds: float = 90.0) -> float:
        """Wait until both workloads are paused. From then on, no new Job is expected."""
        took = eventually(self.is_paused, "both workloads are paused", seconds)
        self._since = datetime.now(UTC)
        return took

    def expect_resume(self) -> None:
        """Record the end of a pause. Call it before the change that ends it: the operator reacts fast."""
        if self._since:
            self._paused.append((self._since, datetime.now(UTC)))
            self._since = None

    def until_resumed(self, seconds: float = 90.0) -> float:
        """Wait until both workloads are as their owner left them."""
        assert self._since is None, "the test did not say what ends the pause"
        return eventually(self.is_restored, "both workloads are as before", seconds)

    def delete_policy(self) -> None:
        """Delete the policy of the namespace."""
        self.expect_resume()
        self.kubectl("delete", "spp", "summer")

    def is_paused(self) -> bool | str:
        """True if the sync and the ingest are stopped, otherwise what was seen."""
        sync, ingest = self.specs()
        stopped = sync["suspend"] and sync["startingDeadlineSeconds"] == 0 and ingest["replicas"] == 0
        return bool(stopped) or f"{sync['suspend']}, {ingest['replicas']} replicas"

    def is_restored(self) -> bool | str:
        """Whether both are exactly as applied, with no trace of the pause."""
        sync, ingest = self.specs()
        found = (sync["suspend"], sync.get("startingDeadlineSeconds"), ingest["replicas"], self._traces())
        return found == (False, DEADLINE, REPLICAS, []) or str(found)

    def specs(self) -> tuple[Object, Object]:
        """The specs of the sync and of the ingest."""
        return self.get("cronjob", "sync")["spec"], self.get("deployment", "ingest")["spec"]

    def state(self) -> str:
        """The state that the SchoolSync reports."""
        found = self.get("schoolsyncs")["items"]
        return str(found[0].get("status", {}).get("state", "")) if found else ""

    def is_state(self, state: str) -> Callable[[], bool | str]:
        """A probe for a state of the SchoolSync."""
        return lambda: (seen := self.state()) == state or f"the SchoolSync reports {seen}"

    def pods(self, role: str) -> list[Object]:
        """The pods of the sync or of the ingest, those that terminate among them."""
        return list(self.get("pods", f"--selector=role={role}")["items"])

    def until_a_sync_runs(self) -> str:
        """Wait until a pod of a sync has started less than a moment ago; returns its Job's name."""
        known = {pod["metadata"]["uid"] for pod in self.pods("sync")}
        found: list[str] = []

        def started() -> bool | str:
            fresh = [pod for pod in self.pods("sync") if pod["metadata"]["uid"] not in known]
            running = [pod for pod in fresh if pod["status"]["phase"] == "Running"]
            found[:] = [pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] for pod in running]
            return bool(found) or f"{len(fresh)} new pods"

        eventually(started, "a sync runs", 130)
        return found[0]

    def job(self, name: str) -> Object:
        """One Job."""
        return self.get("job", name)

    def assert_nothing_began_while_paused(self) -> None:
        """No Job and no pod of the ingest was created between a pause and the end of it."""
        spans = [*self._paused, *([(self._since, datetime.now(UTC))] if self._since else [])]
        assert spans, "the test paused nothing"
        # A creation time has whole seconds.
        second = timedelta(seconds=1)
        wrong = [each for begin, end in spans for each in self._observer.created_between(begin, end - second)]
        assert wrong == [], f"created inside {spans}"

    def _traces(self) -> list[str]:
        found = []
        for kind, name in (("cronjob", "sync"), ("deployment", "ingest")):
            meta = self.get(kind, name)["metadata"]
            found += [key for key in meta.get("annotations", {}) if key.startswith("syncpause.dev/")]
            found += [key for key in meta["labels"] if key == "syncpause.dev/state"]
        return found

    def _pod(self, role: str, script: str, argument: int) -> Object:
        container = {
            "name": role,
            "image": self._image,
            "args": [f"/{script}", str(argument)],
            "securityContext": RESTRICTED,
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        return {
            "metadata": {"labels": {"role": role}},
            "spec": {"containers": [container], "volumes": [{"name": "data", "emptyDir": {}}]},
        }

    def _sync(self) -> Object:
        template = self._pod("sync", "sync.py", 10)
        template["spec"]["restartPolicy"] = "Never"
        return {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "sync", "labels": self._labels("rosters")},
            "spec": {
                "schedule": "* * * * *",
                "suspend": False,
                "startingDeadlineSeconds": DEADLINE,
                "successfulJobsHistoryLimit": 100,
                "jobTemplate": {"spec": {"template": template}},
            },
        }

    def _ingest(self) -> Object:
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "ingest", "labels": self._labels("uploads")},
            "spec": {
                "replicas": REPLICAS,
                "selector": {"matchLabels": {"role": "ingest"}},
                "template": self._pod("ingest", "ingest.py", STOP_SECONDS),
            },
        }

    @staticmethod
    def _labels(application: str) -> dict[str, str]:
        return {"syncpause.dev/school": "lincoln-high", "syncpause.dev/application": application}
