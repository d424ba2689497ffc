"""The Lease object behind leader election, as the lock that the client library's election asks for."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.baselock import BaseLock

from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_object
from syncpause.kube.errors import ApiError

log = logging.getLogger(__name__)


class LeaseLock(BaseLock):
    """Reads and writes one Lease; whatever goes wrong on the way is a failed try, never an exception.

    The library's own lock lets errors of the connection escape, has no timeout below five minutes, logs
    tracebacks, and writes local times as if they were UTC. ``within`` is seconds per request.
    """

    def __init__(self, client: Client, name: str, namespace: str, identity: str, within: float) -> None:
        super().__init__(name, namespace, identity)
        self._client = client
        self._within = within
        self._lease: dict[str, Any] = {}

    async def get(
        self, name: str, namespace: str
    ) -> tuple[bool, LeaderElectionRecord] | tuple[bool, Exception] | tuple[bool, None]:
        """The record, or why there is none; a 404 lets the election create it."""
        try:
            body = await self._client.get(f"{paths.leases(namespace)}/{name}", within=self._within)
            self._lease = decode_object(body)
        except ApiError as error:
            refusal = ApiException(status=error.status, reason=f"{error.reason}: {error}")
            refusal.body = f'{{"code": {error.status}}}'
            return False, refusal
        return True, _record(self._lease.get("spec") or {})

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Make the Lease, as ours; False if another was faster or it could not be made."""
        self._lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
            "spec": self._spec(election_record),
        }
        try:
            body = await self._client.post(paths.leases(namespace), self._lease, within=self._within)
        except ApiError as error:
            log.warning("the lease %s/%s cannot be made: %s", namespace, name, error)
            return False
        self._lease = decode_object(body)
        return True

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Write the record over the one that was read; False if that fails, or someone wrote since."""
        return await self._replace(name, namespace, self._spec(updated_record))

    async def release(self) -> bool:
        """Give the Lease up if it is ours, so that whoever waits may take it at its next look."""
        found, _ = await self.get(self.name, self.namespace)
        spec = dict(self._lease.get("spec") or {}) if found else {}
        if spec.get("holderIdentity") != self.identity:
            return False
        # As client-go does it: an empty holder, and a second as the duration, for zero is refused.
        return await self._replace(
            self.name,
            self.namespace,
            {**spec, "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()},
        )

    async def _replace(self, name: str, namespace: str, spec: dict[str, Any]) -> bool:
        """PUT with the resourceVersion that was read, so that of two candidates one loses."""
        path = f"{paths.leases(namespace)}/{name}"
        try:
            body = await self._client.put(
                path, {**self._lease, "spec": spec}, within=self._within, fenced=False
            )
            self._lease = decode_object(body)
        except ApiError as error:
            log.warning("the lease %s/%s was not written: %s", namespace, name, error)
            return False
        return True

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
    """None in any field tells the election that nobody holds it."""
    duration = spec.get("leaseDurationSeconds")
    return LeaderElectionRecord(
        spec.get("holderIdentity") or None,
        None if duration is None else str(duration),
        spec.get("acquireTime"),
        spec.get("renewTime"),
    )


def _now() -> str:
    """MicroTime, which wants exactly six digits."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
