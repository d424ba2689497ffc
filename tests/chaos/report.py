"""docs/explanation/reliability.md, written from a run."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import sections
from chaos.results import Table
from chaos.stage import SYNC_SECONDS

HEAD = """# Reliability

`make chaos` wrote this page ({day}: {minutes:.0f} minutes on {cores} cores, {machine}). To repeat that run:

    CHAOS_SEED={seed} make chaos

Everything is real but the fault: etcd, API server, CronJob controller, scheduler, and the operator's process.
A proxy makes connections fail. An observer that shares no code with the operator watches the API server and
checks five rules:

1. No Job that was scheduled while its CronJob was paused runs to its end (a sync takes {sync} s here).
2. Every paused workload has its restore state, at every moment.
3. After the window, every spec is what its owner last wanted, field for field, and no mark is left.
4. The operator writes nothing that lacks the school label.
5. Every write of the operator names the version of the object that it was planned on, so two writers never
   interleave.

A violation is a broken rule. `tests` counts faults; in the areas `intent` and `calendar` it counts cases.
`budget` is the number of corrections of one workload that the operator's
[budget for drift](architecture.md#a-client-changes-a-paused-workload) allows.

"""


def write(path: Path, table: Table, seed: int, seconds: float) -> None:
    """Write the page anew, but for the sections that other runs write."""
    head = HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        minutes=seconds / 60,
        cores=os.cpu_count(),
        machine=platform.machine(),
        seed=seed,
        sync=SYNC_SECONDS,
    )
    sections.write_beginning(path, head + table.markdown())
