"""Finds the values to restore a workload to when its restore annotations were lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from syncpause.api import names
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
    """`recover`, from what this process saw before the annotations were removed, or from `SchoolCache`."""
    remembered = context.workloads.remembered(workload)
    if set(remembered) == set(restore.DEFAULTS[workload.kind]) and _may_be_lost(workload):
        return remembered, "what this operator saw before they were stripped"
    return await recover(
        api, workload, lambda: context.schools.restore_copy(School.of(workload), workload.short_name)
    )


async def recover(
    api: Workloads, workload: Workload, read_copy: Callable[[], Awaitable[str]]
) -> tuple[Values, str] | None:
    """The values to restore and a phrase for their source; None where nothing was lost. Raises ApiError.

    The sources, best first: the copy in the school's status, kubectl's last-applied-configuration, and the
    defaults (running, one replica, no deadline). ``read_copy`` returns the copy, "" for none.
    """
    if not _may_be_lost(workload):
        return None
    copied = restore.from_copy(workload.kind, await read_copy())
    if workload.marked and copied:
        return copied, FROM_SCHOOL
    if not workload.marked and not restore.looks_stripped(workload, copied):
        return None
    whole = await api.get_object(workload.key)
    if workload.marked:
        return _from_object(workload, whole)
    return (copied, FROM_SCHOOL) if restore.was_stripped(workload, copied, managers_of_spec(whole)) else None


def _may_be_lost(workload: Workload) -> bool:
    return restore.is_incomplete(workload) or (workload.stopped and not workload.marked)


def _from_object(workload: Workload, whole: dict[str, Any]) -> tuple[Values, str]:
    managers = managers_of_spec(whole)
    paused_by_us = any(names.FIELD_MANAGER in managers[field] for field in restore.PAUSED[workload.kind])
    if not workload.school and not paused_by_us:
        return restore.current(workload), "its own spec, which no pause has changed"
    defaults = restore.DEFAULTS[workload.kind]
    applied = whole.get("metadata", {}).get("annotations", {}).get(_LAST_APPLIED)
    found = restore.from_last_applied(workload.kind, applied) if applied else {}
    if found:
        return {**defaults, **found}, "kubectl's last-applied-configuration"
    return defaults, "the defaults: not suspended, no deadline, 1 replica"
