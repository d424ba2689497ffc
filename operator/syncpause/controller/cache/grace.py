"""What was deleted or changed a moment ago: tools delete and apply again, and nothing may run in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Generic, TypeVar

import structlog

from syncpause.controller.cache.policy_objects import ObservedPolicy
from syncpause.controller.clock import Clock
from syncpause.controller.metrics import DELETIONS_PENDING
from syncpause.domain.decision.policy import Policy, PolicyRef
from syncpause.domain.decision.policy_set import Namespace, PolicySet

log = structlog.get_logger()

T = TypeVar("T")

MOST_VERSIONS = 8
"""Former versions of one Namespace that count at once: each is one more evaluation of its workloads."""
_LATE = 0.05
"""Seconds. A read that ends a grace must begin after it, and a timer of asyncio may be early."""


@dataclass(frozen=True, slots=True)
class _Former(Generic[T]):
    """What was, and until when it counts: by ``time.monotonic``, and by the clock."""

    value: T
    until: float
    counts_at: datetime


class Grace:
    """Deleted policies, and Namespaces as they were, that still count against a resume.

    Each counts for ``seconds``, and until a full read that began later: an operator that stood still may not
    have seen yet that a policy was applied again. ``on_end`` is called when it is time for such a read.
    """

    def __init__(self, seconds: float, clock: Clock, on_end: Callable[[], None]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._on_end = on_end
        self._policies: dict[PolicyRef, _Former[ObservedPolicy]] = {}
        self._namespaces: dict[str, list[_Former[Namespace]]] = {}
        self._start: _Former[None] | None = None

    def started(self) -> None:
        """Policies were read for the first time: what was deleted just before is not known."""
        if self._seconds:
            self._start = self._former(None)

    def policy_deleted(self, observed: ObservedPolicy) -> None:
        """A policy is gone."""
        if self._seconds:
            former = self._policies[observed.ref] = self._former(observed)
            at = f"{former.counts_at:%H:%M:%SZ}"
            log.info(f"{observed.ref} was deleted; nothing resumes for that before {at}")

    def policy_exists(self, ref: PolicyRef) -> None:
        """A policy is there: what it says counts."""
        self._policies.pop(ref, None)

    def deleted(self, ref: PolicyRef) -> ObservedPolicy | None:
        """A policy that is gone and still counts."""
        former = self._policies.get(ref)
        return former.value if former else None

    def namespace_changed(self, before: Namespace) -> None:
        """The labels or the time zone of a Namespace are not what they were."""
        if self._seconds:
            others = [item for item in self._namespaces.get(before.name, ()) if item.value != before]
            self._namespaces[before.name] = [*others, self._former(before)][-MOST_VERSIONS:]

    def end(self, read_at: float) -> bool:
        """Forget what a read that began at ``read_at`` (``time.monotonic``) confirms; whether it did."""
        before = self._count()
        self._policies = {ref: item for ref, item in self._policies.items() if item.until > read_at}
        for name, versions in list(self._namespaces.items()):
            self._namespaces[name] = [item for item in versions if item.until > read_at]
        self._namespaces = {name: versions for name, versions in self._namespaces.items() if versions}
        if self._start and self._start.until <= read_at:
            self._start = None
        return self._count() < before

    @property
    def starts_until(self) -> datetime | None:
        """Until when a pause that nothing explains may be one whose policy was deleted before the start."""
        return self._start.counts_at if self._start else None

    def before(self, pausing: Mapping[PolicyRef, Policy], current: PolicySet) -> tuple[PolicySet, ...]:
        """The policy sets that still count against a resume; ``pausing`` are the forms that pause."""
        DELETIONS_PENDING.set(self._count())
        deleted = {ref: former.value.pausing for ref, former in self._policies.items()}
        policies = {**deleted, **pausing}
        counts_at = max((item.counts_at for item in self._all()), default=None)
        depth = max(map(len, self._namespaces.values()), default=0)
        versions = [
            {name: found[number].value for name, found in self._namespaces.items() if len(found) > number}
            for number in range(depth)
        ]
        if policies != current.policies:
            versions.insert(0, {})
        return tuple(
            PolicySet(policies, {**current.namespaces, **version}, "", current.api_since, counts_at=counts_at)
            for version in versions
        )

    def _all(self) -> list[_Former[ObservedPolicy] | _Former[Namespace]]:
        return [*self._policies.values(), *chain.from_iterable(self._namespaces.values())]

    def _count(self) -> int:
        return len(self._all()) + (self._start is not None)

    def _former(self, value: T) -> _Former[T]:
        asyncio.get_running_loop().call_later(self._seconds + _LATE, self._on_end)
        counts_at = self._clock() + timedelta(seconds=self._seconds)
        return _Former(value, time.monotonic() + self._seconds, counts_at)
