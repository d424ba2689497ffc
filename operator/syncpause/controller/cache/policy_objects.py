"""Reads policies and namespaces, as the API server returns them, into what the domain evaluates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from syncpause.api.errors import explain_errors
from syncpause.api.names import TIME_ZONE
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.api.selectors import LabelSelector
from syncpause.api.status import PolicyStatus
from syncpause.api.zones import load_zone
from syncpause.domain.decision.policy import EARLIEST, Policy, PolicyRef
from syncpause.domain.decision.policy_set import Namespace
from syncpause.domain.decision.selectors import Selector

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObservedPolicy:
    """A policy and its status at one resource version.

    ``last_valid`` is the form in which a policy that cannot be evaluated was valid before; None without one.
    """

    policy: Policy
    status: PolicyStatus
    resource_version: str
    last_valid: Policy | None = None

    @property
    def ref(self) -> PolicyRef:
        """What names it."""
        return self.policy.ref

    @property
    def pausing(self) -> Policy:
        """The form that pauses: the policy, or what it was before it could not be evaluated."""
        if not self.policy.invalid or self.last_valid is None:
            return self.policy
        return self.last_valid.as_last_valid(self.policy.invalid)

    def after(self, known: ObservedPolicy | None) -> ObservedPolicy:
        """This version, where ``known`` was the one before it."""
        if known is None or not self.policy.invalid:
            return self
        return replace(self, last_valid=known.last_valid if known.policy.invalid else known.policy)

    def newer_than(self, other: ObservedPolicy) -> bool:
        """Whether its version is later, also where it is of another object of the same name.

        Resource versions of one kind can be compared as numbers (Kubernetes 1.35, KEP-5504).
        """
        return int(self.resource_version) > int(other.resource_version)


def ref_of(body: Object) -> PolicyRef:
    """What names the policy in an object."""
    return PolicyRef(body["metadata"].get("namespace", ""), body["metadata"]["name"])


def read_policy(body: Object) -> ObservedPolicy:
    """Read a policy of either kind.

    One that cannot be evaluated is kept with the reason, because it resumes nothing.
    """
    metadata = body["metadata"]
    ref = ref_of(body)
    resource = ClusterSyncPausePolicy if ref.cluster else SyncPausePolicy
    try:
        parsed = resource.parse({**body, "status": {}})
        policy = Policy.of(ref, parsed.spec, load_zone(parsed.spec.time_zone))
    except ValidationError as error:
        policy = _invalid(ref, body.get("spec"), explain_errors(error))
    return ObservedPolicy(
        replace(
            policy,
            uid=metadata.get("uid", ""),
            generation=metadata.get("generation", 0),
            created=_instant(metadata.get("creationTimestamp")),
        ),
        _status(body.get("status")),
        metadata.get("resourceVersion", "0"),
    )


def read_namespace(body: Object) -> Namespace:
    """Read what matters of a Namespace."""
    metadata = body["metadata"]
    return Namespace(
        metadata["name"], metadata.get("labels") or {}, (metadata.get("annotations") or {}).get(TIME_ZONE)
    )


def _invalid(ref: PolicyRef, spec: Any, reason: str) -> Policy:
    """As much as can be read of whom it is for. Where that cannot be read either, it is for everyone."""
    readable = spec if isinstance(spec, Mapping) else {}
    schools = readable.get("schools")
    named = isinstance(schools, list) and bool(schools) and all(isinstance(item, str) for item in schools)
    return Policy(
        ref=ref,
        zone=None,
        invalid=reason,
        schools=frozenset(schools or ()) if named else None,
        selector=_selector(readable.get("selector")),
        namespace_selector=_selector(readable.get("namespaceSelector")),
        dry_run=readable.get("mode") == "DryRun",
        enforced=readable.get("enforcement") == "Enforced",
    )


def _selector(value: Any) -> Selector:
    try:
        return Selector.of(LabelSelector.from_json(value or {}))
    except ValidationError:
        return Selector()


def _status(value: Any) -> PolicyStatus:
    try:
        return PolicyStatus.from_json(value or {})
    except ValidationError:
        return PolicyStatus()


def _instant(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else EARLIEST
