"""The same transition at growing numbers of workloads: does one more cost what the first did?"""

from __future__ import annotations

import asyncio
import json

from bench import load, process
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from bench.scaling import Units, compute
from bench.start import imports
from bench.transition import Measured, measure
from chaos.api import collection


async def grow(ground: Ground) -> None:
    """From no workload to each larger number."""
    present = 0
    costs: dict[int, float] = {}
    held: dict[int, float] = {}
    await _base(ground)
    for workloads in ground.size.growth:
        await load.cron_jobs(ground.api, range(present // load.EACH, workloads // load.EACH))
        present = workloads
        async with ground.operator(*UNBOUND) as operator:
            await ground.rest()
            pause = await measure(ground, operator, load.OPEN)
            resume = await measure(ground, operator, [])
            await asyncio.sleep(ground.size.idle_connections_seconds)
            held[workloads] = process.resident_kib(operator.pid)
        costs[workloads] = (pause.cpu + resume.cpu) / workloads
        _tell(ground, f"growth, {workloads:,}", workloads, pause, resume=resume)
        add, section = ground.report.add, f"growth, {workloads:,}"
        add(section, "start to synced", operator.synced_after, "s")
        add(section, "memory afterwards", held[workloads] / 1024, "MiB")
    further, size = _compare(ground, costs, held), await _object_bytes(ground)
    compute(Units(present, load.EACH, pause, resume, held[present], further, size), ground.report)


async def _object_bytes(ground: Ground) -> int:
    """A CronJob as the API server sends it."""
    path = f"{collection('cronjobs', load.namespace_of(0))}/school-0-sync-0"
    return len(json.dumps(await ground.api.get(path), separators=(",", ":")))


async def _base(ground: Ground) -> None:
    """An operator with nothing to do, beside its imports alone."""
    async with ground.operator() as operator:
        await ground.rest()
        await asyncio.sleep(ground.size.idle_connections_seconds)
        base = process.resident_kib(operator.pid)
    _, imported = imports()
    add, told = ground.report.add, f"{base / 1024:.0f} MiB, and {imported / 1024:.0f} MiB"
    name = "memory without workloads, to that of the imports alone"
    add("growth", name, base / imported, target=at_most(1), binding=True, note=told)


def _tell(ground: Ground, section: str, workloads: int, pause: Measured, *, resume: Measured) -> None:
    add = ground.report.add
    for what, seen in (("pause", pause), ("resume", resume)):
        add(section, f"{what}: PATCH/s", seen.rate, "/s")
        add(section, f"{what}: CPU a workload", seen.cpu / workloads * 1e6, "µs")
        add(section, f"{what}: CPU of the API server a workload", seen.apiserver / workloads * 1e3, "ms")
        add(section, f"{what}: CPU of etcd a workload", seen.etcd / workloads * 1e3, "ms")
        add(section, f"{what}: etcd grows, a workload", seen.database / workloads / 1024, "KiB")
    add(section, "peak memory", max(pause.peak_mib, resume.peak_mib), "MiB")


def _compare(ground: Ground, costs: dict[int, float], held: dict[int, float]) -> float:
    """Adds the figures; returns the memory of a further workload (KiB)."""
    smallest, largest = min(costs), max(costs)
    add = ground.report.add
    name = f"CPU a workload, {largest:,} to {smallest:,}"
    add("growth", name, costs[largest] / costs[smallest], target=at_most(1.15), binding=True)
    memory = (held[largest] - held[smallest]) / (largest - smallest)
    name = "memory a further workload, SchoolSyncs included"
    add("growth", name, memory, "KiB", target=at_most(1), binding=True)
    return memory
