"""Drift: a pause that someone undoes. The budget for its corrections, and when the pause counts as contested.

All times are seconds of a monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from syncpause.api import names
from syncpause.domain.sentences import first_few

BURST = 10
SECONDS_PER_CORRECTION = 10.0
"""The drift budget of a workload is a token bucket: ten corrections at once, then one every 10 s. It
corrects a single edit at once, and is little load for a server that takes hundreds of writes a second."""

CONTESTED_AFTER = 3
"""Corrections after which a pause is contested. One or two are a person's mistake, three are a tool's."""
MIN_QUIET = 30.0
MAX_QUIET = 3600.0
"""Bounds in seconds of the time without a correction after which a pause is no longer contested. It is
three times the mean gap between the last corrections, because tools reconcile every second (a loop), every
few minutes (Flux, Argo CD) or every hour."""


@dataclass(slots=True)
class DriftRecord:
    """The corrections of one workload, and the field managers that made them necessary.

    ``managers`` is empty until a correction names one.
    """

    managers: frozenset[str] = frozenset()
    _at: deque[float] = field(default_factory=lambda: deque(maxlen=CONTESTED_AFTER))
    _tokens: float = BURST
    _counted: float = 0.0

    def delay(self, now: float) -> float:
        """Return the seconds until the budget allows the next correction; 0 if it does now."""
        tokens = self._tokens_at(now)
        return 0.0 if tokens >= 1 else (1 - tokens) * SECONDS_PER_CORRECTION

    def record_correction(self, now: float, managers: Iterable[str] = ()) -> None:
        """Record a correction that was written.

        ``managers`` set the corrected fields; empty keeps those known.
        """
        self._tokens = self._tokens_at(now) - 1
        self._counted = now
        self._at.append(now)
        self.managers = frozenset(managers) - {names.FIELD_MANAGER} or self.managers

    @property
    def next_is_contested(self) -> bool:
        """Whether the pause is contested after the next correction, so that its managers have to be read."""
        return len(self._at) >= CONTESTED_AFTER - 1

    def contested_for(self, now: float) -> float:
        """Return the seconds until the pause stops being contested; 0 if it is not contested.

        Another correction extends the time.
        """
        if len(self._at) < CONTESTED_AFTER:
            return 0.0
        gap = (self._at[-1] - self._at[0]) / (CONTESTED_AFTER - 1)
        if gap > MAX_QUIET:
            return 0.0
        quiet_seconds = min(max(3 * gap, MIN_QUIET), MAX_QUIET)
        return max(self._at[-1] + quiet_seconds - now, 0.0)

    def _tokens_at(self, now: float) -> float:
        return min(self._tokens + (now - self._counted) / SECONDS_PER_CORRECTION, BURST)


def contested_message(contested: Collection[tuple[str, Collection[str]]]) -> str:
    """Return who undoes which pause, and how to stop it, from pairs of a workload and its field managers."""
    managers = sorted({manager for _, managers in contested for manager in managers})
    who = first_few(managers) or "a field manager that is not recorded"
    return (
        f"{who} undoes the pause of {first_few(workload for workload, _ in contested)} again and again. "
        "Stop it from setting suspend, startingDeadlineSeconds and replicas: remove them from git; Argo CD: "
        f"ignoreDifferences with managedFieldsManagers: [{names.FIELD_MANAGER}]; Flux: the annotation "
        "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent; or install the guard (manifests/components/guard)"
    )
