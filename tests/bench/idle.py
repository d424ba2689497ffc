"""What it costs while nothing is to be done, and what an event costs that is none of its business."""

from __future__ import annotations

import asyncio
import time

from bench import load, process
from bench.audit import kinds
from bench.figures import at_most
from bench.ground import Ground
from bench.start import LEASE
from chaos.api import collection

EVENTS_PER_SECOND = 500


async def nothing_happens(ground: Ground) -> None:
    """Everything is paused, and the nodes report as they always do."""
    seconds = ground.size.idle_seconds
    async with ground.operator(*LEASE) as operator:
        await ground.rest()
        await asyncio.sleep(2 * ground.size.rest_seconds)
        audit, used, held = ground.audit(), operator.cpu, process.resident_kib(operator.pid)
        await asyncio.sleep(seconds)
        asked = [each for each in audit.read() if each.verb != "watch" and each.resource != "leases"]
        add, section = ground.report.add, f"idle for {seconds} s"
        listed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds(asked).items()))
        add(
            section,
            "requests beyond watches and lease",
            len(asked),
            target=at_most(0),
            binding=True,
            note=listed,
        )
        add(section, "CPU", 100 * (operator.cpu - used) / seconds, "%", target=at_most(0.2))
        grown = process.resident_kib(operator.pid) - held
        add(section, "memory grows by", grown / 1024, "MiB")


async def nothing_for_us(ground: Ground) -> None:
    """Each CronJob's status is updated, as the CronJob controller does after a run."""
    async with ground.operator(*LEASE) as operator:
        await ground.rest()
        await _churn(ground, operator.pid)


async def _churn(ground: Ground, pid: int) -> None:
    seconds = ground.size.churn_seconds
    before = process.cpu_seconds(pid)
    began, sent = time.monotonic(), 0
    pending: set[asyncio.Task[None]] = set()
    while time.monotonic() - began < seconds:
        due = int((time.monotonic() - began) * EVENTS_PER_SECOND) - sent
        for _ in range(min(due, 64 - len(pending))):
            task = asyncio.create_task(_status(ground, sent))
            pending.add(task)
            task.add_done_callback(pending.discard)
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*pending)
    rate = sent / (time.monotonic() - began)
    await asyncio.sleep(1)
    cost = (process.cpu_seconds(pid) - before) / sent
    note = f"{sent:,} events, {rate:.0f}/s"
    section = "an event that changes nothing for us"
    ground.report.add(section, "CPU", cost * 1e6, "µs", target=at_most(60), note=note)


async def _status(ground: Ground, number: int) -> None:
    school, which = divmod(number % ground.size.workloads, load.EACH)
    path = f"{collection('cronjobs', load.namespace_of(school))}/school-{school}-sync-{which}/status"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + number))
    await ground.api.patch(path, {"status": {"lastSuccessfulTime": stamp}})
