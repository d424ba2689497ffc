"""What is worth an event and a line in the log: transitions of a policy, never of one workload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from syncpause.api.status import PolicyState, PolicyStatus
from syncpause.domain import conditions
from syncpause.domain.policy_status import condition, is_true


@dataclass(frozen=True, slots=True)
class Announcement:
    """One transition, in a sentence."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def announce(
    before: PolicyStatus, after: PolicyStatus, unknown: Sequence[str] = ()
) -> Iterator[Announcement]:
    """What changed between two statuses that a person would want to be told."""
    if before.state is not PolicyState.ACTIVE and after.state is PolicyState.ACTIVE and after.window:
        window = after.window
        yield Announcement(
            "Normal", "WindowOpened", f"window {window.name}: {window.first_day} to {window.last_day}"
        )
    if before.state is PolicyState.ACTIVE and after.state is not PolicyState.ACTIVE:
        name = before.window.name if before.window else "?"
        yield Announcement("Normal", "WindowEnded", f"window {name} is over; next: {after.next or 'none'}")
    if not is_true(before, conditions.PAUSED) and is_true(after, conditions.PAUSED):
        yield Announcement("Normal", "Paused", _message(after, conditions.PAUSED))
    if _was_paused(before) and _resumed(after):
        yield Announcement("Normal", "Resumed", _message(after, conditions.READY))
    if unknown and (sentence := conditions.typos(unknown)) not in _message(before, conditions.READY):
        yield Announcement("Warning", "UnknownName", sentence)
    if is_true(after, conditions.STALLED) and _message(after, conditions.READY) != _message(
        before, conditions.READY
    ):
        found = condition(after, conditions.STALLED)
        yield Announcement("Warning", found.reason if found else "Stalled", _message(after, conditions.READY))


def _was_paused(status: PolicyStatus) -> bool:
    found = condition(status, conditions.PAUSED)
    return found is not None and (found.status == "True" or found.reason == conditions.RESUMING)


def _resumed(status: PolicyStatus) -> bool:
    return is_true(status, conditions.READY) and not is_true(status, conditions.PAUSED)


def _message(status: PolicyStatus, type_: str) -> str:
    found = condition(status, type_)
    return found.message if found else ""
