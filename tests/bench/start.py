"""How long it takes to be there: imports, a cold start, and a standby that takes over."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench import load
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from bench.subject import ROOT, SYNCED
from bench.transition import lateness

SECTION = "start"
IMPORTS = (
    "import syncpause.__main__, syncpause.handlers, syncpause.controller.health, "
    "syncpause.controller.operator, syncpause.logs"
)
LEASE = ("--leader-elect", "--lease-name", "bench")


async def cold(ground: Ground) -> None:
    """From the process's start to its first decision, everything listed."""
    loads, starts = [], []
    for _ in range(ground.size.rounds):
        loads.append(imports()[0])
        operator = ground.operator()
        await operator.start()
        starts.append(await operator.until(SYNCED))
        await operator.stop()
    add = ground.report.add
    add(SECTION, "imports", statistics.median(loads), "s", target=at_most(2))
    beyond = [start - once for start, once in zip(starts, loads, strict=True)]
    name = f"to synced with {ground.size.workloads:,} workloads, beyond the imports"
    add(SECTION, name, statistics.median(beyond), "s", target=at_most(2))


async def failover(ground: Ground) -> None:
    """The leader is killed in the middle of a transition; then when does the standby write?"""
    seconds = []
    for number in range(ground.size.rounds):
        leader, standby = ground.operator(*UNBOUND, *LEASE), ground.operator(*UNBOUND, *LEASE)
        await leader.start()
        await leader.until(SYNCED)
        await standby.start()
        await ground.rest()
        audit = ground.audit()
        await load.policy(ground.api, [] if number % 2 else load.OPEN)
        await audit.until(ground.size.workloads // 10)
        await leader.kill()
        killed = time.time()
        audit.read()
        after = ground.audit()
        await standby.until(SYNCED)
        await ground.rest(after)
        seconds.append(lateness(after.read(), killed))
        await standby.stop()
    ground.report.add(
        SECTION, "leader killed: first write of the standby", max(seconds), "s", target=at_most(20)
    )
    async with ground.operator(*UNBOUND):
        await load.policy(ground.api, [])
        await ground.rest()


def imports() -> tuple[float, int]:
    """Seconds and KiB of a process that imports what the operator does, and ends."""
    began = time.monotonic()
    command = (
        f"{IMPORTS}\nprint(next(line.split()[1] for line in open('/proc/self/status') if 'VmRSS' in line))"
    )
    done = subprocess.run(
        [sys.executable, "-c", command],
        check=True,
        env={"PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
    )
    return time.monotonic() - began, int(done.stdout)
