"""docs/reliability.md, written from a run."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import sections
from chaos.results import Table
from chaos.stage import SYNC_SECONDS

HEAD = """# Reliability

Written by `make chaos` ({day}: {minutes:.0f} minutes on {cores} cores, {machine}). The same again:

    CHAOS_SEED={seed} make chaos

Everything is real but the fault: etcd, API server, CronJob controller, scheduler, the operator's process. A
proxy lets the wire fail. An observer without the operator's code watches the API server and checks that

1. no Job that was scheduled while its CronJob was paused gets to run to its end (a sync takes {sync} s here);
2. every paused workload carries what it takes to restore it, at every moment;
3. after the window every spec is what its owner last wanted, field for field, with no trace left;
4. nothing without the school label is written by the operator;
5. every write of the operator names the version of the object that it was planned on: two writers never
   interleave.

A violation is a broken promise. `tried` counts faults, or cases for the calendar.

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
