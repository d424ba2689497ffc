"""Finding out what a workload must go back to when its restore annotations were lost."""

from __future__ import annotations

import structlog

from syncpause.controller.fleet import Fleet
from syncpause.domain import restore
from syncpause.domain.restore import Values
from syncpause.domain.workload import Workload
from syncpause.kube.workloads import Workloads

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

log = structlog.get_logger()


async def lost_values(workload: Workload, fleet: Fleet, workloads: Workloads) -> tuple[Values, str] | None:
    """The values to restore and where they come from; None where nothing was lost.

    First what this process saw before they were stripped, then kubectl's last-applied-configuration,
    then running with one replica and no deadline.
    """
    remembered = fleet.remembered(workload)
    stripped = not workload.marked and workload.stopped and bool(remembered)
    if not stripped and not restore.missing(workload):
        return None
    defaults = restore.DEFAULTS[workload.kind]
    if set(remembered) == set(defaults):
        return remembered, "what this operator saw before they were stripped"
    whole = await workloads.get_object(workload.key)
    applied = whole.get("metadata", {}).get("annotations", {}).get(_LAST_APPLIED)
    if applied:
        found = restore.from_last_applied(workload.kind, applied)
        if found:
            return {**defaults, **found}, "kubectl's last-applied-configuration"
    return defaults, "the defaults: not suspended, no deadline, 1 replica"
