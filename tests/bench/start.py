"""How long it takes to be there: imports, a cold start, and a standby that takes over."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench import load
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from bench.subject import ROOT
from bench.transition import lateness

SECTION = "start"
IMPORTS = (
    "import syncpause.handlers, syncpause.controller.health, syncpause.controller.operator, syncpause.logs"
)
LEASE = ("--leader-elect", "--lease-name", "bench")


async def cold(ground: Ground) -> None:
    """From the process's start to its first decision, everything listed."""
    imports, starts = [], []
    for _ in range(ground.size.rounds):
        imports.append(_import_seconds())
        operator = ground.operator()
        await operator.start()
        starts.append(await operator.until("synced and leading"))
        await operator.stop()
    add = ground.report.add
    add(SECTION, "imports", statistics.median(imports), "s", target=at_most(2))
    beyond = [start - once for start, once in zip(starts, imports, strict=True)]
    name = f"to synced with {ground.size.workloads:,} workloads, beyond the imports"
    add(SECTION, name, statistics.median(beyond), "s", target=at_most(2))


async def failover(ground: Ground) -> None:
    """The leader is killed in the middle of a transition; then when does the standby write?"""
    seconds = []
    for number in range(ground.size.rounds):
        leader, standby = ground.operator(*UNBOUND, *LEASE), ground.operator(*UNBOUND, *LEASE)
        await leader.start()
        await leader.until("synced and leading")
        await standby.start()
        await ground.rest()
        audit = ground.audit()
        await load.policy(ground.api, [] if number % 2 else load.OPEN)
        await audit.until(ground.size.workloads // 10)
        await leader.kill()
        killed = time.time()
        audit.read()
        after = ground.audit()
        await standby.until("synced and leading")
        await ground.rest(after)
        seconds.append(lateness(after.read(), killed))
        await standby.stop()
    ground.report.add(
        SECTION, "leader killed: first write of the standby", max(seconds), "s", target=at_most(20)
    )
    async with ground.operator(*UNBOUND):
        await load.policy(ground.api, [])
        await ground.rest()


def _import_seconds() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, env={"PYTHONPATH": str(ROOT / "operator")})
    return time.monotonic() - began
