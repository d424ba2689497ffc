"""Decodes the API server's JSON into small records, which hold only the fields that matter."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from sys import intern
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from syncpause.api.names import GROUP
from syncpause.domain.workload import (
    PAUSE_MARKS,
    CronJob,
    Deployment,
    Key,
    Kind,
    Workload,
    label_fields,
    same,
    shared,
)
from syncpause.kube.errors import ConnectionLost, Status

OUR_PREFIX = f"{GROUP}/"

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """One page of a list. The last one's ``continue_token`` is empty; ``remaining`` is an estimate."""

    items: list[T]
    continue_token: str
    resource_version: str
    remaining: int


class Record(Protocol):
    """What every record has: enough to compare versions, and to recognize another object of the same name."""

    @property
    def key(self) -> Hashable:
        """Identifies the object among those of its kind."""

    @property
    def uid(self) -> str:
        """The object's UID."""

    @property
    def resource_version(self) -> int:
        """The resource version that was read."""


RecordT = TypeVar("RecordT", bound=Record)


class Event(NamedTuple, Generic[RecordT]):
    """One event of a watch: ADDED, MODIFIED or DELETED has a record, BOOKMARK a version, ERROR a Status."""

    type: str
    record: RecordT | None = None
    resource_version: str = ""
    error: Status | None = None


class _Struct(msgspec.Struct, rename="camel", gc=False):
    pass


class _Meta(_Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: int = 0
    generation: int = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None

    def fields(self, kind: Kind) -> dict[str, Any]:
        return {
            "key": Key(kind, intern(self.namespace), self.name),
            "uid": self.uid,
            "resource_version": self.resource_version,
            **label_fields(self.labels or {}),
            "annotations": _ours(self.annotations or {}),
        }


class _Named(_Struct):
    name: str = ""


class _CronJobSpec(_Struct):
    suspend: bool | None = None
    starting_deadline_seconds: int | None = None


class _CronJobStatus(_Struct):
    active: list[_Named] | None = None
    last_schedule_time: datetime | None = None


class _CronJob(_Struct):
    metadata: _Meta
    spec: _CronJobSpec
    status: _CronJobStatus = msgspec.field(default_factory=_CronJobStatus)

    def record(self) -> CronJob:
        return CronJob(
            **self.metadata.fields(Kind.CRON_JOB),
            suspend=bool(self.spec.suspend),
            deadline=same(self.spec.starting_deadline_seconds),
            active=tuple(job.name for job in self.status.active or ()),
            last_schedule=same(self.status.last_schedule_time),
        )


class _DeploymentSpec(_Struct):
    replicas: int | None = None


class _DeploymentStatus(_Struct):
    replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0


class _Deployment(_Struct):
    metadata: _Meta
    spec: _DeploymentSpec
    status: _DeploymentStatus = msgspec.field(default_factory=_DeploymentStatus)

    def record(self) -> Deployment:
        status = self.status
        return Deployment(
            **self.metadata.fields(Kind.DEPLOYMENT),
            replicas=1 if self.spec.replicas is None else self.spec.replicas,
            pods=status.replicas + (status.terminating_replicas or 0),
            counts_terminating=status.terminating_replicas is not None,  # absent before 1.35
            observed=status.observed_generation >= self.metadata.generation,
        )


class _ListMeta(_Struct):
    resource_version: str = ""
    continue_token: str = msgspec.field(name="continue", default="")
    remaining_item_count: int = 0


class ObjectList(_Struct, Generic[T]):
    """A list of any kind, in the API server's form."""

    metadata: _ListMeta
    items: list[T] | None = None

    def page(self) -> Page[T]:
        """The list as a page, in which no field is optional."""
        meta = self.metadata
        return Page(self.items or [], meta.continue_token, meta.resource_version, meta.remaining_item_count)


class _Line(_Struct):
    type: str
    object: msgspec.Raw


class _Bookmark(_Struct):
    metadata: _ListMeta


SHARED_LENGTH = 320
"""Characters. The longest value is the name of a policy, which has at most 253."""
_SHORT = frozenset(PAUSE_MARKS)

_STATUS = msgspec.json.Decoder(Status)
_LINE = msgspec.json.Decoder(_Line)
_BOOKMARK = msgspec.json.Decoder(_Bookmark)
_OBJECTS = msgspec.json.Decoder(ObjectList[dict[str, Any]])
# Not strict: a number may come as text, as resource versions do.
_CRON_JOB = msgspec.json.Decoder(_CronJob, strict=False)
_DEPLOYMENT = msgspec.json.Decoder(_Deployment, strict=False)
_CRON_JOBS = msgspec.json.Decoder(ObjectList[_CronJob], strict=False)
_DEPLOYMENTS = msgspec.json.Decoder(ObjectList[_Deployment], strict=False)


def _ours(annotations: dict[str, str]) -> dict[str, str]:
    """The annotations of our group, shared between records: thousands paused in one second have the same."""
    ours = {key: value for key, value in annotations.items() if key.startswith(OUR_PREFIX)}
    if ours.keys() <= _SHORT and all(len(value) < SHARED_LENGTH for value in ours.values()):
        return shared(tuple(ours.items()))
    return ours


def decode_one(kind: Kind, body: bytes | msgspec.Raw) -> Workload:
    """One workload. Raises ConnectionLost where the body is not a complete object of that kind."""
    try:
        return _CRON_JOB.decode(body).record() if kind is Kind.CRON_JOB else _DEPLOYMENT.decode(body).record()
    except msgspec.DecodeError as error:
        raise unreadable(f"a {kind}", error) from error


def decode_list(kind: Kind, body: bytes) -> Page[Workload]:
    """One page of a list of workloads. Raises ConnectionLost where the body is not complete."""
    try:
        if kind is Kind.CRON_JOB:
            jobs = _CRON_JOBS.decode(body).page()
            return Page([item.record() for item in jobs.items], *jobs[1:])
        deployments = _DEPLOYMENTS.decode(body).page()
        return Page([item.record() for item in deployments.items], *deployments[1:])
    except msgspec.DecodeError as error:
        raise unreadable(f"a list of {kind}s", error) from error


def decode_objects(body: bytes) -> Page[dict[str, Any]]:
    """One page of any list, with whole objects. Raises ConnectionLost where the body is not complete."""
    try:
        return _OBJECTS.decode(body).page()
    except msgspec.DecodeError as error:
        raise unreadable("a list", error) from error


def decode_object(body: bytes) -> dict[str, Any]:
    """Any whole object. Raises ConnectionLost where the body is not complete."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise unreadable("an object", error) from error


def decode_event(decode: Callable[[bytes | msgspec.Raw], RecordT], line: bytes) -> Event[RecordT]:
    """One line of a watch, whose object ``decode`` reads.

    Raises ConnectionLost where the line is truncated, as at the end of a connection that was cut.
    """
    try:
        seen = _LINE.decode(line)
        if seen.type == "ERROR":
            return Event(seen.type, error=_STATUS.decode(seen.object))
        if seen.type == "BOOKMARK":
            return Event(seen.type, resource_version=_BOOKMARK.decode(seen.object).metadata.resource_version)
    except msgspec.DecodeError as error:
        raise unreadable("an event", error) from error
    record = decode(seen.object)
    return Event(seen.type, record, str(record.resource_version or ""))


def unreadable(what: str, error: Exception) -> ConnectionLost:
    """The error for a response that is not ``what``, mostly because it was cut."""
    return ConnectionLost(f"the API server's answer is not {what}: {error}", reason="Unreadable")
