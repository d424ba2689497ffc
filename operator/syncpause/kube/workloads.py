"""CronJobs and Deployments on the API server: one PATCH per change, never over a change of someone else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from syncpause.api.names import SCHOOL_LABEL, STATE_LABEL, STATE_PAUSED
from syncpause.domain.change.plan import Change
from syncpause.domain.workload import CronJob, Key, Kind, Workload
from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_list, decode_object, decode_one
from syncpause.kube.errors import Forbidden, NotFound
from syncpause.kube.namespaces import is_missing, list_in
from syncpause.kube.paging import list_all


class Workloads:
    """The workloads of a cluster. Every method raises ApiError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, key: Key) -> Workload:
        """A workload as it is now. Raises NotFound, also where its namespace does not exist any more."""
        try:
            return decode_one(key.kind, await self._client.get(paths.workload(key)))
        except Forbidden as error:
            if await is_missing(self._client, key.namespace):
                raise NotFound(f"there is no namespace {key.namespace}", status=404) from error
            raise

    async def get_object(self, key: Key) -> dict[str, Any]:
        """The whole object, with what the record omits: managedFields, the last-applied annotation."""
        return decode_object(await self._client.get(paths.workload(key)))

    async def patch(
        self,
        workload: Workload,
        *,
        spec: Mapping[str, Any],
        annotations: Mapping[str, str | None],
        labels: Mapping[str, str | None],
    ) -> Workload:
        """Change fields, annotations and labels in one request; None removes. Returns the new record.

        The record's resource version is the precondition: raises Conflict where the object has changed, so a
        value that the plan does not know is never overwritten. It is a JSON merge patch, because that can
        remove fields and leaves all other fields alone; server-side apply would own what it writes for ever.
        """
        metadata = {
            "resourceVersion": str(workload.resource_version),
            "annotations": annotations,
            "labels": labels,
        }
        body = {"metadata": {name: value for name, value in metadata.items() if value}, "spec": spec}
        answer = await self._client.patch(
            paths.workload(workload.key), {name: value for name, value in body.items() if value}
        )
        return decode_one(workload.kind, answer)

    async def apply(self, workload: Workload, change: Change) -> Workload:
        """Write a planned change, after what it needs in the CronJob's status. Otherwise as ``patch``."""
        if change.last_schedule is not None and isinstance(workload, CronJob):
            workload = await self.set_last_schedule(workload, change.last_schedule)
        return await self.patch(
            workload, spec=change.spec, annotations=change.annotations, labels=change.labels
        )

    async def set_last_schedule(self, workload: CronJob, instant: datetime) -> CronJob:
        """Set ``status.lastScheduleTime``, after which the CronJob controller looks for missed runs.

        The precondition is that of ``patch``. The field has whole seconds (RFC 3339).
        """
        body = {
            "metadata": {"resourceVersion": str(workload.resource_version)},
            "status": {"lastScheduleTime": f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        }
        answer = await self._client.patch(f"{paths.workload(workload.key)}/status", body)
        return cast(CronJob, decode_one(workload.kind, answer))

    async def list_unlabeled(self, kind: Kind, namespace: str = "") -> list[Workload]:
        """Paused workloads that have lost their school label, so that no informer watches them."""
        return await self._list(kind, f"{STATE_LABEL}={STATE_PAUSED},!{SCHOOL_LABEL}", namespace)

    async def list_marked(self, kind: Kind, namespace: str = "") -> list[Workload]:
        """Workloads with the state label, and schools' workloads that lost it or all marks of a pause.

        They are in one namespace or in all. Of the latter only those that run nothing may be paused.
        """
        with_label = await self._list(kind, f"{STATE_LABEL}={STATE_PAUSED}", namespace)
        rest = await self._list(kind, f"{SCHOOL_LABEL},{STATE_LABEL}!={STATE_PAUSED}", namespace)
        return with_label + [item for item in rest if item.marked or item.stopped]

    async def list_schools(self, kind: Kind, namespace: str = "") -> list[Workload]:
        """Workloads with the school label, in one namespace or in all."""
        return await self._list(kind, SCHOOL_LABEL, namespace)

    async def _list(self, kind: Kind, selector: str, namespace: str = "") -> list[Workload]:
        path = paths.workloads(kind, namespace)
        listing = list_all(self._client, path, partial(decode_list, kind), {"labelSelector": selector})
        return await list_in(self._client, namespace, listing)
