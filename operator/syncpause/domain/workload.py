"""CronJobs and Deployments as records that hold only the fields the operator needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from sys import intern
from typing import Any, TypeVar

import msgspec

from syncpause.api import names

ValueT = TypeVar("ValueT", int | None, datetime | None)


class Kind(StrEnum):
    """The kinds of workload that the operator pauses."""

    CRON_JOB = "CronJob"
    DEPLOYMENT = "Deployment"


class Key(msgspec.Struct, frozen=True, order=True, gc=False):
    """Identifies a workload in a cluster.

    A Struct takes half the memory of a tuple; there are tens of thousands.
    """

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.namespace}/{self.name}"


class Workload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The fields of both kinds. ``annotations`` holds only those of the group ``syncpause.dev``.

    ``school`` and ``application`` are the values of the two labels, empty without the label. `label_fields`
    makes them and ``other_labels``. To save memory, equal annotations and equal ``other_labels`` are one
    dict: do not change them. ``resource_version`` is a number because versions of one kind compare as
    numbers (Kubernetes 1.35, KEP-5504).
    """

    key: Key
    uid: str
    resource_version: int
    school: str = ""
    application: str = ""
    other_labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        """CronJob or Deployment."""
        return self.key.kind

    @property
    def namespace(self) -> str:
        """The namespace of the workload."""
        return self.key.namespace

    @property
    def name(self) -> str:
        """The name of the workload."""
        return self.key.name

    @property
    def short_name(self) -> str:
        """The name as kubectl writes it within a namespace, such as ``cronjob/rosters``."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """All labels of the workload."""
        own = {names.SCHOOL_LABEL: self.school, names.APPLICATION_LABEL: self.application}
        return {**self.other_labels, **{name: value for name, value in own.items() if value}}

    @property
    def marked(self) -> bool:
        """Whether the workload has the state label or any restore annotation."""
        return names.STATE_LABEL in self.other_labels or not self.annotations.keys().isdisjoint(RESTORE_MARKS)

    @property
    def paused_at(self) -> datetime | None:
        """The instant at which the pause was written; None if the annotation is missing or invalid."""
        try:
            instant = datetime.fromisoformat(self.annotations.get(names.PAUSED_AT, ""))
        except ValueError:
            return None
        return instant if instant.tzinfo else None

    @property
    def stopped(self) -> bool:
        """Whether its spec starts no Job or Pod."""
        raise NotImplementedError

    @property
    def running(self) -> int:
        """The number of its Jobs or Pods that run, from its own status."""
        raise NotImplementedError


class CronJob(Workload, frozen=True, kw_only=True, gc=False):
    """A scheduled sync.

    ``deadline`` is ``startingDeadlineSeconds``, ``active`` the names of its running Jobs, and
    ``last_schedule`` is ``status.lastScheduleTime`` (UTC).
    """

    suspend: bool = False
    deadline: int | None = None
    active: tuple[str, ...] = ()
    last_schedule: datetime | None = None

    @property
    def stopped(self) -> bool:
        return self.suspend and self.deadline == 0

    @property
    def running(self) -> int:
        return len(self.active)


class Deployment(Workload, frozen=True, kw_only=True, gc=False):
    """An SFTP ingest.

    ``pods`` is the number of its Pods; it includes terminating Pods if ``counts_terminating``.
    """

    replicas: int = 1
    pods: int = 0
    counts_terminating: bool = True
    observed: bool = True
    """Whether its controller has observed the newest spec. If not, ``pods`` belongs to an older one."""

    @property
    def stopped(self) -> bool:
        return self.replicas == 0

    @property
    def running(self) -> int:
        return self.pods if self.observed else max(self.pods, 1)


def label_fields(labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a Workload that hold these labels."""
    others = dict(labels)
    # A label with an empty value stays in other_labels, because a selector may match it.
    school, application = (
        intern(others.pop(name)) if others.get(name) else ""
        for name in (names.SCHOOL_LABEL, names.APPLICATION_LABEL)
    )
    return {"school": school, "application": application, "other_labels": shared(tuple(others.items()))}


@lru_cache(maxsize=4096)
def shared(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return one dict for all equal items. Do not change it."""
    return dict(items)


@lru_cache(maxsize=4096)
def same(value: ValueT) -> ValueT:
    """Return one object for all equal values.

    Most deadlines are equal, and thousands of syncs share a schedule.
    """
    return value


RESTORE_MARKS = (names.RESTORE_SUSPEND, names.RESTORE_DEADLINE, names.RESTORE_REPLICAS)
PAUSE_MARKS = (*RESTORE_MARKS, names.MISSED_RUNS, names.PAUSED_BY, names.PAUSED_AT)
