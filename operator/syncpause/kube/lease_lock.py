"""The Lease object behind leader election, as the lock that the client library's election asks for."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.baselock import BaseLock

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_object
from syncpause.kube.errors import ApiError, Conflict, Forbidden, NotFound

log = logging.getLogger(__name__)

FAILURES = 3
"""So many requests in a row may fail for a passing reason (the network, a busy API server) unreported."""


class LeaseLock(BaseLock):
    """Reads and writes one Lease. A request that fails is a failed attempt, never an exception.

    The library's own lock lets errors of the connection escape, has no timeout below five minutes, logs
    tracebacks, and writes local times as if they were UTC. ``within`` is seconds per request. ``problem`` is
    a sentence while this replica could not become leader, whoever leads now.
    """

    def __init__(self, client: Client, name: str, namespace: str, identity: str, within: float) -> None:
        super().__init__(name, namespace, identity)
        self._client = client
        self._within = within
        self._lease: dict[str, Any] = {}
        self._failures: Counter[str] = Counter()
        self._unreadable = ""
        self._unwritable = ""

    @property
    def problem(self) -> str:
        """Names the Lease, the cause and the fix; empty while the Lease can be read and written."""
        return self._unreadable or self._unwritable

    async def get(
        self, name: str, namespace: str
    ) -> tuple[bool, LeaderElectionRecord] | tuple[bool, Exception] | tuple[bool, None]:
        """Return True and the record, or False and why there is none; after a 404 the election creates it."""
        try:
            body = await self._client.get(f"{paths.leases(namespace)}/{name}", within=self._within)
            lease = decode_object(body)
        except ApiError as error:
            self._unreadable = "" if isinstance(error, NotFound) else self._failed("read", error)
            refusal = ApiException(status=error.status, reason=f"{error.reason}: {error}")
            refusal.body = f'{{"code": {error.status}}}'
            return False, refusal
        self._unreadable, self._failures["read"] = "", 0
        self._note_renewal(self._lease.get("spec") or {}, lease.get("spec") or {})
        self._lease = lease
        return True, _record(lease.get("spec") or {})

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Create the Lease for this replica; False where another was faster or the request fails."""
        self._lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
            "spec": self._spec(election_record),
        }
        try:
            body = await self._client.post(
                paths.leases(namespace), self._lease, within=self._within, fenced=False
            )
            self._lease = decode_object(body)
        except ApiError as error:
            self._lease = {}
            self._unwritable = self._failed("created", error)
            return False
        self._succeeded()
        return True

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Write the record over the one that was read; False where that fails or someone wrote since."""
        return await self._replace(name, namespace, self._spec(updated_record))

    async def release(self) -> bool:
        """Give the Lease back if this replica holds it, so that a candidate may take it at once."""
        found, _ = await self.get(self.name, self.namespace)
        spec = dict(self._lease.get("spec") or {}) if found else {}
        if spec.get("holderIdentity") != self.identity:
            return False
        # As client-go does: an empty holder, and a duration of one second, because zero is invalid.
        return await self._replace(
            self.name,
            self.namespace,
            {**spec, "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()},
        )

    async def _replace(self, name: str, namespace: str, spec: dict[str, Any]) -> bool:
        """PUT with the resourceVersion that was read, so that of two candidates one fails."""
        path = f"{paths.leases(namespace)}/{name}"
        try:
            body = await self._client.put(
                path, {**self._lease, "spec": spec}, within=self._within, fenced=False
            )
            self._lease = decode_object(body)
        except ApiError as error:
            self._unwritable = self._failed("updated", error)
            return False
        self._succeeded()
        return True

    def _succeeded(self) -> None:
        self._failures.clear()
        self._unwritable = ""

    def _note_renewal(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Another replica, which runs with the same rights, has written the Lease: so could this one."""
        holder = after.get("holderIdentity")
        if before != after and holder and holder != self.identity:
            self._succeeded()

    def _failed(self, action: str, error: ApiError) -> str:
        """Log a failure once, and return the problem that it is: none while it may pass by itself."""
        if isinstance(error, Conflict):  # another candidate was faster
            log.debug("the Lease %s/%s was not %s: %s", self.namespace, self.name, action, error)
            return ""
        self._failures[action] += 1
        fix = self._fix(error)
        if not fix and self._failures[action] < FAILURES:
            log.info("the Lease %s/%s was not %s: %s", self.namespace, self.name, action, error)
            return ""
        sentence = (
            f"the Lease {self.namespace}/{self.name} cannot be {action}, "
            f"so this replica cannot lead: {error}{fix and f'; {fix}'}"
        )
        if sentence not in (self._unreadable, self._unwritable):
            log.warning("%s", sentence)
        return sentence

    def _fix(self, error: ApiError) -> str:
        if isinstance(error, Forbidden):
            return (
                "give this replica's user the verbs get, create and update on leases.coordination.k8s.io in "
                f"namespace {self.namespace}, as manifests/rbac/role.yaml does"
            )
        if isinstance(error, NotFound):
            return f"create namespace {self.namespace}, or name an existing one by --lease-namespace"
        return ""

    def _spec(self, record: LeaderElectionRecord) -> dict[str, Any]:
        """The times are for people: a candidate counts from when it saw a change, by its own clock."""
        before = self._lease.get("spec") or {}
        ours = before.get("holderIdentity") == record.holder_identity
        moved = before.get("leaseTransitions") or 0
        return {
            **before,
            "holderIdentity": record.holder_identity,
            "leaseDurationSeconds": int(float(record.lease_duration or 1)),
            "acquireTime": before.get("acquireTime") if ours else _now(),
            "renewTime": _now(),
            "leaseTransitions": moved if ours or not before else moved + 1,
        }


def _record(spec: dict[str, Any]) -> LeaderElectionRecord:
    """The election takes a record with an empty field for a Lease that nobody holds."""
    duration = spec.get("leaseDurationSeconds")
    return LeaderElectionRecord(
        spec.get("holderIdentity") or None,
        None if duration is None else str(duration),
        spec.get("acquireTime"),
        spec.get("renewTime"),
    )


def _now() -> str:
    """The time as a MicroTime, which has exactly six decimals."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
