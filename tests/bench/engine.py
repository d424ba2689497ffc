"""The operator's own work alone, at sizes no small control plane holds: a null writer takes each change."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from typing import Any, cast

from bench import load, process
from bench.figures import Report, at_most
from syncpause.api.policy import ClusterPolicySpec
from syncpause.api.zones import load_zone
from syncpause.controller.operator import Operator
from syncpause.domain.change.plan import Change
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import Namespace, PolicySet
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_event, decode_one
from syncpause.kube.workloads import Workloads
from syncpause.logs import configure
from syncpause.settings import Settings

Object = dict[str, Any]

LATER = 10_000_000
"""Added to a resourceVersion that is to be newer."""
UNCHANGED = 20_000
"""Events that tell nothing new, to time one."""
WORKERS = 8


class NullWriter(Workloads):
    """Answers as the API server would, and lets the watch tell what was written. ``seconds`` is the CPU that
    making this up has cost."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(cast(Client, None))
        self._engine = engine
        self.seconds = 0.0

    async def apply(self, workload: Workload, change: Change) -> Workload:
        began = time.process_time()
        version = workload.resource_version + LATER
        labels = {**workload.labels, **change.labels}
        annotations = {**workload.annotations, **change.annotations}
        written = body(workload.key, workload.uid, version, labels, annotations=annotations, spec=change.spec)
        text, told = json.dumps(written).encode(), event(written)
        asyncio.get_running_loop().call_soon(self._engine.echo, told)
        self.seconds += time.process_time() - began
        await asyncio.sleep(0)
        return decode_one(workload.kind, text)


class Engine:
    """An operator that is connected to nothing."""

    def __init__(self) -> None:
        self.operator = Operator(cast(Client, None), Settings(writes_per_second=0))
        self.writer = self.operator.reconciler._api = NullWriter(self)
        self.echoes = 0.0
        self._held = process.resident_kib(os.getpid())

    def open_window(self) -> None:
        """One policy for everybody."""
        spec = ClusterPolicySpec.model_validate({**load.SUMMER, "windows": load.OPEN})
        policy = Policy.of(PolicyRef("", load.POLICY), spec, load_zone(spec.time_zone))
        names = [load.namespace_of(number) for number in range(load.NAMESPACES)]
        self.operator.context.policies.policy_set = PolicySet(
            {policy.ref: policy}, {name: Namespace(name) for name in names}
        )

    def tell(self, line: bytes) -> float:
        """The watch tells something; returns CPU seconds."""
        informer = self.operator.informers[0]
        began = time.process_time()
        informer._handle(decode_event(informer._source.decode_one, line))
        return time.process_time() - began

    def echo(self, line: bytes) -> None:
        self.echoes += self.tell(line)

    async def transition(self) -> tuple[float, float]:
        """CPU seconds of planning what to look at, and of looking at all of it."""
        began = time.process_time()
        self.operator._reconcile_everything()
        planned = time.process_time() - began
        workers = [asyncio.create_task(self.operator.reconciler.work()) for _ in range(WORKERS)]
        await self.operator.context.queue.idle()
        self.operator.context.queue.close()
        await asyncio.wait(workers, timeout=1)
        return planned, time.process_time() - began - self.writer.seconds - self.echoes

    def paused(self) -> int:
        return sum(workload.stopped and workload.marked for workload in self.operator.context.workloads)

    def memory_kib(self) -> float:
        """What it holds more than in the beginning."""
        gc.collect()
        return process.resident_kib(os.getpid()) - self._held


async def drain(workloads: int, report: Report) -> None:
    """Tell of every workload, open a window, and let the workers go through all of them."""
    configure("text", "warning")
    section = f"the engine alone, {workloads:,} workloads"
    engine = Engine()
    engine.open_window()
    listed = sum(engine.tell(event(created(number))) for number in range(workloads))
    idle = engine.memory_kib()
    engine.operator.leading.set()
    again = range(min(UNCHANGED, workloads))
    unchanged = sum(engine.tell(event(created(number, LATER))) for number in again)
    planned, looked_at = await engine.transition()
    if engine.paused() != workloads:
        raise RuntimeError(f"{engine.paused()} of {workloads} workloads are paused")
    add = report.add
    add(section, "read a workload", listed / workloads * 1e6, "µs")
    add(
        section,
        "an event that changes nothing for us",
        unchanged / len(again) * 1e6,
        "µs",
        target=at_most(60),
    )
    add(section, "the event of an own write", engine.echoes / workloads * 1e6, "µs")
    add(section, "plan the whole transition", planned, "s")
    add(section, "decide, plan and note one", looked_at / workloads * 1e6, "µs")
    add(section, "memory a workload, syncing", idle / workloads, "KiB", target=at_most(1))
    add(section, "memory a workload, just paused", engine.memory_kib() / workloads, "KiB")


def created(number: int, later: int = 0) -> Object:
    """The workload of this number, before anything was done to it."""
    school, which = divmod(number, load.EACH)
    key = Key(Kind.CRON_JOB, load.namespace_of(school), f"school-{school}-sync-{which}")
    uid = f"{school:08x}-0000-4000-8000-{which:012x}"
    return body(key, uid, number + 1 + later, load.labels(school, which), annotations={}, spec={})


def body(key: Key, uid: str, version: int, labels: Object, *, annotations: Object, spec: Object) -> Object:
    """A CronJob as the API server has it."""
    made = load.cron_job(0, 0)
    made["metadata"] = {
        "namespace": key.namespace,
        "name": key.name,
        "uid": uid,
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {name: value for name, value in labels.items() if value is not None},
        "annotations": {name: value for name, value in annotations.items() if value is not None},
    }
    return {**made, "spec": {**made["spec"], **spec}, "status": {}}


def event(of: Object) -> bytes:
    """As a watch tells it."""
    return json.dumps({"type": "MODIFIED", "object": of}).encode()
