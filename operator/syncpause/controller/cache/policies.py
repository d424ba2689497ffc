"""The policies and namespaces as last read: kopf's events bring changes at once, full reads bring the truth.

A deletion counts only in a full read, and only while the CRDs exist: to delete a CRD deletes every policy,
and that must resume nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.controller.cache.grace import Grace
from syncpause.controller.cache.policy_objects import (
    Object,
    ObservedPolicy,
    read_namespace,
    read_policy,
)
from syncpause.controller.clock import Clock
from syncpause.controller.metrics import READABLE
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.decision.policy_set import Namespace, PolicySet
from syncpause.kube.backoff import Backoff
from syncpause.kube.errors import ApiError
from syncpause.kube.policies import Policies, Unreadable

log = structlog.get_logger()

FIRST_RETRY, LONGEST_RETRY = 0.5, 5.0
"""Seconds. While policies cannot be read, nothing is resumed: soon retries are worth requests."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change may affect: some policies, and the schools of a namespace ("" for all)."""

    namespace: str
    policies: tuple[PolicyRef, ...] = ()


class PolicyCache:
    """The `PolicySet` of the cluster, kept up to date.

    ``scope`` names the namespaces whose policies count, one empty name for all. ``interval`` is the seconds
    between two full reads. ``on_change`` is called after each change, once the first full read has succeeded.
    ``grace`` is the seconds until a deletion counts for a resume.
    """

    def __init__(
        self,
        api: Policies,
        scope: Sequence[str],
        clock: Clock,
        on_change: Callable[[Affected], None],
        *,
        interval: float,
        grace: float,
    ) -> None:
        self._api = api
        self._scope = scope
        self._clock = clock
        self._on_change = on_change
        self._interval = interval
        self._observed: dict[PolicyRef, ObservedPolicy] = {}
        self._arrived: set[PolicyRef | str] = set()
        self._wake = asyncio.Event()
        self._backoff = Backoff(FIRST_RETRY, LONGEST_RETRY)
        self._grace = Grace(grace, clock, self.read_soon)
        self.policy_set = PolicySet(
            unreadable="policies have not been read yet, so everything keeps its state"
        )
        self.unreached = self.policy_set.unreadable
        """Why policies cannot be read, where the cause is on the way to them. Empty where they can be read,
        and where the API server answers that it does not serve them."""
        self._changed_at: dict[PolicyRef, datetime] = {}
        self._deleted_at: dict[str, datetime] = {}
        self.synced = asyncio.Event()
        self.read_at = 0.0
        """When everything was last read (``time.monotonic``)."""

    def get(self, ref: PolicyRef) -> ObservedPolicy | None:
        """A policy with its status, as last read or written."""
        return self._observed.get(ref)

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists; true until the namespaces have been read."""
        return not self.synced.is_set() or name in self.policy_set.namespaces

    def refs(self) -> list[PolicyRef]:
        """All policies."""
        return list(self._observed)

    def changed_at(self, refs: Iterable[PolicyRef], namespace: str) -> datetime | None:
        """When one of these policies last changed, or a policy of the namespace or the cluster was deleted.

        Only changes since the start of the process are known; None without one. A pause that ends because of
        such a change did not end before it.
        """
        found = [self._changed_at.get(ref) for ref in refs]
        found += [self._deleted_at.get(namespace), self._deleted_at.get("")]
        return max(filter(None, found), default=None)

    def policy_event(self, type_: str | None, body: Object) -> None:
        """A watch brought a policy, or a write of its status returned it.

        Such an answer may carry an edit that the watch has not brought yet. It counts, because the watch's
        own event of the edit has an older version. A deletion only asks for a full read.
        """
        if type_ == "DELETED":
            self.read_soon()
            return
        observed = read_policy(body)
        known = self._observed.get(observed.ref)
        former = self._former(observed.ref)
        if known is not None and not observed.newer_than(known):
            return
        self._observed[observed.ref] = observed.after(former)
        self._grace.policy_exists(observed.ref)
        self._arrived.add(observed.ref)
        if known is None or known.policy != observed.policy:
            self._rebuild(Affected(observed.ref.namespace, (observed.ref,)))

    def namespace_event(self, type_: str | None, body: Object) -> None:
        """A watch brought a namespace."""
        namespace = read_namespace(body)
        namespaces = dict(self.policy_set.namespaces)
        before = namespaces.get(namespace.name)
        if type_ == "DELETED":
            namespaces.pop(namespace.name, None)
        elif before == namespace:
            return
        else:
            if before is not None:
                self._grace.namespace_changed(before)
            namespaces[namespace.name] = namespace
            self._arrived.add(namespace.name)
        self.policy_set = self._with_before(replace(self.policy_set, namespaces=namespaces))
        self._changed(Affected(namespace.name))

    def read_soon(self) -> None:
        """Read everything now instead of at the next interval."""
        self._wake.set()

    async def run(self) -> None:
        """Read everything at the start, at each interval and when asked to, for ever."""
        while True:
            self._wake.clear()
            try:
                await self.read()
                self._backoff.reset()
                pause = self._interval
            except (ApiError, Unreadable) as error:
                self.failed(error)
                pause = self._backoff.delay(getattr(error, "retry_after", None))
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    async def read(self) -> None:
        """Read all policies and namespaces, and replace what is kept. Raises ApiError or Unreadable."""
        began = self.begin()
        since = await self._api.crds()
        objects = await self._api.list(ClusterSyncPausePolicy.KIND)
        for namespace in self._scope:
            objects += await self._api.list(SyncPausePolicy.KIND, namespace)
        namespaces = await self._api.namespaces()
        if await self._api.crds() != since:
            raise Unreadable("the CRDs were replaced while policies were read")
        self.listed(objects, [read_namespace(item) for item in namespaces], since, began)

    def begin(self) -> float:
        """A list of everything begins: what a watch brings from now on may be newer. Returns when that is."""
        self._arrived.clear()
        return time.monotonic()

    def failed(self, error: ApiError | Unreadable) -> None:
        """Everything could not be read: until it can, nothing resumes."""
        self._hold(f"policies cannot be read, so nothing is resumed: {error}")
        self.unreached = self.policy_set.unreadable if isinstance(error, ApiError) else ""

    def listed(
        self, objects: Sequence[Object], namespaces: Sequence[Namespace], since: datetime, began: float
    ) -> None:
        """Replace what is kept by a list of everything, read while the CRDs were those of ``since``.

        ``began`` is when it was asked for (``time.monotonic``).
        """
        observed_before = self._observed
        before = {ref: observed.policy for ref, observed in self._observed.items()}
        self._observed = self._with_arrived(objects)
        after = {ref: observed.policy for ref, observed in self._observed.items()}
        was_unreadable = self.policy_set.unreadable
        known_namespaces = {namespace.name: namespace for namespace in namespaces}
        for name in self._arrived & self.policy_set.namespaces.keys():
            known_namespaces[str(name)] = self.policy_set.namespaces[str(name)]
        ended = self._note_differences(observed_before, known_namespaces, began)
        self.unreached = ""
        self.read_at = time.monotonic()
        READABLE.set(1)
        unchanged = before == after and known_namespaces == self.policy_set.namespaces
        if unchanged and not ended and not was_unreadable and since == self.policy_set.api_since:
            return
        self.policy_set = self._with_before(PolicySet(after, known_namespaces, "", since))
        if was_unreadable:
            log.info("policies read", policies=len(after), namespaces=len(namespaces))
        changed = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
        if self.synced.is_set():
            self._changed_at.update(dict.fromkeys(changed & after.keys(), self._clock()))
            self._deleted_at.update({ref.namespace: self._clock() for ref in changed - after.keys()})
        self.synced.set()
        self._on_change(Affected("", tuple(sorted(changed & after.keys()))))

    def _note_differences(
        self,
        before: Mapping[PolicyRef, ObservedPolicy],
        namespaces: Mapping[str, Namespace],
        began: float,
    ) -> bool:
        """Start the grace of what is gone, and end that of what was gone before; whether one has ended."""
        if not self.synced.is_set():
            self._grace.started()
        ended = self._grace.end(began)
        for ref in self._observed:
            self._grace.policy_exists(ref)
        for ref in before.keys() - self._observed.keys():
            self._grace.policy_deleted(before[ref])
        for name, known in self.policy_set.namespaces.items():
            if name in namespaces and namespaces[name] != known:
                self._grace.namespace_changed(known)
        return ended

    def _with_arrived(self, objects: Sequence[Object]) -> dict[PolicyRef, ObservedPolicy]:
        """The listed policies, and those that a watch brought while the list was read."""
        read = map(read_policy, objects)
        listed = {each.ref: each.after(self._former(each.ref)) for each in read}
        for ref, known in self._observed.items():
            if ref in self._arrived and (ref not in listed or known.newer_than(listed[ref])):
                listed[ref] = known
        return listed

    def _former(self, ref: PolicyRef) -> ObservedPolicy | None:
        """What a policy was before, also where it was deleted in between."""
        return self._observed.get(ref) or self._grace.deleted(ref)

    def _rebuild(self, affected: Affected) -> None:
        policies = {ref: observed.policy for ref, observed in self._observed.items()}
        self.policy_set = self._with_before(replace(self.policy_set, policies=policies))
        self._changed(affected)

    def _with_before(self, policy_set: PolicySet) -> PolicySet:
        """Add what still pauses: last valid forms, and what was deleted or changed a moment ago."""
        pausing = {ref: observed.pausing for ref, observed in self._observed.items()}
        before = self._grace.before(pausing, policy_set)
        return replace(policy_set, before=before, starts_until=self._grace.starts_until)

    def _changed(self, affected: Affected) -> None:
        if self.synced.is_set():
            self._changed_at.update(dict.fromkeys(affected.policies, self._clock()))
            self._on_change(affected)

    def _hold(self, sentence: str) -> None:
        if self.policy_set.unreadable != sentence:
            log.warning(sentence)
        READABLE.set(0)
        self.policy_set = replace(self.policy_set, unreadable=sentence)
