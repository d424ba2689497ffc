"""The state of every governed workload when it was last reconciled, by policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache

from syncpause.controller.metrics import WORKLOADS
from syncpause.controller.stale import StaleSet
from syncpause.domain.decision.decide import Decision
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.status.phase import Phase, WorkloadState
from syncpause.domain.workload import Key

Entry = tuple[tuple[PolicyRef, ...], WorkloadState]
"""The policies of the level that decides about a workload, and its state."""


class Recheck:
    """Workloads that must be reconciled again before the counts of some policies are right."""

    def __init__(self, keys: Iterable[Key], refs: Iterable[PolicyRef]) -> None:
        self.keys = set(keys)
        self.refs = set(refs)


class WorkloadStates:
    """States by workload and by policy. A workload counts for every policy of the level that decides.

    Policies whose counts change are added to ``stale``.
    """

    def __init__(self, stale: StaleSet[PolicyRef]) -> None:
        self._by_policy: dict[PolicyRef, dict[Key, WorkloadState]] = {}
        self._entries: dict[Key, Entry] = {}
        self._rechecks: list[Recheck] = []
        self._totals: Counter[Phase] = Counter()
        self._stale = stale
        self._gauges = {phase: WORKLOADS.labels(phase) for phase in Phase}
        for phase in Phase:
            self._count(phase, 0)

    def record(self, key: Key, decision: Decision, state: WorkloadState) -> None:
        """Keep the state of a workload that was just reconciled."""
        self._checked(key)
        self._put(key, _entry(tuple(policy.ref for policy in decision.policies), state))

    def nothing_runs(self, key: Key) -> None:
        """No Job and no Pod of a workload runs any more: one that was Pausing is Paused."""
        known = self._entries.get(key)
        if known and known[1].phase is Phase.PAUSING and known[1].written:
            self._put(key, _entry(known[0], replace(known[1], phase=Phase.PAUSED)))

    def forget(self, key: Key) -> None:
        """A workload is gone."""
        self._checked(key)
        known = self._entries.pop(key, None)
        if known:
            self._count(known[1].phase, -1)
            self._remove(key, known[0])

    def expect(self, refs: Collection[PolicyRef], keys: Iterable[Key]) -> None:
        """The counts of these policies are right again once these workloads are recorded or forgotten.

        Replaces what these policies waited for before.
        """
        for recheck in self._rechecks:
            recheck.refs.difference_update(refs)
        new = Recheck(keys, refs)
        self._rechecks = [recheck for recheck in [*self._rechecks, new] if recheck.refs and recheck.keys]
        for ref in refs:
            self._stale.add(ref)

    def unchecked(self, ref: PolicyRef) -> int:
        """How many workloads a policy's counts still wait for."""
        return sum(len(recheck.keys) for recheck in self._rechecks if ref in recheck.refs)

    def of_policy(self, ref: PolicyRef) -> dict[Key, WorkloadState]:
        """The states of the workloads that a policy decides about. Not to be changed."""
        return self._by_policy.get(ref, {})

    def get(self, key: Key) -> WorkloadState | None:
        """The state of a workload; None for one that was never reconciled."""
        known = self._entries.get(key)
        return known[1] if known else None

    def total(self, phase: Phase) -> int:
        """How many governed workloads are in a phase."""
        return self._totals[phase]

    def _checked(self, key: Key) -> None:
        for recheck in self._rechecks:
            recheck.keys.discard(key)
        if not all(recheck.keys for recheck in self._rechecks):
            over = [recheck for recheck in self._rechecks if not recheck.keys]
            self._rechecks = [recheck for recheck in self._rechecks if recheck.keys]
            for ref in sorted(set().union(*(recheck.refs for recheck in over))):
                self._stale.add(ref)

    def _put(self, key: Key, entry: Entry) -> None:
        known = self._entries.get(key)
        if known == entry:
            return
        refs, state = entry
        if known:
            self._count(known[1].phase, -1)
            self._remove(key, [ref for ref in known[0] if ref not in refs])
        self._count(state.phase, +1)
        for ref in refs:
            self._by_policy.setdefault(ref, {})[key] = state
            self._stale.add(ref)
        self._entries[key] = entry

    def _remove(self, key: Key, refs: Iterable[PolicyRef]) -> None:
        for ref in refs:
            states = self._by_policy.get(ref, {})
            states.pop(key, None)
            if not states:
                self._by_policy.pop(ref, None)
            self._stale.add(ref)

    def _count(self, phase: Phase, change: int) -> None:
        self._totals[phase] += change
        self._gauges[phase].set(self._totals[phase])


@lru_cache(maxsize=4096)
def _entry(refs: tuple[PolicyRef, ...], state: WorkloadState) -> Entry:
    """One object for all that are equal: most workloads of a school are."""
    return refs, state
