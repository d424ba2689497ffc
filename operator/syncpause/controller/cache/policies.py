"""Policies and namespaces as last read: kopf's events for speed, a full comparison for truth.

A deletion counts only in the comparison, and only while the CRDs are alive: deleting a CRD deletes
every policy, and that must resume nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.controller.cache.policy_objects import ObservedPolicy, read_namespace, read_policy, ref_of
from syncpause.controller.schedule.clock import Clock
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.decision.policy_set import Namespace, PolicySet
from syncpause.kube.backoff import Backoff
from syncpause.kube.errors import ApiError
from syncpause.kube.policies import Policies, Unreadable

log = structlog.get_logger()

FIRST_RETRY, LONGEST_RETRY = 0.5, 5.0
"""Seconds. While policies cannot be read everything holds: to try again soon is worth some requests."""

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change may concern: some policies, and the schools of a namespace ("" for all)."""

    namespace: str
    policies: tuple[PolicyRef, ...] = ()


class PolicyCache:
    """Keeps the policy set in step with the API server.

    ``on_change`` is told what a change may concern.
    """

    def __init__(
        self,
        policies: Policies,
        scope: Sequence[str],
        clock: Clock,
        on_change: Callable[[Affected], None],
        interval: float,
    ) -> None:
        self._policies = policies
        self._scope = scope
        self._clock = clock
        self._on_change = on_change
        self._interval = interval
        self._seen: dict[PolicyRef, ObservedPolicy] = {}
        self._arrived: set[PolicyRef | str] = set()
        self._wake = asyncio.Event()
        self._backoff = Backoff(FIRST_RETRY, LONGEST_RETRY)
        self.policy_set = PolicySet(
            unreadable="policies have not been read yet, so everything keeps its state"
        )
        self.unreached = self.policy_set.unreadable
        """Why policies could not be read, where the cause is the way to them; empty where they can, or where
        it is seen that the cluster does not serve them."""
        self._changed_at: dict[PolicyRef, datetime] = {}
        self._deleted_at: dict[str, datetime] = {}
        self.synced = asyncio.Event()
        self.read_at = 0.0
        """When everything was last compared (``time.monotonic``)."""

    def seen(self, ref: PolicyRef) -> ObservedPolicy | None:
        """A policy with its status as last read or written."""
        return self._seen.get(ref)

    def refs(self) -> list[PolicyRef]:
        """All policies."""
        return list(self._seen)

    def changed_at(self, refs: Iterable[PolicyRef], namespace: str) -> datetime | None:
        """When, while they were watched, these policies changed or others of a namespace or the cluster went.

        A pause that they end now cannot have ended before that.
        """
        found = [self._changed_at.get(ref) for ref in refs]
        found += [self._deleted_at.get(namespace), self._deleted_at.get("")]
        return max(filter(None, found), default=None)

    def policy_event(self, type_: str | None, body: Object) -> None:
        """A policy was seen by a watch, or in the answer to a write of its status.

        Such an answer may bring an edit that the watch has yet to tell: it counts, for the watch's own word
        of it will have an older version. A deletion only asks for a comparison.
        """
        if type_ == "DELETED":
            self.compare_soon()
            return
        seen = read_policy(body)
        known = self._seen.get(seen.ref)
        if known is not None and not seen.newer_than(known):
            return
        self._seen[seen.ref] = seen
        self._arrived.add(seen.ref)
        if known is None or known.policy != seen.policy:
            self._rebuild(Affected(seen.ref.namespace, (seen.ref,)))

    def namespace_event(self, type_: str | None, body: Object) -> None:
        """A namespace was seen by a watch."""
        namespace = read_namespace(body)
        namespaces = dict(self.policy_set.namespaces)
        if type_ == "DELETED":
            namespaces.pop(namespace.name, None)
        elif namespaces.get(namespace.name) == namespace:
            return
        else:
            namespaces[namespace.name] = namespace
            self._arrived.add(namespace.name)
        self.policy_set = replace(self.policy_set, namespaces=namespaces)
        self._changed(Affected(namespace.name))

    def compare_soon(self) -> None:
        """Compare with everything now instead of at the next interval."""
        self._wake.set()

    async def run(self) -> None:
        """Compare at the start, at each interval and when asked to, for ever."""
        while True:
            self._wake.clear()
            try:
                await self.compare()
                self._backoff.reset()
                pause = self._interval
            except (ApiError, Unreadable) as error:
                self._hold(f"policies cannot be read, so everything keeps its state: {error}")
                self.unreached = self.policy_set.unreadable if isinstance(error, ApiError) else ""
                pause = self._backoff.delay(getattr(error, "retry_after", None))
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    async def compare(self) -> None:
        """Read everything and take over the difference. Raises ApiError or Unreadable."""
        self._arrived.clear()
        since = await self._policies.crds()
        objects = await self._policies.list(ClusterSyncPausePolicy.KIND)
        for namespace in self._scope:
            objects += await self._policies.list(SyncPausePolicy.KIND, namespace)
        namespaces = [read_namespace(item) for item in await self._policies.namespaces()]
        if await self._policies.crds() != since:
            raise Unreadable("the CRDs were replaced while policies were read")
        self._take_over(objects, namespaces, since)

    def _take_over(self, objects: Sequence[Object], namespaces: list[Namespace], since: datetime) -> None:
        before = {ref: seen.policy for ref, seen in self._seen.items()}
        listed = {ref_of(item): read_policy(item) for item in objects}
        for ref, known in self._seen.items():
            if ref in self._arrived and (ref not in listed or known.newer_than(listed[ref])):
                listed[ref] = known  # it came while the list was read
        self._seen = listed
        after = {ref: seen.policy for ref, seen in self._seen.items()}
        was_unreadable = self.policy_set.unreadable
        known_namespaces = {namespace.name: namespace for namespace in namespaces}
        for name in self._arrived & self.policy_set.namespaces.keys():
            known_namespaces[str(name)] = self.policy_set.namespaces[str(name)]
        self.unreached = ""
        self.read_at = time.monotonic()
        unchanged = before == after and known_namespaces == self.policy_set.namespaces
        if unchanged and not was_unreadable and since == self.policy_set.api_since:
            return
        self.policy_set = PolicySet(after, known_namespaces, "", since)
        if was_unreadable:
            log.info("policies read", policies=len(after), namespaces=len(namespaces))
        changed = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
        if self.synced.is_set():
            self._changed_at.update(dict.fromkeys(changed & after.keys(), self._clock()))
            self._deleted_at.update({ref.namespace: self._clock() for ref in changed - after.keys()})
        self.synced.set()
        self._on_change(Affected("", tuple(sorted(changed & after.keys()))))

    def _rebuild(self, affected: Affected) -> None:
        policies = {ref: seen.policy for ref, seen in self._seen.items()}
        self.policy_set = replace(self.policy_set, policies=policies)
        self._changed(affected)

    def _changed(self, affected: Affected) -> None:
        if self.synced.is_set():
            self._changed_at.update(dict.fromkeys(affected.policies, self._clock()))
            self._on_change(affected)

    def _hold(self, sentence: str) -> None:
        if self.policy_set.unreadable != sentence:
            log.warning(sentence)
        self.policy_set = replace(self.policy_set, unreadable=sentence)
