"""The operator's own work alone, at sizes no small control plane holds: a null writer takes each change."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from datetime import UTC, datetime
from typing import Any, cast

from bench import load, process
from bench.figures import Report, at_most
from syncpause.api.policy import ClusterPolicySpec
from syncpause.api.zones import load_zone
from syncpause.controller.operator import Operator
from syncpause.domain.plan import Change
from syncpause.domain.policy import Policy, PolicyRef
from syncpause.domain.workload import Key, Kind, Workload
from syncpause.domain.world import Namespace, World
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


class NullWriter(Workloads):
    """What the API server would answer, without one. ``seconds`` is the CPU that making it up has cost."""

    def __init__(self) -> None:
        super().__init__(cast(Client, None))
        self.seconds = 0.0

    async def apply(self, workload: Workload, change: Change) -> Workload:
        began = time.process_time()
        text = json.dumps(
            body(
                workload.key,
                workload.uid,
                int(workload.resource_version) + LATER,
                {**workload.labels, **change.labels},
                annotations={**workload.annotations, **change.annotations},
                spec=change.spec,
            )
        ).encode()
        self.seconds += time.process_time() - began
        return decode_one(workload.kind, text)


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


def created(number: int) -> Object:
    """The workload of this number, before anything was done to it."""
    school, which = divmod(number, load.EACH)
    key = Key(Kind.CRON_JOB, load.namespace_of(school), f"school-{school}-sync-{which}")
    uid = f"{school:08x}-0000-4000-8000-{which:012x}"
    return body(key, uid, number + 1, load.labels(school, which), annotations={}, spec={})


async def drain(workloads: int, report: Report) -> None:
    """Tell of every workload, open a window, and let the workers go through all of them."""
    configure("text", "warning")
    section = f"the engine alone, {workloads:,} workloads"
    operator = Operator(cast(Client, None), Settings(writes_per_second=0))
    writer = operator.reconciler._workloads = NullWriter()
    held = process.resident_kib(os.getpid())
    _open_window(operator)
    listed = sum(_tell(operator, event(created(number))) for number in range(workloads))
    gc.collect()
    idle = process.resident_kib(os.getpid()) - held
    operator.leading.set()
    again = range(min(UNCHANGED, workloads))
    unchanged = sum(_tell(operator, _later(created(number))) for number in again) / len(again)
    began = time.process_time()
    operator._look_at_everything()
    planned = time.process_time() - began
    workers = [asyncio.create_task(operator.reconciler.work()) for _ in range(8)]
    await operator.queue.idle()
    operator.queue.close()
    await asyncio.wait(workers, timeout=1)
    drained = time.process_time() - began - writer.seconds
    _check(operator, workloads)
    echoed = sum(_tell(operator, _echo(workload)) for workload in list(operator.fleet))
    gc.collect()
    paused = process.resident_kib(os.getpid()) - held
    report.add(section, "read a workload", listed / workloads * 1e6, "µs")
    report.add(section, "an event that changes nothing for us", unchanged * 1e6, "µs", target=at_most(60))
    report.add(section, "the event of an own write", echoed / workloads * 1e6, "µs")
    report.add(section, "plan the whole transition", planned, "s")
    report.add(section, "decide, plan and note one", drained / workloads * 1e6, "µs")
    report.add(section, "memory a workload, syncing", idle / workloads, "KiB", target=at_most(1))
    report.add(section, "memory a workload, paused", paused / workloads, "KiB", target=at_most(1))


def _open_window(operator: Operator) -> None:
    spec = ClusterPolicySpec.model_validate({**load.SUMMER, "windows": load.OPEN})
    policy = Policy.of(PolicyRef("", load.POLICY), spec, load_zone(spec.time_zone))
    names = [load.namespace_of(number) for number in range(load.NAMESPACES)]
    operator.intake.world = World({policy.ref: policy}, {name: Namespace(name) for name in names})
    operator.intake._changed_at[policy.ref] = datetime.now(UTC)


def _check(operator: Operator, workloads: int) -> None:
    stopped = sum(workload.stopped and workload.marked for workload in operator.fleet)
    if stopped != workloads:
        raise RuntimeError(f"{stopped} of {workloads} workloads are paused")


def _later(of: Object) -> bytes:
    """The same with a new version: a run of it has begun, say."""
    of["metadata"]["resourceVersion"] = str(int(of["metadata"]["resourceVersion"]) + LATER)
    return event(of)


def _echo(workload: Workload) -> bytes:
    """The watch tells what the answer has told."""
    version = int(workload.resource_version)
    spec = {"suspend": True, "startingDeadlineSeconds": 0}
    told = body(
        workload.key, workload.uid, version, workload.labels, annotations=workload.annotations, spec=spec
    )
    return event(told)


def _tell(operator: Operator, line: bytes) -> float:
    """CPU seconds of one event."""
    informer = operator.informers[0]
    began = time.process_time()
    informer._take(decode_event(informer._source.decode_one, line))
    return time.process_time() - began
