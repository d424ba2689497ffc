"""Counts of the schools and workloads of a policy, by phase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from syncpause.api.status import Counts, Summary, WorkloadCounts
from syncpause.domain.sentences import plural
from syncpause.domain.status.phase import Phase, WorkloadState
from syncpause.domain.workload import Key, Kind

StatesByKey = Mapping[Key, WorkloadState]


def count(states: StatesByKey) -> WorkloadCounts:
    """Return the counts of schools and of the workloads of each kind."""
    of_kind: dict[Kind, list[Phase]] = {kind: [] for kind in Kind}
    of_school: dict[tuple[str, str], list[Phase]] = defaultdict(list)
    for key, state in states.items():
        of_kind[key.kind].append(state.phase)
        of_school[key.namespace, state.school].append(state.phase)
    return WorkloadCounts(
        schools=_counts([_school_phase(phases) for phases in of_school.values()]),
        cron_jobs=_counts(of_kind[Kind.CRON_JOB]),
        deployments=_counts(of_kind[Kind.DEPLOYMENT]),
    )


def summarize(counts: WorkloadCounts) -> Summary:
    """Return the counts as kubectl columns: ``paused/all`` without exempt workloads."""
    return Summary(
        schools=str(counts.schools.governed),
        cron_jobs=_ratio(counts.cron_jobs),
        deployments=_ratio(counts.deployments),
    )


def describe(counts: WorkloadCounts, field: str) -> str:
    """Return one field of the counts in words, such as ``6 CronJobs and 2 Deployments of 2 schools``."""
    parts = [
        plural(getattr(counts.cron_jobs, field), "CronJob"),
        plural(getattr(counts.deployments, field), "Deployment"),
    ]
    schools = getattr(counts.schools, field)
    some = [part for part in parts if not part.startswith("0 ")] or ["no workload"]
    return " and ".join(some) + (f" of {plural(schools, 'school')}" if schools else "")


def _ratio(counts: Counts) -> str:
    return f"{counts.paused}/{counts.governed - counts.exempt}"


def _counts(phases: Collection[Phase]) -> Counts:
    counts = dict.fromkeys(Phase, 0)
    for phase in phases:
        counts[phase] += 1
    return Counts(
        governed=len(phases),
        paused=counts[Phase.PAUSED],
        pausing=counts[Phase.PAUSING],
        exempt=counts[Phase.EXEMPT],
        held=counts[Phase.HELD],
    )


def _school_phase(phases: Collection[Phase]) -> Phase:
    """A school is paused when all of it is, exempt applications aside."""
    for phase in (Phase.HELD, Phase.PAUSING, Phase.RESUMING, Phase.PAUSED, Phase.EXEMPT):
        if phase in phases:
            return phase
    return Phase.SYNCING
