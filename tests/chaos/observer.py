"""An independent witness: it watches the API server and says which promises were broken.

It shares no code with the operator. It knows what a reader of the documentation knows: names of labels and
annotations, and what they promise.

I1  no Job of a paused CronJob that was scheduled inside the pause gets to run;
I2  at every moment a paused workload carries what it takes to restore it;
I3  after the last window every spec equals what its owner last wanted, field for field;
I4  nothing without the school label is ever written by the operator;
I5  writes of two operators never interleave (checked where writes pass: `faults.proxy`).
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from chaos.api import Api, Object, Refused, collection
from controlplane.cluster import Cluster

WATCHED = ("cronjobs", "deployments", "jobs", "configmaps", "namespaces")
WORKLOADS = ("cronjobs", "deployments")
RESTORE = {
    "cronjobs": {
        "syncpause.dev/restore-suspend": re.compile(r"true|false"),
        "syncpause.dev/restore-starting-deadline-seconds": re.compile(r"none|\d{1,10}"),
    },
    "deployments": {"syncpause.dev/restore-replicas": re.compile(r"\d{1,10}")},
}
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
Key = tuple[str, str, str]
"""(kind as in a URL, namespace, name)"""


@dataclass(slots=True)
class Window:
    """A time in which some CronJobs are paused, by this machine's clock."""

    namespace: str
    opened: datetime
    closed: datetime | None = None
    except_for: frozenset[str] = frozenset()

    def covers(self, namespace: str, cronjob: str, scheduled: datetime) -> bool:
        end = self.closed or datetime.now(UTC)
        inside = self.opened <= scheduled < end
        return inside and namespace == self.namespace and cronjob not in self.except_for


@dataclass(slots=True)
class Observer:
    """Watches from a thread of its own until it is stopped."""

    cluster: Cluster
    objects: dict[Key, Object] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    events: int = 0
    windows: list[Window] = field(default_factory=list)
    tampered: set[Key] = field(default_factory=set)
    """Workloads whose marks someone has taken off on purpose: I2 does not count for them."""
    _ran: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="observer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(10)

    def opened(self, namespace: str, except_for: frozenset[str] = frozenset()) -> None:
        """From the next second on nothing of the namespace may start: all of it is seen to be paused."""
        self.windows.append(Window(namespace, datetime.now(UTC), except_for=except_for))

    def closing(self, namespace: str) -> None:
        """The window is about to end."""
        for window in self.windows:
            if window.namespace == namespace and window.closed is None:
                window.closed = datetime.now(UTC)

    def of(self, kind: str, namespace: str) -> dict[str, Object]:
        """The objects of a kind in a namespace, by name."""
        items = list(self.objects.items())
        return {key[2]: found for key, found in items if key[:2] == (kind, namespace)}

    def strays(self) -> list[str]:
        """I1: Jobs that ran although their CronJob was paused when they were scheduled."""
        return [
            f"I1: Job {namespace}/{name} of {cronjob}, scheduled {scheduled:%H:%M:%S}, ran inside a window"
            for (namespace, name), (cronjob, scheduled) in list(self._ran.items())
            if any(window.covers(namespace, cronjob, scheduled) for window in self.windows)
        ]

    async def _run(self) -> None:
        async with Api(self.cluster) as api:
            tasks = [asyncio.create_task(self._follow(api, kind)) for kind in WATCHED]
            await asyncio.to_thread(self._stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, api: Api, kind: str) -> None:
        version = ""
        while True:
            try:
                if not version:
                    version = await self._list(api, kind)
                async for event in api.watch(collection(kind), version):
                    version = event["object"]["metadata"].get("resourceVersion") or version
                    if event["type"] == "ERROR":
                        version = ""
                        break
                    if event["type"] != "BOOKMARK":
                        self._see(kind, event["type"], event["object"])
            except Refused as error:
                version = "" if error.status == 410 else version
                await asyncio.sleep(0.2)
            except (aiohttp.ClientError, OSError, json.JSONDecodeError):
                await asyncio.sleep(0.2)

    async def _list(self, api: Api, kind: str) -> str:
        found = await api.get(collection(kind))
        seen = set()
        for item in found["items"]:
            metadata = item["metadata"]
            seen.add((kind, metadata.get("namespace", ""), metadata["name"]))
            self._see(kind, "LISTED", item)
        for key in [key for key in self.objects if key[0] == kind and key not in seen]:
            del self.objects[key]
        return str(found["metadata"]["resourceVersion"])

    def _see(self, kind: str, type_: str, found: Object) -> None:
        metadata = found["metadata"]
        key = (kind, metadata.get("namespace", ""), metadata["name"])
        self.events += 1
        if type_ == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = found
        if kind in WORKLOADS and type_ != "DELETED":
            self._check_restorable(key, found)
        self._check_ours(key, found)
        if kind == "jobs":
            self._note_run(found)

    def _check_restorable(self, key: Key, found: Object) -> None:
        labels, annotations = _marks(found)
        if labels.get("syncpause.dev/state") != "paused" or key in self.tampered:
            return
        for name, form in RESTORE[key[0]].items():
            if not form.fullmatch(annotations.get(name, "")):
                self.violations.append(
                    f"I2: {'/'.join(key)} is paused, and {name} is {annotations.get(name)!r}"
                )

    def _check_ours(self, key: Key, found: Object) -> None:
        writers = {entry.get("manager") for entry in found["metadata"].get("managedFields", ())}
        if "syncpause" in writers and not self._may_be_written(key, found):
            self.violations.append(f"I4: {'/'.join(key)} was written, and is not ours")

    def _may_be_written(self, key: Key, found: Object) -> bool:
        if key[0] == "jobs":
            owners = found["metadata"].get("ownerReferences", ())
            parents = [self.objects.get(("cronjobs", key[1], owner["name"])) for owner in owners]
            return not owners or any(parent is None or _ours(parent) for parent in parents)
        return key[0] in WORKLOADS and (_ours(found) or key in self.tampered)

    def _note_run(self, job: Object) -> None:
        metadata, status = job["metadata"], job.get("status", {})
        scheduled = metadata.get("annotations", {}).get(SCHEDULED)
        if scheduled and status.get("succeeded"):
            owner = metadata["ownerReferences"][0]["name"]
            at = datetime.fromisoformat(scheduled)
            self._ran[metadata["namespace"], metadata["name"]] = (owner, at)


def _marks(found: Object) -> tuple[dict[str, Any], dict[str, Any]]:
    metadata = found["metadata"]
    return metadata.get("labels") or {}, metadata.get("annotations") or {}


def _ours(found: Object) -> bool:
    return "syncpause.dev/school" in _marks(found)[0]


def is_paused(kind: str, found: Object) -> bool:
    """Both locks and the label, or no replicas and the label."""
    spec, (labels, _) = found["spec"], _marks(found)
    stopped = spec.get("replicas") == 0 if kind == "deployments" else _locked(spec)
    return stopped and labels.get("syncpause.dev/state") == "paused"


def _locked(spec: Object) -> bool:
    return bool(spec.get("suspend")) and spec.get("startingDeadlineSeconds") == 0


def traces(found: Object) -> list[str]:
    """What is left of a pause."""
    labels, annotations = _marks(found)
    left = [name for name in annotations if name.startswith("syncpause.dev/")]
    return left + [name for name in labels if name == "syncpause.dev/state"]
