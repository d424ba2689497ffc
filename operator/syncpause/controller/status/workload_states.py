"""Where every governed workload stands, counted per policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import lru_cache

from syncpause.domain.decision.decide import Decision
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.status.phase import Phase, WorkloadState
from syncpause.domain.workload import Key


class Recheck:
    """Workloads that must be looked at again before what some policies count is right."""

    def __init__(self, keys: Iterable[Key], refs: Iterable[PolicyRef]) -> None:
        self.keys = set(keys)
        self.refs = set(refs)


class WorkloadStates:
    """Entries by policy. A workload stands in the books of every policy of its deciding level."""

    def __init__(self, on_change: Callable[[PolicyRef], None]) -> None:
        self._books: dict[PolicyRef, dict[Key, WorkloadState]] = {}
        self._entered: dict[Key, tuple[tuple[PolicyRef, ...], WorkloadState]] = {}
        self._rounds: list[Recheck] = []
        self._on_change = on_change

    def enter(self, key: Key, decision: Decision, workload_state: WorkloadState) -> None:
        """Write down where a workload stands now."""
        self._meet(key)
        self._note(key, _entry(tuple(policy.ref for policy in decision.policies), workload_state))

    def quiet(self, key: Key) -> None:
        """Nothing runs any more of a workload that was paused; all else of where it stands is as before."""
        known = self._entered.get(key)
        if known and known[1].phase is Phase.PAUSING and known[1].settled:
            self._note(key, _entry(known[0], replace(known[1], phase=Phase.PAUSED)))

    def strike(self, key: Key) -> None:
        """Forget a workload that is gone."""
        self._meet(key)
        known = self._entered.pop(key, None)
        if known:
            self._strike(key, known[0])

    def expect(self, refs: Collection[PolicyRef], keys: Iterable[Key]) -> None:
        """These workloads must be looked at again before the books of these policies are right."""
        for round_ in self._rounds:
            round_.refs.difference_update(refs)
        fresh = Recheck(keys, refs)
        self._rounds = [round_ for round_ in [*self._rounds, fresh] if round_.refs and round_.keys]
        for ref in refs:
            self._on_change(ref)

    def unchecked(self, ref: PolicyRef) -> int:
        """How many of them have not been looked at yet."""
        return sum(len(round_.keys) for round_ in self._rounds if ref in round_.refs)

    def book(self, ref: PolicyRef) -> dict[Key, WorkloadState]:
        """The workloads that a policy decides about."""
        return self._books.get(ref, {})

    def workload_state(self, key: Key) -> WorkloadState | None:
        """Where a workload stood when it was last looked at."""
        known = self._entered.get(key)
        return known[1] if known else None

    def phases(self) -> dict[Phase, int]:
        """How many governed workloads are in each phase."""
        totals = dict.fromkeys(Phase, 0)
        for _, workload_state in self._entered.values():
            totals[workload_state.phase] += 1
        return totals

    def _meet(self, key: Key) -> None:
        for round_ in self._rounds:
            round_.keys.discard(key)
        if not all(round_.keys for round_ in self._rounds):
            over = [round_ for round_ in self._rounds if not round_.keys]
            self._rounds = [round_ for round_ in self._rounds if round_.keys]
            for ref in sorted(set().union(*(round_.refs for round_ in over))):
                self._on_change(ref)

    def _note(self, key: Key, entry: tuple[tuple[PolicyRef, ...], WorkloadState]) -> None:
        known = self._entered.get(key)
        if known == entry:
            return
        refs, workload_state = entry
        if known:
            self._strike(key, [ref for ref in known[0] if ref not in refs])
        for ref in refs:
            self._books.setdefault(ref, {})[key] = workload_state
            self._on_change(ref)
        self._entered[key] = entry

    def _strike(self, key: Key, refs: Iterable[PolicyRef]) -> None:
        for ref in refs:
            book = self._books.get(ref, {})
            book.pop(key, None)
            if not book:
                self._books.pop(ref, None)
            self._on_change(ref)


@lru_cache(maxsize=4096)
def _entry(
    refs: tuple[PolicyRef, ...], workload_state: WorkloadState
) -> tuple[tuple[PolicyRef, ...], WorkloadState]:
    """One object for all that stand alike: a school's workloads mostly do."""
    return refs, workload_state
