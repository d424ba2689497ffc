"""Finding out what a workload must go back to when its restore annotations were lost."""

from __future__ import annotations

from typing import Any

import structlog

from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workloads import School, WorkloadCache
from syncpause.domain.change import restore
from syncpause.domain.change.managers import managers_of_spec
from syncpause.domain.change.restore import Values
from syncpause.domain.workload import Workload
from syncpause.kube.workloads import Workloads

FROM_SCHOOL = "the copy in its school's status"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

log = structlog.get_logger()


async def lost_values(
    workload: Workload, workload_cache: WorkloadCache, book: SchoolCache, workloads: Workloads
) -> tuple[Values, str] | None:
    """The values to restore and where they come from; None where nothing was lost.

    First what this process saw before they were stripped, then the copy in the school's status, then
    kubectl's last-applied-configuration, then running with one replica and no deadline.
    """
    if not restore.missing(workload) and (workload.marked or not workload.stopped):
        return None
    defaults = restore.DEFAULTS[workload.kind]
    remembered = workload_cache.remembered(workload)
    if set(remembered) == set(defaults):
        return remembered, "what this operator saw before they were stripped"
    copy = await book.copy_of(School(workload.namespace, workload.school), workload.short_name)
    copied = restore.from_copy(workload.kind, copy)
    if workload.marked and copied:
        return copied, FROM_SCHOOL
    if not workload.marked and not restore.may_be_stripped(workload, copied):
        return None
    whole = await workloads.get_object(workload.key)
    if workload.marked:
        return _from_outside(workload, whole)
    return (copied, FROM_SCHOOL) if restore.stripped(workload, copied, managers_of_spec(whole)) else None


def _from_outside(workload: Workload, whole: dict[str, Any]) -> tuple[Values, str]:
    defaults = restore.DEFAULTS[workload.kind]
    applied = whole.get("metadata", {}).get("annotations", {}).get(_LAST_APPLIED)
    found = restore.from_last_applied(workload.kind, applied) if applied else {}
    if found:
        return {**defaults, **found}, "kubectl's last-applied-configuration"
    return defaults, "the defaults: not suspended, no deadline, 1 replica"
