"""The policies and namespaces on which decisions depend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from syncpause.api.zones import load_zone
from syncpause.domain.decision.policy import EARLIEST, Policy, PolicyRef


@dataclass(frozen=True, slots=True)
class Namespace:
    """A Namespace: its labels, and the time zone of its annotation as written; None without one."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None


class EvaluationError(Exception):
    """A policy cannot be evaluated for a namespace. The message names the cause and how to fix it.

    ``zone`` is the one by which the policy still pauses: its own where that of the namespace is unknown. It
    is None where the policy pauses nothing.
    """

    def __init__(self, message: str, zone: ZoneInfo | None = None) -> None:
        super().__init__(message)
        self.zone = zone


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies and namespaces as last read from the API server.

    ``unreadable`` is the sentence that says why policies cannot be read: until it is empty, they pause as
    last read, and nothing resumes. ``api_since`` is the instant at which the CRDs were created: the policy of
    an older pause was deleted with its CRD. ``before`` holds what still counts against a resume: the policies
    and namespaces as they were last valid, or before a deletion that counts for a resume at ``counts_at``.
    ``starts_until`` is set while what was deleted before the start of the operator may be applied again.
    """

    policies: Mapping[PolicyRef, Policy] = field(default_factory=dict)
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    unreadable: str = ""
    api_since: datetime = EARLIEST
    before: tuple[PolicySet, ...] = ()
    counts_at: datetime | None = None
    starts_until: datetime | None = None
    _local: Mapping[str, tuple[Policy, ...]] = field(init=False, default_factory=dict)
    _cluster: tuple[Policy, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        by_namespace: dict[str, list[Policy]] = {}
        for ref in sorted(self.policies):
            by_namespace.setdefault(ref.namespace, []).append(self.policies[ref])
        object.__setattr__(self, "_cluster", tuple(by_namespace.pop("", ())))
        object.__setattr__(self, "_local", {name: tuple(found) for name, found in by_namespace.items()})

    def with_policies(self, policies: Iterable[Policy]) -> PolicySet:
        """Return a copy with exactly these policies, and nothing else that counts."""
        return replace(self, before=(), policies={policy.ref: policy for policy in policies})

    def enforcing(self, ref: PolicyRef) -> PolicySet:
        """Return a copy in which the mode of one policy is Enforce. Raises KeyError if it is unknown."""
        return replace(self, policies={**self.policies, ref: self.policies[ref].enforcing()})

    def local(self, namespace: str) -> tuple[Policy, ...]:
        """Return the policies in a namespace, sorted by name."""
        return self._local.get(namespace, ())

    def cluster(self) -> tuple[Policy, ...]:
        """Return the cluster policies, sorted by name."""
        return self._cluster

    def for_namespace(self, namespace: str) -> Iterator[Policy]:
        """Yield the policies that may govern workloads of a namespace.

        A namespace that is not read yet gets all cluster policies.
        """
        yield from self.local(namespace)
        known = self.namespaces.get(namespace)
        for policy in self._cluster:
            if known is None or policy.namespace_selector.matches(known.labels):
                yield policy

    def zone_for(self, policy: Policy, namespace: str) -> ZoneInfo:
        """Return the zone of a policy's days in a namespace. Raises EvaluationError."""
        if policy.zone is None:
            raise EvaluationError(policy.invalid)
        zone = self._local_zone(policy, policy.zone, namespace)
        if policy.invalid:
            raise EvaluationError(policy.invalid, zone)
        return zone

    def _local_zone(self, policy: Policy, own: ZoneInfo, namespace: str) -> ZoneInfo:
        if not policy.ref.cluster:
            return own
        known = self.namespaces.get(namespace)
        if known is None:
            raise EvaluationError(f"namespace {namespace} has not been read yet")
        if known.time_zone is None:
            return own
        try:
            return load_zone(known.time_zone)
        except ValueError as error:
            raise EvaluationError(
                f"namespace {namespace}, annotation syncpause.dev/time-zone: {known.time_zone!r} is {error}",
                own,
            ) from None
