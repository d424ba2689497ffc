"""What a cluster too large to measure here would need, from the unit costs of the largest that was."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import Report
from bench.transition import Measured
from syncpause.settings import Settings

WORKLOADS, SCHOOLS = 300_000, 100_000
SPREAD_SECONDS = 2 * 3600.0
"""``resumeSpread: 2h``."""
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Units:
    """Costs measured at ``workloads``, so many ``a_school``.

    Memory is ``held_kib`` there and ``further_kib`` for one more; ``object_bytes`` is one event of a watch.
    """

    workloads: int
    a_school: int
    pause: Measured
    resume: Measured
    held_kib: float
    further_kib: float
    object_bytes: int

    def scaled(self, total: float) -> float:
        """What was measured for all of them, for the larger number."""
        return total / self.workloads * WORKLOADS


def compute(units: Units, report: Report) -> None:
    """Add the figures. A school costs a status and an Event, beside its workloads."""
    for what, seen in (("pause", units.pause), ("resume", units.resume)):
        _transition(units, report, what, seen)
    add, section = report.add, _section()
    spread = (units.scaled(units.resume.sent) + 2 * SCHOOLS) / SPREAD_SECONDS
    add(section, "resume with resumeSpread 2h", spread, "writes/s")
    memory = units.held_kib + units.further_kib * (WORKLOADS - units.workloads)
    note = f"from schools of {units.a_school} workloads; here they have {WORKLOADS / SCHOOLS:.0f}"
    add(section, "memory of the operator", memory / 1024, "MiB", note=note)


def _transition(units: Units, report: Report, what: str, seen: Measured) -> None:
    add, section = report.add, _section()
    writes = units.scaled(seen.sent)
    total, bound = writes + 2 * SCHOOLS, Settings().writes_per_second
    add(section, f"{what}: writes, of workloads, statuses and Events", total)
    add(section, f"{what}: at the default bound", total / bound / 60, "min")
    add(section, f"{what}: without it, on two cores", total / seen.rate / 60, "min")
    for whom, seconds in (
        ("the API server", seen.apiserver),
        ("etcd", seen.etcd),
        ("the operator", seen.cpu),
    ):
        add(section, f"{what}: CPU of {whom}", units.scaled(seconds) / 60, "core-min")
    add(section, f"{what}: etcd grows until it is compacted", units.scaled(seen.database) / MIB, "MiB")
    add(section, f"{what}: sent to each watch", writes * units.object_bytes / MIB, "MiB")


def _section() -> str:
    return f"computed: {WORKLOADS:,} workloads of {SCHOOLS:,} schools"
