"""Workloads as the operator keeps them: slim records of CronJobs and Deployments."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from syncpause.api import names


class Kind(StrEnum):
    """The kinds of object that are ever paused."""

    CRON_JOB = "CronJob"
    DEPLOYMENT = "Deployment"


class Key(NamedTuple):
    """What names a workload in a cluster."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.namespace}/{self.name}"


class Workload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What both kinds share. ``annotations`` holds those of the group ``syncpause.dev`` only.

    There are tens of thousands, so each keeps its key for all who need one; equal annotations may be shared.
    """

    key: Key
    uid: str
    resource_version: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        """CronJob or Deployment."""
        return self.key.kind

    @property
    def namespace(self) -> str:
        """The namespace it is in."""
        return self.key.namespace

    @property
    def name(self) -> str:
        """Its name there."""
        return self.key.name

    @property
    def short_name(self) -> str:
        """What people and kubectl call it within its namespace, as ``cronjob/rosters``."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def school(self) -> str:
        """The school it syncs; empty if it lost the label."""
        return self.labels.get(names.SCHOOL_LABEL, "")

    @property
    def application(self) -> str:
        """The application it syncs; empty where it names none."""
        return self.labels.get(names.APPLICATION_LABEL, "")

    @property
    def marked(self) -> bool:
        """Whether it carries any trace of a pause."""
        return names.STATE_LABEL in self.labels or not self.annotations.keys().isdisjoint(RESTORE_MARKS)

    @property
    def paused_at(self) -> datetime | None:
        """When the pause was written (UTC), if that can be read."""
        try:
            instant = datetime.fromisoformat(self.annotations.get(names.PAUSED_AT, ""))
        except ValueError:
            return None
        return instant if instant.tzinfo else None

    @property
    def stopped(self) -> bool:
        """Whether its spec lets nothing new run."""
        raise NotImplementedError

    @property
    def running(self) -> int:
        """How many Jobs or Pods of it still run, as far as its own status tells."""
        raise NotImplementedError


class CronJob(Workload, frozen=True, kw_only=True, gc=False):
    """A sync. ``deadline`` is ``startingDeadlineSeconds``; ``active`` names its running Jobs."""

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
    """An SFTP ingest. ``pods`` counts those that run or are still terminating."""

    replicas: int = 1
    pods: int = 0
    observed: bool = True
    """Whether its controller has seen the newest spec; until then ``pods`` is of the one before."""

    @property
    def stopped(self) -> bool:
        return self.replicas == 0

    @property
    def running(self) -> int:
        return self.pods if self.observed else max(self.pods, 1)


RESTORE_MARKS = (names.RESTORE_SUSPEND, names.RESTORE_DEADLINE, names.RESTORE_REPLICAS)
PAUSE_MARKS = (*RESTORE_MARKS, names.MISSED_RUNS, names.PAUSED_BY, names.PAUSED_AT)
