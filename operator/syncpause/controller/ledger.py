"""Where every governed workload stands, counted per policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from syncpause.domain.governance import Verdict
from syncpause.domain.phase import Phase, Standing
from syncpause.domain.policy import PolicyRef
from syncpause.domain.workload import Key


class Ledger:
    """Entries by policy. A workload stands in the books of every policy of its deciding level."""

    def __init__(self, on_change: Callable[[PolicyRef], None]) -> None:
        self._books: dict[PolicyRef, dict[Key, Standing]] = {}
        self._entered: dict[Key, tuple[tuple[PolicyRef, ...], Standing]] = {}
        self._expected: dict[PolicyRef, set[Key]] = {}
        self._on_change = on_change

    def enter(self, key: Key, verdict: Verdict, standing: Standing) -> None:
        """Write down where a workload stands now."""
        self._meet(key)
        refs = tuple(policy.ref for policy in verdict.policies)
        known = self._entered.get(key)
        if known == (refs, standing):
            return
        if known:
            self._strike(key, known[0])
        for ref in refs:
            self._books.setdefault(ref, {})[key] = standing
            self._on_change(ref)
        self._entered[key] = (refs, standing)

    def strike(self, key: Key) -> None:
        """Forget a workload that is gone."""
        self._meet(key)
        known = self._entered.pop(key, None)
        if known:
            self._strike(key, known[0])

    def expect(self, ref: PolicyRef, keys: Iterable[Key]) -> None:
        """These workloads must be looked at again before the policy's books are right."""
        expected = set(keys)
        if expected:
            self._expected[ref] = expected
        else:
            self._expected.pop(ref, None)
        self._on_change(ref)

    def outstanding(self, ref: PolicyRef) -> int:
        """How many of them have not been looked at yet."""
        return len(self._expected.get(ref, ()))

    def book(self, ref: PolicyRef) -> dict[Key, Standing]:
        """The workloads that a policy decides about."""
        return self._books.get(ref, {})

    def standing(self, key: Key) -> Standing | None:
        """Where a workload stood when it was last looked at."""
        known = self._entered.get(key)
        return known[1] if known else None

    def phases(self) -> dict[Phase, int]:
        """How many governed workloads are in each phase."""
        totals = dict.fromkeys(Phase, 0)
        for _, standing in self._entered.values():
            totals[standing.phase] += 1
        return totals

    def _meet(self, key: Key) -> None:
        for ref in [ref for ref, keys in self._expected.items() if key in keys]:
            self._expected[ref].discard(key)
            if not self._expected[ref]:
                del self._expected[ref]
                self._on_change(ref)

    def _strike(self, key: Key, refs: tuple[PolicyRef, ...]) -> None:
        for ref in refs:
            book = self._books.get(ref, {})
            book.pop(key, None)
            if not book:
                self._books.pop(ref, None)
            self._on_change(ref)
