"""Descriptions of workloads, the same in every command."""

from __future__ import annotations

from typing import Any

from syncpause.api import names
from syncpause.domain.change import restore
from syncpause.domain.change.restore import Values
from syncpause.domain.sentences import plural
from syncpause.domain.workload import CronJob, Deployment, Workload


def describe(workload: Workload) -> str:
    """The current state of a workload, and for a paused one the state that it returns to."""
    if workload.marked:
        state = f"paused{_since(workload)}{_by(workload)}{_still(workload)}"
        return f"{state}; goes back to {goes_back_to(workload)}"
    if isinstance(workload, CronJob):
        return "suspended by its owner" if workload.suspend else f"syncs on its schedule{_still(workload)}"
    if isinstance(workload, Deployment):
        return "scaled to 0 by its owner" if workload.replicas == 0 else plural(workload.replicas, "replica")
    return ""


def goes_back_to(workload: Workload) -> str:
    """The restore state, as ``suspend=false, startingDeadlineSeconds=600``."""
    return restore.as_copy(workload).replace(" ", ", ") or "the state in its school's status"


def in_words(values: Values) -> str:
    """Values of a spec, as ``suspend=false, startingDeadlineSeconds=600``."""
    return restore.text_of(values).replace(" ", ", ")


def as_json(workload: Workload) -> dict[str, Any]:
    """A workload in structured output."""
    return {
        "kind": str(workload.kind),
        "name": workload.name,
        "application": workload.application,
        "paused": workload.marked,
        "pausedAt": workload.annotations.get(names.PAUSED_AT),
        "pausedBy": workload.annotations.get(names.PAUSED_BY),
        "running": workload.running,
        "restore": restore.stored(workload) if workload.marked else None,
    }


def _since(workload: Workload) -> str:
    return f" since {workload.paused_at:%Y-%m-%d %H:%M} UTC" if workload.paused_at else ""


def _by(workload: Workload) -> str:
    by = workload.annotations.get(names.PAUSED_BY)
    return f" by {by}" if by else ""


def _still(workload: Workload) -> str:
    if not workload.running:
        return ""
    thing = "Job" if isinstance(workload, CronJob) else "Pod"
    still = "still running" if workload.marked else "running"
    return f", {plural(workload.running, thing)} {still}"
