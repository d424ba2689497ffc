"""A school platform that faults are tried on: what its owner wants, and whether all of it came back."""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.api import Api, Object, collection
from chaos.observer import Observer, is_paused, traces
from chaos.operators import Child, OperatorPool
from controlplane.cluster import Cluster
from faults.proxy import FaultProxy

DEADLINE_SECONDS = 90.0
ALWAYS = [{"name": "whole-year", "firstDay": "01-01", "lastDay": "12-31"}]
NEVER: list[dict[str, str]] = []
POD = {"restartPolicy": "Never", "containers": [{"name": "sync", "image": "sync"}]}
SYNC_SECONDS = 10
"""What a sync takes here. Real ones take minutes; a fault of the wire takes up to a few seconds each."""
OWNER = "owner"
SYNC_TEMPLATE = {"metadata": {"annotations": {"syncpause.test/takes": f"{SYNC_SECONDS}s"}}, "spec": POD}


async def until(look: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until a look finds something true; say what was seen last. A string is what is seen instead."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        found = look()
        if found is True or (found and not isinstance(found, str)):
            return found
        if asyncio.get_running_loop().time() > end:
            pytest.fail(f"not within {seconds:g} s: {what}; seen last: {found}")
        await asyncio.sleep(0.01)


class Stage:
    """One test's namespace, with the operators that a test starts, each behind a wire of its own."""

    def __init__(
        self,
        cluster: Cluster,
        api: Api,
        observer: Observer,
        *,
        operators: OperatorPool,
        token: str,
        directory: Path,
    ) -> None:
        self.cluster = cluster
        self.api = api
        self.observer = observer
        self.namespace = f"chaos-{uuid.uuid4().hex[:6]}"
        self.clock = directory / f"{self.namespace}.clock"
        self.children: list[Child] = []
        self._operators = operators
        self._token = token
        self._directory = directory
        self._wanted: dict[tuple[str, str], Object] = {}
        self._proxies: list[FaultProxy] = []
        self._kubeconfigs: dict[FaultProxy, str] = {}

    async def open(self) -> Stage:
        body = {"metadata": {"name": self.namespace, "labels": {"stage": self.namespace}}}
        await self.api.create(collection("namespaces"), body)
        return self

    async def close(self) -> None:
        for child in self.children:
            child.kill()
        await self.api.delete(f"{collection('namespaces')}/{self.namespace}")
        for proxy in self._proxies:
            await proxy.stop()

    async def wire(self) -> FaultProxy:
        """A wire for one operator."""
        proxy = FaultProxy(self.cluster, self._token)
        self._kubeconfigs[proxy] = await proxy.start(self._directory)
        self._proxies.append(proxy)
        return proxy

    def operator(self, proxy: FaultProxy | None = None, **settings: Any) -> Child:
        """Start an operator, behind a wire or with a straight way to the API server."""
        kubeconfig = self._kubeconfigs[proxy] if proxy else str(self._straight())
        clock = self.clock if self.clock.exists() else None
        knobs = {"namespaces": self.namespace, "deletion_grace": 0.0, **settings}
        child = self._operators.start(kubeconfig, clock, **knobs)
        self.children.append(child)
        return child

    def _straight(self) -> Path:
        return self.cluster.service_account_kubeconfig("syncpause-system", "syncpause")

    async def schools(self, number: int, syncs: int = 4, schedule: str = "* * * * *") -> None:
        """Schools with some syncs and one ingest each; one in five syncs is suspended by its owner."""
        for school in range(number):
            for sync in range(syncs):
                suspended = (school + sync) % 5 == 4
                deadline = {} if sync % 2 else {"startingDeadlineSeconds": 100 + sync}
                spec = {"schedule": schedule, "suspend": suspended, **deadline}
                await self.sync(f"sync-{school}-{sync}", f"school-{school}", **spec)
            await self.ingest(f"ingest-{school}", f"school-{school}", replicas=school % 3 + 1)
        await until(lambda: len(self.workloads()) == number * (syncs + 1), "the observer sees the platform")

    async def sync(self, name: str, school: str = "school-0", **spec: Any) -> None:
        body = {
            "metadata": {"name": name, "labels": {"syncpause.dev/school": school} if school else {}},
            "spec": {"jobTemplate": {"spec": {"template": SYNC_TEMPLATE}}, **spec},
        }
        await self._make("cronjobs", body, bool(school))

    async def ingest(self, name: str, school: str = "school-0", replicas: int = 1) -> None:
        pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": POD["containers"]}}
        body = {
            "metadata": {"name": name, "labels": {"syncpause.dev/school": school} if school else {}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod},
        }
        await self._make("deployments", body, bool(school))

    async def _make(self, kind: str, body: Object, ours: bool) -> None:
        made = await self.api.create(collection(kind, self.namespace), body, OWNER)
        if ours:
            self.owned(kind, made["metadata"]["name"], made["spec"])

    async def remove(self, kind: str, name: str) -> None:
        """Its owner deletes a workload."""
        del self._wanted[kind, name]
        await self.api.delete(self.path(kind, name), propagationPolicy="Background")

    def owned(self, kind: str, name: str, spec: Object) -> None:
        """There is a workload whose owner wants this spec."""
        self._wanted[kind, name] = copy.deepcopy(spec)

    def wanted(self, kind: str, name: str) -> Object:
        """The spec that its owner last wanted."""
        return self._wanted[kind, name]

    async def owner_wants(self, kind: str, name: str, **spec: Any) -> None:
        """The owner changes fields of a spec; None removes one."""
        await self.api.patch(self.path(kind, name), {"spec": spec}, OWNER)
        self.noted(kind, name, **spec)

    def noted(self, kind: str, name: str, **spec: Any) -> None:
        """What the owner wants from now on, however it was said."""
        wanted = self._wanted[kind, name]
        for field, value in spec.items():
            wanted[field] = value
        self._wanted[kind, name] = {field: value for field, value in wanted.items() if value is not None}

    def path(self, kind: str, name: str) -> str:
        return f"{collection(kind, self.namespace)}/{name}"

    async def policy(self, windows: list[dict[str, str]], name: str = "summer", **spec: Any) -> None:
        """Make a policy, or give it other windows."""
        body = {"spec": {"timeZone": "UTC", "windows": windows, **spec}}
        policies = collection("syncpausepolicies", self.namespace)
        known = await self.api.get(policies)
        if any(item["metadata"]["name"] == name for item in known["items"]):
            await self.api.patch(f"{policies}/{name}", body, OWNER)
        else:
            await self.api.create(
                policies,
                {
                    "apiVersion": "syncpause.dev/v1alpha1",
                    "kind": "SyncPausePolicy",
                    "metadata": {"name": name},
                    **body,
                },
                OWNER,
            )

    def workloads(self) -> dict[tuple[str, str], Object]:
        """Every workload that carries the school label, as the observer sees it."""
        found = {}
        for kind in ("cronjobs", "deployments"):
            for name, item in self.observer.of(kind, self.namespace).items():
                if (kind, name) in self._wanted:
                    found[kind, name] = item
        return found

    def all_paused(self) -> bool | str:
        awake = [name for (kind, name), item in self.workloads().items() if not is_paused(kind, item)]
        return f"{len(awake)} are not paused, such as {awake[0]}" if awake else True

    def all_back(self) -> bool | str:
        """I3: every spec is what its owner last wanted, and no trace of a pause is left."""
        wrong = [
            problem for key, item in self.workloads().items() for problem in self._differences(key, item)
        ]
        if len(self.workloads()) < len(self._wanted):
            return "workloads are missing"
        return f"{len(wrong)} differences, such as {wrong[0]}" if wrong else True

    def _differences(self, key: tuple[str, str], item: Object) -> list[str]:
        wanted, seen = self._wanted[key], item["spec"]
        fields = sorted(name for name in wanted.keys() | seen.keys() if wanted.get(name) != seen.get(name))
        said = [f"{key[1]}.{name}: {seen.get(name)!r}, wanted {wanted.get(name)!r}" for name in fields]
        return said + [f"{key[1]} still has {name}" for name in traces(item)]

    async def paused(self, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait for the pause; from then on nothing may start."""
        await until(self.all_paused, "everything is paused", seconds)
        self.observer.opened(self.namespace)

    async def back(self, seconds: float = DEADLINE_SECONDS) -> None:
        await until(self.all_back, "everything is back", seconds)

    async def pause(self) -> None:
        await self.policy(ALWAYS)
        await self.paused()

    async def resume(self) -> None:
        self.observer.closing(self.namespace)
        await self.policy(NEVER)
        await self.back()

    def broken(self) -> list[str]:
        """Every promise that was broken since the last look."""
        found = [*self.observer.violations, *self.observer.strays()]
        for proxy in self._proxies:
            found += [f"I5: {seen.method} {seen.path} names no version" for seen in proxy.unconditional]
            proxy.unconditional.clear()
        crashed = [
            child for child in self.children if "Traceback" in child.output or "defect" in child.output
        ]
        found += [f"{child.log}: a defect: {child.output[-2000:]}" for child in crashed]
        self.observer.violations.clear()
        self.observer.windows.clear()
        return found
