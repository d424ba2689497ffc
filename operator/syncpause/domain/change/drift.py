"""A tool that undoes a pause again and again: how often it is corrected, and when that is a contest.

Times are seconds of a clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from syncpause.api import names
from syncpause.domain.status.counts import first_few

AT_ONCE = 10
SECONDS_EACH = 10.0
"""The drift budget of a workload: ten corrections at once, then one every 10 s. An API server that takes
hundreds of writes a second does not notice; a person who tries something out is corrected at once."""

UNDONE = 3
"""A pause that is undone once or twice is a person's mistake, three times a tool's policy decision."""
LEAST_QUIET = 30.0
LONGEST_QUIET = 3600.0
"""A contest is over after three times the gap between its last corrections, within these bounds: tools come
by every second (a loop), every few minutes (Flux, Argo CD) or every hour."""


@dataclass(slots=True)
class DriftRecord:
    """The corrections of one workload, and who made them necessary."""

    managers: frozenset[str] = frozenset()
    _at: deque[float] = field(default_factory=lambda: deque(maxlen=UNDONE))
    _tokens: float = AT_ONCE
    _counted: float = 0.0

    def patience(self, now: float) -> float:
        """Seconds until the budget allows the next correction; 0 where it does now."""
        tokens = self._tokens_at(now)
        return 0.0 if tokens >= 1 else (1 - tokens) * SECONDS_EACH

    def corrected(self, now: float, managers: Iterable[str] = ()) -> None:
        """A correction was written; ``managers`` set the fields that it corrected."""
        self._tokens = self._tokens_at(now) - 1
        self._counted = now
        self._at.append(now)
        self.managers = frozenset(managers) - {names.FIELD_MANAGER} or self.managers

    @property
    def repeated(self) -> bool:
        """Whether the next correction makes a contest of it, so that who it is begins to matter."""
        return len(self._at) >= UNDONE - 1

    def lasts(self, now: float) -> float:
        """Seconds until the contest is over if nothing is undone any more; 0 where there is none."""
        if len(self._at) < UNDONE:
            return 0.0
        gap = (self._at[-1] - self._at[0]) / (UNDONE - 1)
        if gap > LONGEST_QUIET:
            return 0.0
        quiet = min(max(3 * gap, LEAST_QUIET), LONGEST_QUIET)
        return max(self._at[-1] + quiet - now, 0.0)

    def _tokens_at(self, now: float) -> float:
        return min(self._tokens + (now - self._counted) / SECONDS_EACH, AT_ONCE)


def in_words(contested: Collection[tuple[str, Collection[str]]]) -> str:
    """What a person should know and do, from (workload, its managers) pairs."""
    managers = sorted({manager for _, managers in contested for manager in managers})
    who = first_few(managers) or "someone whose name is not recorded"
    return (
        f"{who} undoes the pause of {first_few(workload for workload, _ in contested)} again and again. "
        "Let it leave suspend, startingDeadlineSeconds and replicas alone: leave them out of git; Argo CD: "
        f"ignoreDifferences with managedFieldsManagers: [{names.FIELD_MANAGER}]; Flux: the annotation "
        "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent; or install the guard (manifests/components/guard)"
    )
