"""Restore state: the values that a resume puts back, in annotations that a person can read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from syncpause.api import names
from syncpause.domain.workload import CronJob, Deployment, Kind, Workload

Values = dict[str, Any]
"""The fields of a spec that a pause changes, with their values; None stands for an absent field."""

PAUSED: dict[Kind, Values] = {
    Kind.CRON_JOB: {"suspend": True, "startingDeadlineSeconds": 0},
    Kind.DEPLOYMENT: {"replicas": 0},
}
DEFAULTS: dict[Kind, Values] = {
    Kind.CRON_JOB: {"suspend": False, "startingDeadlineSeconds": None},
    Kind.DEPLOYMENT: {"replicas": 1},
}
_ANNOTATIONS = {
    "suspend": names.RESTORE_SUSPEND,
    "startingDeadlineSeconds": names.RESTORE_DEADLINE,
    "replicas": names.RESTORE_REPLICAS,
}
_MAX_INT = 2**31 - 1


def current(workload: Workload) -> Values:
    """Return the values in the workload's spec. Raises TypeError for another kind."""
    match workload:
        case CronJob():
            return {"suspend": workload.suspend, "startingDeadlineSeconds": workload.deadline}
        case Deployment():
            return {"replicas": workload.replicas}
        case _:
            raise TypeError(f"{workload.key} is neither a CronJob nor a Deployment")


def stored(workload: Workload) -> Values:
    """Return the values in the workload's restore annotations, without missing or invalid ones."""
    return read(workload.kind, workload.annotations)


def read(kind: Kind, annotations: Mapping[str, str]) -> Values:
    """Return the values in the restore annotations of a kind, without missing or invalid ones."""
    values: Values = {}
    for field in PAUSED[kind]:
        text = annotations.get(_ANNOTATIONS[field])
        if text is None:
            continue
        if field == "suspend":
            if text in ("true", "false"):
                values[field] = text == "true"
        elif field == "startingDeadlineSeconds" and text == names.NO_DEADLINE:
            values[field] = None
        elif text.isascii() and text.isdigit() and int(text) <= _MAX_INT:
            values[field] = int(text)
    return values


def as_annotations(values: Values) -> dict[str, str]:
    """Return the values as restore annotations."""
    return {_ANNOTATIONS[field]: _text(value) for field, value in values.items()}


def as_copy(workload: Workload) -> str:
    """Return the restore state as ``field=value`` pairs, for the copy in the status of a SchoolSync."""
    return text_of(stored(workload))


def text_of(values: Values) -> str:
    """Return the values as ``field=value`` pairs."""
    return " ".join(f"{field}={_text(value)}" for field, value in values.items())


def from_copy(kind: Kind, copy: str) -> Values:
    """Return the values in a copy that `as_copy` made; empty if any is missing or invalid."""
    fields = dict(part.split("=", 1) for part in copy.split() if "=" in part)
    values = read(
        kind, {_ANNOTATIONS[field]: text for field, text in fields.items() if field in _ANNOTATIONS}
    )
    return values if set(values) == set(PAUSED[kind]) else {}


def looks_stripped(workload: Workload, copy: Values) -> bool:
    """Whether all marks of the workload may have been removed while it was paused, by its own fields alone.

    ``copy`` holds the values of the copy in its school's status.
    """
    return bool(copy) and not workload.marked and workload.stopped and copy != current(workload)


def was_stripped(workload: Workload, copy: Values, managers: Mapping[str, Collection[str]]) -> bool:
    """Whether all marks of the workload were removed while it was paused.

    ``managers`` holds the managers of each field of the spec. The operator still manages the fields that a
    pause changed. If an owner resumed the workload and then stopped it, the owner manages them.
    """
    changed = [field for field, value in current(workload).items() if copy.get(field) != value]
    return looks_stripped(workload, copy) and all(
        names.FIELD_MANAGER in managers.get(field, ()) for field in changed
    )


def _text(value: bool | int | None) -> str:
    if value is None:
        return names.NO_DEADLINE
    return str(value).lower()


def is_incomplete(workload: Workload) -> bool:
    """Whether a paused workload has lost any of its restore values."""
    return workload.marked and len(stored(workload)) < len(PAUSED[workload.kind])


def from_last_applied(workload_kind: Kind, applied: str) -> Values:
    """Return the valid values in kubectl's last-applied-configuration; empty if that cannot be parsed.

    A field that is not applied has the default of Kubernetes: no deadline, not suspended, one replica.
    """
    try:
        spec = json.loads(applied)["spec"]
    except (ValueError, KeyError, TypeError):
        return {}
    if not isinstance(spec, dict):
        return {}
    found = {field: spec.get(field, DEFAULTS[workload_kind][field]) for field in PAUSED[workload_kind]}
    return {field: value for field, value in found.items() if _is_valid(field, value)}


def _is_valid(field: str, value: object) -> bool:
    if field == "suspend":
        return isinstance(value, bool)
    if field == "startingDeadlineSeconds" and value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT
