"""Jobs that CronJobs have started: read, suspended, resumed and deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from syncpause.api.names import GROUP, RESTORE_SUSPEND, STATE_LABEL, STATE_PAUSED
from syncpause.api.policy import MissedRuns
from syncpause.kube import paths
from syncpause.kube.client import Client
from syncpause.kube.decoding import decode_objects
from syncpause.kube.errors import ConnectionLost
from syncpause.kube.namespaces import list_in
from syncpause.kube.paging import list_all

STRAY = f"{GROUP}/stray"
"""Marks a Job that started inside the pause, for the resume to delete it or to let it run."""
INSTANTIATE = "cronjob.kubernetes.io/instantiate"
SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A Job. ``scheduled`` is when its run was due; ``active`` counts Pods that run or still terminate."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    suspended: bool = False
    manual: bool = False
    scheduled: datetime | None = None
    active: int = 0
    finished: bool = False
    restore_suspend: str | None = None
    stray: bool = False
    owner: str = ""
    """UID of the CronJob that controls it; empty for a Job of any other origin."""


class Jobs:
    """The Jobs of a cluster. Every method raises ApiError; a write raises Conflict where the Job changed."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> Job:
        """One Job. Raises NotFound."""
        return _decode(await self._client.get(paths.job(namespace, name)))

    async def unfinished(self, namespace: str = "", selector: str = "") -> list[Job]:
        """Jobs that have neither completed nor failed, in one namespace or in all."""
        params = {"fieldSelector": "status.successful=0", "labelSelector": selector}
        found = await list_in(
            self._client, namespace, list_all(self._client, paths.jobs(namespace), decode_objects, params)
        )
        jobs = [_record(msgspec.convert(item, _Job)) for item in found]
        return [job for job in jobs if not job.finished]

    async def marked(self, namespace: str = "") -> list[Job]:
        """Unfinished Jobs with the state label of a pause, also those of which some Pods have succeeded."""
        params = {"labelSelector": f"{STATE_LABEL}={STATE_PAUSED}"}
        found = await list_in(
            self._client, namespace, list_all(self._client, paths.jobs(namespace), decode_objects, params)
        )
        jobs = [_record(msgspec.convert(item, _Job)) for item in found]
        return [job for job in jobs if not job.finished and job.restore_suspend is not None]

    async def suspend(self, job: Job, *, stray: bool = False) -> Job:
        """Suspend a Job, which ends its Pods, and annotate what it was before; returns the new record."""
        restore = job.restore_suspend or ("true" if job.suspended else "false")
        marks = {RESTORE_SUSPEND: restore, **({STRAY: "true"} if stray else {})}
        return await self._patch(job, suspend=True, annotations=marks, state=STATE_PAUSED)

    async def resume(self, job: Job) -> Job:
        """Restore what ``suspend`` annotated, and remove the annotation; returns the new record."""
        marks = {RESTORE_SUSPEND: None, STRAY: None}
        return await self._patch(job, suspend=job.restore_suspend == "true", annotations=marks, state=None)

    async def hand_back(self, job: Job, missed_runs: str) -> None:
        """End the pause of a Job: let it run, or delete a stray unless ``missed_runs`` is RunOnce."""
        if job.stray and missed_runs != MissedRuns.RUN_ONCE:
            await self.delete(job)
        else:
            await self.resume(job)

    async def delete(self, job: Job) -> None:
        """Delete a Job and, in the background, its Pods; never another Job of the same name."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": job.uid}}
        await self._client.delete(paths.job(job.namespace, job.name), options)

    async def _patch(self, job: Job, *, suspend: bool, annotations: dict[str, Any], state: str | None) -> Job:
        body = {
            "metadata": {
                "resourceVersion": job.resource_version,
                "annotations": annotations,
                "labels": {STATE_LABEL: state},
            },
            "spec": {"suspend": suspend},
        }
        return _decode(await self._client.patch(paths.job(job.namespace, job.name), body))


class _Struct(msgspec.Struct, rename="camel"):
    pass


class _Owner(_Struct):
    kind: str
    uid: str
    controller: bool = False


class _Meta(_Struct):
    name: str
    namespace: str
    uid: str
    resource_version: str
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None


class _Spec(_Struct):
    suspend: bool | None = None


class _Condition(_Struct):
    type: str
    status: str


class _Status(_Struct):
    active: int = 0
    terminating: int | None = None
    conditions: list[_Condition] | None = None


class _Job(_Struct):
    metadata: _Meta
    spec: _Spec
    status: _Status = msgspec.field(default_factory=_Status)


def _decode(body: bytes) -> Job:
    try:
        job = msgspec.json.decode(body, type=_Job)
    except msgspec.DecodeError as error:
        raise ConnectionLost(f"the API server's answer is not a Job: {error}", reason="Unreadable") from error
    return _record(job)


def _record(job: _Job) -> Job:
    meta, status = job.metadata, job.status
    marks = meta.annotations or {}
    return Job(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        suspended=bool(job.spec.suspend),
        manual=marks.get(INSTANTIATE) == "manual",
        scheduled=_instant(marks.get(SCHEDULED_AT, "")),
        active=status.active + (status.terminating or 0),
        finished=any(
            condition.type in {"Complete", "Failed"} and condition.status == "True"
            for condition in status.conditions or ()
        ),
        restore_suspend=marks.get(RESTORE_SUSPEND),
        stray=marks.get(STRAY) == "true",
        owner=next(
            (item.uid for item in meta.owner_references or () if item.controller and item.kind == "CronJob"),
            "",
        ),
    )


def _instant(text: str) -> datetime | None:
    """The CronJob controller writes the time in the CronJob's time zone, with an offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
