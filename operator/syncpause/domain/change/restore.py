"""Restore state: what a workload must be put back to, as annotations that a person can read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from syncpause.api import names
from syncpause.domain.workload import CronJob, Deployment, Kind, Workload

Values = dict[str, Any]
"""The fields of a spec that a pause changes, with the values to put back; None removes the field."""

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
    """The values as they stand in the workload's spec."""
    match workload:
        case CronJob():
            return {"suspend": workload.suspend, "startingDeadlineSeconds": workload.deadline}
        case Deployment():
            return {"replicas": workload.replicas}
        case _:
            raise TypeError(f"{workload.key} is of no kind that is paused")


def stored(workload: Workload) -> Values:
    """The values in the restore annotations, without those that are missing or unreadable."""
    return read(workload.kind, workload.annotations)


def read(kind: Kind, annotations: Mapping[str, str]) -> Values:
    """Read the restore annotations of a kind, and nothing that would not be a valid value of the field."""
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
    """The values as annotations."""
    return {_ANNOTATIONS[field]: _text(value) for field, value in values.items()}


def as_copy(workload: Workload) -> str:
    """The restore state as its copy in the school's status is written: on one line, for people too."""
    return " ".join(f"{field}={_text(value)}" for field, value in stored(workload).items())


def from_copy(kind: Kind, copy: str) -> Values:
    """The values in such a copy; none where any is missing or unreadable."""
    fields = dict(part.split("=", 1) for part in copy.split() if "=" in part)
    values = read(
        kind, {_ANNOTATIONS[field]: text for field, text in fields.items() if field in _ANNOTATIONS}
    )
    return values if set(values) == set(PAUSED[kind]) else {}


def may_be_stripped(workload: Workload, copy: Values) -> bool:
    """Whether a workload looks as one whose marks were taken off while it was paused, all of them."""
    return bool(copy) and not workload.marked and workload.stopped and copy != current(workload)


def stripped(workload: Workload, copy: Values, managers: Mapping[str, Collection[str]]) -> bool:
    """Whether it is one indeed: then what stops it is still what the operator wrote.

    ``managers`` names for each field of the spec who set it last. Who resumed the workload and stopped it
    again, for it is theirs to stop, owns the field instead.
    """
    changed = [field for field, value in current(workload).items() if copy.get(field) != value]
    return may_be_stripped(workload, copy) and all(
        names.FIELD_MANAGER in managers.get(field, ()) for field in changed
    )


def _text(value: bool | int | None) -> str:
    if value is None:
        return names.NO_DEADLINE
    return str(value).lower()


def missing(workload: Workload) -> bool:
    """Whether a paused workload has lost any of its restore state."""
    return workload.marked and len(stored(workload)) < len(PAUSED[workload.kind])


def from_last_applied(workload_kind: Kind, applied: str) -> Values:
    """The values in kubectl's last-applied-configuration; what cannot be read there is left out.

    A CronJob applied without a deadline has none; the other fields are as Kubernetes defaults them.
    """
    try:
        spec = json.loads(applied)["spec"]
    except (ValueError, KeyError, TypeError):
        return {}
    if not isinstance(spec, dict):
        return {}
    found = {field: spec.get(field, DEFAULTS[workload_kind][field]) for field in PAUSED[workload_kind]}
    return {field: value for field, value in found.items() if _plausible(field, value)}


def _plausible(field: str, value: object) -> bool:
    if field == "suspend":
        return isinstance(value, bool)
    if field == "startingDeadlineSeconds" and value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT
