"""Finds the values to restore a workload to when its restore annotations were lost."""

from __future__ import annotations

from typing import Any

from syncpause.controller.context import Context
from syncpause.domain.change import restore
from syncpause.domain.change.managers import managers_of_spec
from syncpause.domain.change.restore import Values
from syncpause.domain.school import School
from syncpause.domain.workload import Workload
from syncpause.kube.workloads import Workloads

FROM_SCHOOL = "the copy in its school's status"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


async def lost_values(context: Context, api: Workloads, workload: Workload) -> tuple[Values, str] | None:
    """The values to restore and a phrase for their source; None where nothing was lost. Raises ApiError.

    The sources, best first: what this process saw before the annotations were removed, the copy in the
    school's status, kubectl's last-applied-configuration, and the defaults (running, one replica, no
    deadline).
    """
    if not restore.is_incomplete(workload) and (workload.marked or not workload.stopped):
        return None
    remembered = context.workloads.remembered(workload)
    if set(remembered) == set(restore.DEFAULTS[workload.kind]):
        return remembered, "what this operator saw before they were stripped"
    copy = await context.schools.restore_copy(School.of(workload), workload.short_name)
    copied = restore.from_copy(workload.kind, copy)
    if workload.marked and copied:
        return copied, FROM_SCHOOL
    if not workload.marked and not restore.looks_stripped(workload, copied):
        return None
    whole = await api.get_object(workload.key)
    if workload.marked:
        return _from_object(workload, whole)
    return (copied, FROM_SCHOOL) if restore.was_stripped(workload, copied, managers_of_spec(whole)) else None


def _from_object(workload: Workload, whole: dict[str, Any]) -> tuple[Values, str]:
    defaults = restore.DEFAULTS[workload.kind]
    applied = whole.get("metadata", {}).get("annotations", {}).get(_LAST_APPLIED)
    found = restore.from_last_applied(workload.kind, applied) if applied else {}
    if found:
        return {**defaults, **found}, "kubectl's last-applied-configuration"
    return defaults, "the defaults: not suspended, no deadline, 1 replica"
