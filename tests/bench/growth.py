"""The same transition at growing numbers of workloads: does one more cost what the first did?"""

from __future__ import annotations

from bench import load, process
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from bench.transition import Measured, measure

SECTION = "growth"


async def grow(ground: Ground) -> None:
    """From no workload to each larger number."""
    present = 0
    costs: dict[int, float] = {}
    idle: dict[int, float] = {}
    for workloads in ground.size.growth:
        await load.cron_jobs(ground.api, range(present // load.EACH, workloads // load.EACH))
        present = workloads
        async with ground.operator(*UNBOUND) as operator:
            await ground.rest()
            pause = await measure(ground, operator, load.OPEN)
            resume = await measure(ground, operator, [])
            idle[workloads] = process.resident_kib(operator.pid)
        costs[workloads] = (pause.cpu + resume.cpu) / workloads
        _tell(ground, workloads, pause, resume)
    smallest, largest = min(costs), max(costs)
    flat = costs[largest] / costs[smallest]
    name = f"CPU a workload, {largest:,} to {smallest:,}"
    ground.report.add(SECTION, name, flat, target=at_most(1.15), binding=True)
    memory = (idle[largest] - idle[smallest]) / (largest - smallest)
    ground.report.add(
        SECTION,
        "memory a further workload, school lines included",
        memory,
        "KiB",
        target=at_most(1),
        binding=True,
    )


def _tell(ground: Ground, workloads: int, pause: Measured, resume: Measured) -> None:
    add, section = ground.report.add, f"growth, {workloads:,}"
    for what, seen in (("pause", pause), ("resume", resume)):
        add(section, f"{what}: PATCH/s", seen.rate, "/s")
        add(section, f"{what}: CPU a workload", seen.cpu / workloads * 1e6, "µs")
        add(section, f"{what}: CPU of the API server a workload", seen.apiserver / workloads * 1e3, "ms")
        add(section, f"{what}: CPU of etcd a workload", seen.etcd / workloads * 1e3, "ms")
        add(section, f"{what}: etcd grows, a workload", seen.database / workloads / 1024, "KiB")
    add(section, "peak memory", max(pause.peak_mib, resume.peak_mib), "MiB")
