"""The Events of a policy or a school, from two of its statuses. No Event is about a single workload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from syncpause.api.school import SchoolState, SchoolStatus
from syncpause.api.status import PolicyState, PolicyStatus
from syncpause.domain.status import conditions
from syncpause.domain.status.conditions import HasConditions, condition, is_true


@dataclass(frozen=True, slots=True)
class Announcement:
    """An Event that is not written yet: its type, reason and message."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def announce(
    before: PolicyStatus, after: PolicyStatus, unknown: Sequence[str] = ()
) -> Iterator[Announcement]:
    """Yield the Events for the change from one status of a policy to the next.

    ``unknown`` holds the schools and applications that the policy names and no workload has.
    """
    if before.state is not PolicyState.ACTIVE and after.state is PolicyState.ACTIVE and after.window:
        window = after.window
        yield Announcement(
            "Normal", "WindowOpened", f"window {window.name} is open: {window.first_day} to {window.last_day}"
        )
    if before.state is PolicyState.ACTIVE and after.state is not PolicyState.ACTIVE:
        name = before.window.name if before.window else "?"
        yield Announcement("Normal", "WindowEnded", f"window {name} is over; next: {after.next or 'none'}")
    if not is_true(before, conditions.PAUSED) and is_true(after, conditions.PAUSED):
        yield Announcement("Normal", "Paused", _message(after, conditions.PAUSED))
    if _was_paused(before) and _resumed(after):
        yield Announcement("Normal", "Resumed", _message(after, conditions.READY))
    if unknown:
        sentence = conditions.unknown_names_message(unknown)
        if sentence not in _message(before, conditions.READY):
            yield Announcement("Warning", "UnknownName", sentence)
    yield from _stalled_event(before, after)
    yield from _contested_event(before, after)


def announce_school(before: SchoolStatus, after: SchoolStatus) -> Iterator[Announcement]:
    """Yield the Events for the change from one status of a school to the next."""
    if not is_true(before, conditions.PAUSED) and is_true(after, conditions.PAUSED):
        yield Announcement("Normal", "Paused", f"{after.reason}; next: {after.next or 'none'}")
    if before.state in _NOT_RUNNING and after.state in _RUNNING:
        reason = "Resumed" if after.state is SchoolState.SYNCING else "Exempt"
        yield Announcement("Normal", reason, f"{after.reason}; next: {after.next or 'none'}")
    known = {(item.name, item.exemption.by) for item in before.applications or () if item.exemption}
    for item in after.applications or ():
        if item.exemption and (item.name, item.exemption.by) not in known:
            sentence = f"{item.name} is exempt by {item.exemption.by}: {item.exemption.reason}"
            yield Announcement("Normal", "ApplicationExempt", sentence)
    yield from _stalled_event(before, after)
    yield from _contested_event(before, after)


_RUNNING = (SchoolState.SYNCING, SchoolState.EXEMPT)
_NOT_RUNNING = (SchoolState.PAUSING, SchoolState.PAUSED, SchoolState.RESUMING, SchoolState.MIXED)


def _stalled_event(before: HasConditions, after: HasConditions) -> Iterator[Announcement]:
    sentence = _message(after, conditions.READY)
    found = condition(after, conditions.STALLED)
    if found and found.status == "True" and sentence != _message(before, conditions.READY):
        yield Announcement("Warning", found.reason, sentence)


def _contested_event(before: HasConditions, after: HasConditions) -> Iterator[Announcement]:
    if is_true(after, conditions.CONTESTED) and not is_true(before, conditions.CONTESTED):
        yield Announcement("Warning", conditions.CONTESTED, _message(after, conditions.CONTESTED))
    if is_true(before, conditions.CONTESTED) and not is_true(after, conditions.CONTESTED):
        yield Announcement("Normal", "ContestOver", conditions.NOT_CONTESTED)


def _was_paused(status: PolicyStatus) -> bool:
    found = condition(status, conditions.PAUSED)
    return found is not None and (found.status == "True" or found.reason == conditions.RESUMING)


def _resumed(status: PolicyStatus) -> bool:
    return is_true(status, conditions.READY) and not is_true(status, conditions.PAUSED)


def _message(status: HasConditions, type_: str) -> str:
    found = condition(status, type_)
    return found.message if found else ""
