"""All that a decision depends on, but for the workload and the time: policies and namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from syncpause.api.zones import load_zone
from syncpause.domain.decision.policy import ALWAYS, Policy, PolicyRef


@dataclass(frozen=True, slots=True)
class Namespace:
    """What matters of a Namespace: its labels, and the zone it is annotated with."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None


class Unevaluable(Exception):
    """A policy cannot be evaluated for a namespace; the message says why and what mends it."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies and namespaces as last read.

    ``unreadable`` is a sentence while policies cannot be read: then everything holds.
    ``api_since`` is when the CRDs were created: a pause older than that was wiped with them, not deleted.
    """

    policies: Mapping[PolicyRef, Policy] = field(default_factory=dict)
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    unreadable: str = ""
    api_since: datetime = ALWAYS
    _local: Mapping[str, tuple[Policy, ...]] = field(init=False, default_factory=dict)
    _cluster: tuple[Policy, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        local: dict[str, list[Policy]] = {}
        for ref in sorted(self.policies):
            local.setdefault(ref.namespace, []).append(self.policies[ref])
        object.__setattr__(self, "_cluster", tuple(local.pop("", ())))
        object.__setattr__(self, "_local", {name: tuple(found) for name, found in local.items()})

    def with_policies(self, policies: Iterable[Policy]) -> PolicySet:
        """The same policy set with exactly these policies."""
        return replace(self, policies={policy.ref: policy for policy in policies})

    def enforcing(self, ref: PolicyRef) -> PolicySet:
        """The policy set as it would be if that policy's mode were Enforce."""
        return replace(self, policies={**self.policies, ref: self.policies[ref].enforcing()})

    def local(self, namespace: str) -> tuple[Policy, ...]:
        """The namespaced policies of a namespace."""
        return self._local.get(namespace, ())

    def cluster(self) -> tuple[Policy, ...]:
        """The cluster policies."""
        return self._cluster

    def over(self, namespace: str) -> Iterator[Policy]:
        """Every policy that may reach into a namespace, whatever it selects there."""
        yield from self.local(namespace)
        known = self.namespaces.get(namespace)
        for policy in self._cluster:
            if known is None or policy.namespace_selector.matches(known.labels):
                yield policy

    def zone_for(self, policy: Policy, namespace: str) -> ZoneInfo:
        """The zone in which a policy's days stand for a namespace. Raises Unevaluable."""
        if policy.invalid or policy.zone is None:
            raise Unevaluable(policy.invalid)
        if not policy.ref.cluster:
            return policy.zone
        known = self.namespaces.get(namespace)
        if known is None:
            raise Unevaluable(f"namespace {namespace} has not been read yet")
        if known.time_zone is None:
            return policy.zone
        try:
            return load_zone(known.time_zone)
        except ValueError as error:
            raise Unevaluable(
                f"namespace {namespace}, annotation syncpause.dev/time-zone: {known.time_zone!r} is {error}"
            ) from None
